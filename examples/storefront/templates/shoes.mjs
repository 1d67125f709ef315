import { html, json } from "./html.mjs";
import { price } from "./price.mjs";

/** One shoe in a grid. */
export const card = (shop, shoe) => html`<li class="card"><a href="${shop.prefix}/shoes/${shoe.slug}/" data-product="${shoe.slug}">
<span class="tile ${shoe.slug}"><img src="/img/${shoe.slug}.svg" alt="" width="1200" height="720" loading="lazy"></span>
<span class="row"><strong>${shoe.name}</strong><span>${price(shop, shoe.price)}</span></span>
<span class="kind">${shoe.kind}</span></a></li>`;

export const list = (shop) => {
  const words = shop.text.list;
  return {
    path: "/shoes/",
    kind: "list",
    title: words.title,
    description: words.lead,
    main: html`<header class="head"><h1>${words.heading}</h1><p class="lead">${words.lead}</p></header>
<ul class="grid">${shop.products.map((shoe) => card(shop, shoe))}</ul>`,
  };
};

const sizes = (shop, shoe) => html`<fieldset class="sizes">
<legend>${shop.text.product.size} <small>${shop.sizeName}</small></legend>
<a class="aside" href="${shop.prefix}/guides/sizes/">${shop.text.product.sizeHelp}</a>
<div class="choices">${shop.sizes.map(({ label, cm }) => {
  const gone = shoe.soldOut.includes(label);
  return html`<label><input type="radio" name="size" value="${cm}" required${gone ? html` disabled` : ""}><span>${label}${gone ? html`<span class="unseen"> ${shop.text.product.soldOut}</span>` : ""}</span></label>`;
})}</div>
</fieldset>`;

const films = (shop, shoe) => {
  const words = shop.text.product;
  if (shoe.videos.length === 0) return "";
  return html`<section class="films" aria-labelledby="films-heading"><h2 id="films-heading">${words.videos}</h2>
<div class="reel">${shoe.videos.map(
    (film) => html`<figure><video id="${film.id}" controls playsinline muted preload="metadata" width="640" height="360" poster="/video/${film.clip}.webp" aria-label="${film.title}">
<source src="/video/${film.clip}.webm" type="video/webm">${words.noVideo} <a href="/video/${film.clip}.webm">${film.title}</a></video>
<figcaption><strong>${film.title}</strong> ${film.text}</figcaption></figure>`,
  )}</div></section>`;
};

export const product = (shop, shoe) => {
  const words = shop.text.product;
  const others = shop.products.filter(({ slug }) => slug !== shoe.slug).slice(0, 3);
  const { slug, name } = shoe;
  return {
    path: `/shoes/${slug}/`,
    kind: "product",
    title: `${name}, ${shoe.kind}`,
    description: `${shoe.tagline} ${shoe.description}`,
    script: "product.js",
    main: html`${json("shoe", { product_id: slug, name, price: shoe.price, currency: shop.currency })}
<article class="shoe" data-product="${slug}">
<div class="views">
<div class="tile big ${slug}"><img src="/img/${slug}.svg" alt="${shoe.alt}" width="1200" height="720" fetchpriority="high"></div>
<div class="tile ${slug}"><img src="/img/${slug}.svg#toe" alt="${name}: ${words.toe}" width="600" height="360"></div>
<div class="tile ${slug}"><img src="/img/${slug}.svg#heel" alt="${name}: ${words.heel}" width="600" height="360"></div>
</div>
<div class="buy">
<p class="kind">${shoe.kind}</p>
<div class="row"><h1>${name}</h1><p class="price">${price(shop, shoe.price)}</p></div>
<p class="tagline">${shoe.tagline}</p>
<p>${shoe.description}</p>
<form id="buy">
${sizes(shop, shoe)}
<div class="order"><label for="quantity">${words.quantity}</label>
<select id="quantity" name="quantity">${[1, 2, 3, 4].map((count) => html`<option>${count}</option>`)}</select>
<button class="cta" id="add-to-cart" type="submit">${words.add}</button></div>
</form>
<noscript><p>${words.noScript} <a href="tel:${shop.phone.tel}">${shop.phone.text}</a></p></noscript>
<p id="added" class="added" role="status" hidden>${name} ${words.added} <a href="${shop.prefix}/cart/">${words.viewBag}</a></p>
<ul class="promises"><li>${words.delivery}</li><li>${words.returns}</li><li>${words.repair}</li></ul>
<h2 class="small">${words.details}</h2>
<dl class="details">${shoe.details.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>
</div>
</article>
${films(shop, shoe)}
<section class="more" aria-labelledby="more-heading"><h2 id="more-heading">${words.more}</h2>
<ul class="grid">${others.map((other) => card(shop, other))}</ul></section>`,
  };
};
