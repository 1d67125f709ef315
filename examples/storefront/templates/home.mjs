import { html } from "./html.mjs";
import { price } from "./price.mjs";
import { card } from "./shoes.mjs";

const visit = (shop) => {
  const words = shop.text.visit;
  return html`<section class="visit" aria-labelledby="visit-heading">
<div><h2 id="visit-heading">${words.heading}</h2><p class="lead">${words.text}</p>
<p class="ways"><a class="cta" href="${shop.prefix}/fitting/">${shop.text.home.second}</a>
<a class="call" href="tel:${shop.phone.tel}">${words.call} ${shop.phone.text}</a></p></div>
<ul class="places">${words.shops.map(
    (place) => html`<li><h3>${place.name}</h3><p>${place.where}<br>${place.hours}</p>
<a href="${place.map}" rel="noopener" aria-label="${words.map}: ${place.name}">${words.map}</a></li>`,
  )}</ul>
</section>`;
};

const report = (shop) => {
  const words = shop.text.home;
  return html`<section class="report" aria-labelledby="report-heading">
<div class="cover" aria-hidden="true"><span>${words.reportCover}</span>
<svg viewBox="0 0 200 240"><g fill="none" stroke="currentColor" stroke-width="1.5"><path d="M96 222c-20 0-30-16-28-38 2-30 8-44 4-72-4-30-8-60 14-74 24-14 46 6 46 40 0 38-12 58-10 92 1 30-8 52-26 52z"/><path d="M40 30v192M32 30h16M32 222h16M40 78h-6M40 126h-6M40 174h-6"/></g></svg></div>
<div><h2 id="report-heading">${words.reportHeading}</h2><p class="lead">${words.report}</p>
<p><a class="cta" id="fit-report" href="/downloads/fit-report-${shop.lang}.pdf" download>${words.reportLink}</a> <small>${words.reportKind}</small></p></div>
</section>`;
};

export const home = (shop) => {
  const words = shop.text.home;
  const [shown] = shop.products;
  return {
    path: "/",
    kind: "home",
    title: words.title,
    description: words.description,
    main: html`<section class="hero">
<div class="say"><h1>${words.heading}</h1><p class="lead">${words.lead}</p>
<p class="ways"><a class="cta" href="${shop.prefix}/shoes/">${words.cta}</a><a href="${shop.prefix}/fitting/">${words.second}</a></p></div>
<img src="/img/${shown.slug}.svg" alt="${shown.alt}" width="1200" height="720" fetchpriority="high">
<p class="shown">${words.on} <a href="${shop.prefix}/shoes/${shown.slug}/">${shown.name}</a>, ${price(shop, shown.price)}</p>
</section>
<section class="six" aria-labelledby="six-heading">
<div class="row"><h2 id="six-heading">${words.list}</h2><a href="${shop.prefix}/shoes/">${words.all}</a></div>
<ul class="grid">${shop.products.map((shoe) => card(shop, shoe))}</ul>
</section>
<section class="facts"><dl>${words.facts.map(([figure, text]) => html`<div><dt>${figure}</dt><dd>${text}</dd></div>`)}</dl></section>
${report(shop)}
${visit(shop)}`,
  };
};
