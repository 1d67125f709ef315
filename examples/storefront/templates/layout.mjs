import { html } from "./html.mjs";

const ORIGIN = "https://shop.example";

const cloud = html`<svg class="mark" viewBox="0 0 32 20" width="32" height="20" aria-hidden="true"><path d="M7 19a6.5 6.5 0 0 1 .9-12.9A8.8 8.8 0 0 1 24.4 4.6 7.3 7.3 0 0 1 24.7 19z" fill="currentColor"/></svg>`;

const link = (shop, path, text, here) =>
  html`<a href="${shop.prefix}${path}"${here === path ? html` aria-current="page"` : ""}>${text}</a>`;

const head = (shop, page) => {
  const other = shop.other;
  const address = (prefix) => `${ORIGIN}${prefix}${page.path}`;
  const title = page.path === "/" ? page.title : `${page.title} | ${shop.text.brand}`;
  return html`<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<meta name="description" content="${page.description}">
<meta name="theme-color" content="#ffffff">
<script>window.goalpost=window.goalpost||function(){(goalpost.q=goalpost.q||[]).push([Date.now()].concat([].slice.call(arguments)))}</script>
<script async src="/_g/gp.js" data-site="cloud-kicks" data-consent="granted"></script>
${page.private
    ? html`<meta name="robots" content="noindex">`
    : html`<link rel="canonical" href="${address(shop.prefix)}">
<link rel="alternate" hreflang="${shop.lang}" href="${address(shop.prefix)}">
<link rel="alternate" hreflang="${other.lang}" href="${address(other.prefix)}">
<link rel="alternate" hreflang="x-default" href="${address("")}">`}
<link rel="icon" href="/img/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/css/base.css">
<link rel="stylesheet" href="/css/shop.css">
<script type="module" src="/js/page.js"></script>
${page.script && html`<script type="module" src="/js/${page.script}"></script>`}
</head>`;
};

const top = (shop, page) => {
  const { nav, brand, promise } = shop.text;
  const go = (path, text) => link(shop, path, text, page.path);
  return html`<header class="top">
<div class="promise"><p>${promise}</p>
<a class="language" href="${shop.other.prefix}${page.path}" hreflang="${shop.other.lang}" lang="${shop.other.lang}">${shop.other.label}</a></div>
<div class="bar">
<a class="brand" href="${shop.prefix}/">${cloud}${brand}</a>
<nav aria-label="${nav.label}">${go("/shoes/", nav.shoes)}${go("/guides/sizes/", nav.sizes)}${go("/guides/care/", nav.care)}${go("/fitting/", nav.fitting)}</nav>
<a class="bag" href="${shop.prefix}/cart/">${nav.bag} <span id="bag-count" class="count" hidden></span></a>
</div>
</header>`;
};

const newsletter = (shop) => {
  const words = shop.text.newsletter;
  return html`<section class="letter" aria-labelledby="letter-heading">
<h2 id="letter-heading">${words.heading}</h2>
<p>${words.text}</p>
<form id="newsletter" method="get" action="${shop.prefix}/">
<label for="newsletter-email">${words.email}</label>
<div class="joined"><input id="newsletter-email" name="email" type="email" autocomplete="email" required><button type="submit">${words.send}</button></div>
</form>
<p id="newsletter-thanks" class="thanks-line" role="status" hidden>${words.thanks}</p>
</section>`;
};

const bottom = (shop) => {
  const { footer, nav, visit, home } = shop.text;
  const go = (path, text) => html`<li>${link(shop, path, text)}</li>`;
  return html`<footer class="bottom">
<div class="columns">
${newsletter(shop)}
<nav aria-label="${footer.shop}"><h2>${footer.shop}</h2><ul>
${shop.products.map((shoe) => go(`/shoes/${shoe.slug}/`, shoe.name))}
</ul></nav>
<nav aria-label="${footer.help}"><h2>${footer.help}</h2><ul>
${go("/guides/sizes/", nav.sizes)}${go("/guides/care/", nav.care)}${go("/fitting/", nav.fitting)}
<li><a href="/downloads/fit-report-${shop.lang}.pdf" download>${home.reportCover} (PDF)</a></li>
</ul></nav>
<section aria-labelledby="contact-heading"><h2 id="contact-heading">${footer.contact}</h2><ul>
<li><a href="tel:${shop.phone.tel}">${shop.phone.text}</a></li>
<li><a href="sms:${shop.phone.sms}">${visit.sms}</a></li>
<li><a href="mailto:${shop.mail}">${shop.mail}</a></li>
</ul></section>
</div>
<p class="note">${footer.note}</p>
</footer>`;
};

/** A whole page around its main part. */
export const layout = (shop, page) => html`<!doctype html>
<html lang="${shop.lang}">
${head(shop, page)}
<body>
<a class="skip" href="#main">${shop.text.skip}</a>
${top(shop, page)}
<main id="main" class="on-${page.kind}">
${page.main}
</main>
${bottom(shop)}
</body>
</html>
`;
