import { html, json } from "./html.mjs";

/** What the bag's scripts need to price it, in the page's language and currency. */
const catalogue = (shop) =>
  json("catalogue", {
    locale: shop.locale,
    prefix: shop.prefix,
    currency: shop.currency,
    sizes: Object.fromEntries(
      shop.sizes.map(({ label, cm }) => [cm, shop.lang === "ja" ? `${label} ${shop.sizeName}` : `${shop.sizeName} ${label}`]),
    ),
    products: Object.fromEntries(shop.products.map(({ slug, name, kind, price }) => [slug, { name, kind, price }])),
  });

const totals = (shop) => {
  const words = shop.text.cart;
  return html`<dl class="totals"><div><dt>${words.subtotal}</dt><dd data-total></dd></div>
<div><dt>${words.delivery}</dt><dd>${words.free}</dd></div>
<div class="sum"><dt>${words.total}</dt><dd data-total id="total"></dd></div></dl>`;
};

const brief = (shop) => html`<template id="line"><li class="line brief"><span class="tile"><img alt="" width="1200" height="720"></span>
<span><strong data-name></strong><small><span data-size></span> × <span data-quantity></span></small></span><span data-price></span></li></template>`;

export const cart = (shop) => {
  const words = shop.text.cart;
  return {
    path: "/cart/",
    kind: "order",
    private: true,
    title: words.title,
    description: words.heading,
    script: "cart.js",
    main: html`${catalogue(shop)}
<header class="head"><h1>${words.heading}</h1></header>
<div id="empty" hidden><p class="lead">${words.empty}</p><p><a class="cta" href="${shop.prefix}/shoes/">${words.toShoes}</a></p></div>
<div id="full" class="split" hidden>
<ul id="lines" class="lines"></ul>
<aside class="summary">${totals(shop)}<a class="cta wide" id="checkout-link" href="${shop.prefix}/checkout/">${words.checkout}</a></aside>
</div>
<noscript><p>${shop.text.product.noScript} <a href="tel:${shop.phone.tel}">${shop.phone.text}</a></p></noscript>
<template id="line"><li class="line"><a class="tile" data-link tabindex="-1" aria-hidden="true"><img alt="" width="1200" height="720"></a>
<div class="what"><a data-link><strong data-name></strong></a><small data-kind></small><small data-size></small></div>
<label class="many"><span class="unseen">${words.quantity}</span><select data-quantity></select></label>
<span class="cost" data-price></span><button type="button" class="plain" data-remove>${words.remove}</button></li></template>`,
  };
};

export const checkout = (shop) => {
  const words = shop.text.checkout;
  const field = (name, label, rest) => html`<p><label for="${name}">${label}</label><input id="${name}" name="${name}" ${rest}></p>`;
  const note = html` <small>${words.optional}</small>`;
  return {
    path: "/checkout/",
    kind: "order",
    private: true,
    title: words.title,
    description: words.heading,
    script: "checkout.js",
    main: html`${catalogue(shop)}
<header class="head"><h1>${words.heading}</h1></header>
<div id="empty" hidden><p class="lead">${shop.text.cart.empty}</p><p><a class="cta" href="${shop.prefix}/shoes/">${shop.text.cart.toShoes}</a></p></div>
<div id="full" class="split" hidden>
<form id="checkout" class="form">
<fieldset><legend>${words.contact}</legend>
${field("name", words.name, html`autocomplete="name" required`)}
<div class="pair">${field("email", words.email, html`type="email" autocomplete="email" required`)}
${field("phone", html`${words.phone}${note}`, html`type="tel" autocomplete="tel"`)}</div></fieldset>
<fieldset><legend>${words.address}</legend>
${shop.lang === "ja"
      ? html`<div class="pair">${field("postcode", words.postcode, html`autocomplete="postal-code" required`)}${field("city", words.city, html`autocomplete="address-level2" required`)}</div>${field("street", words.street, html`autocomplete="street-address" required`)}`
      : html`${field("street", words.street, html`autocomplete="street-address" required`)}<div class="pair">${field("city", words.city, html`autocomplete="address-level2" required`)}${field("postcode", words.postcode, html`autocomplete="postal-code" required`)}</div>`}</fieldset>
<fieldset class="picks"><legend>${words.payment}</legend>
<label class="pick"><input type="radio" name="payment" value="invoice" checked><span>${words.payLater}</span></label>
<label class="pick"><input type="radio" name="payment" value="shop"><span>${words.payShop}</span></label></fieldset>
<button class="cta wide" id="place-order" type="submit">${words.place}</button>
<p class="note">${words.demo}</p>
</form>
<aside class="summary"><h2>${words.summary}</h2><ul id="lines" class="lines"></ul>${totals(shop)}</aside>
</div>
${brief(shop)}`,
  };
};

export const thanks = (shop) => {
  const words = shop.text.thanks;
  return {
    path: "/thanks/",
    kind: "order",
    private: true,
    title: words.title,
    description: words.plain,
    script: "thanks.js",
    main: html`${catalogue(shop)}${json("words", { heading: words.heading, lead: words.lead })}
<header class="head"><h1 id="thanks-heading">${words.plain}</h1><p class="lead" id="thanks-lead"></p></header>
<div id="unknown" hidden><p class="lead">${words.unknown}</p><p><a class="cta" href="${shop.prefix}/shoes/">${words.more}</a></p></div>
<section id="placed" class="receipt" hidden>
<p class="number">${words.order} <strong id="order-id"></strong></p>
<ul id="lines" class="lines"></ul>${totals(shop)}
<p class="ways"><a class="cta" href="${shop.prefix}/shoes/">${words.more}</a><button type="button" class="plain" id="cancel-order">${words.cancel}</button></p>
<p id="cancelled" class="thanks-line" role="status" hidden>${words.cancelled}</p>
</section>
${brief(shop)}`,
  };
};
