import { html, json } from "./html.mjs";

export const sizeGuide = (shop) => {
  const words = shop.text.sizes;
  return {
    path: "/guides/sizes/",
    kind: "guide",
    title: words.title,
    description: words.lead,
    script: "sizes.js",
    main: html`${json("size-data", { sizes: shop.sizes, result: words.result, tooSmall: words.tooSmall, tooLarge: words.tooLarge })}
<header class="head"><h1>${words.heading}</h1><p class="lead">${words.lead}</p></header>
<form id="size-finder" class="finder">
<label for="foot">${words.finder} <small>${words.unit}</small></label>
<div class="joined"><input id="foot" name="foot" type="number" inputmode="decimal" min="15" max="40" step="0.1" required><button type="submit">${words.find}</button></div>
<output id="size-result" for="foot"></output>
</form>
<div class="scroll" tabindex="0" role="region" aria-label="${words.caption}"><table>
<caption>${words.caption}</caption>
<thead><tr><th scope="col">${words.foot}</th><th scope="col">US</th><th scope="col">EU</th><th scope="col">UK</th></tr></thead>
<tbody>${shop.sizes.map((size) => html`<tr><th scope="row">${size.cm}</th><td>${size.us}</td><td>${size.eu}</td><td>${size.uk}</td></tr>`)}</tbody>
</table></div>
<section class="tips"><h2>${words.tipsHeading}</h2><ol>${words.tips.map((tip) => html`<li>${tip}</li>`)}</ol></section>`,
  };
};

export const careGuide = (shop) => {
  const words = shop.text.care;
  return {
    path: "/guides/care/",
    kind: "guide",
    title: words.title,
    description: words.lead,
    main: html`<header class="head"><h1>${words.heading}</h1><p class="lead">${words.lead}</p></header>
<ol class="steps">${words.steps.map(([name, text]) => html`<li><h2>${name}</h2><p>${text}</p></li>`)}</ol>`,
  };
};

export const fitting = (shop) => {
  const words = shop.text.fitting;
  return {
    path: "/fitting/",
    kind: "plain",
    title: words.title,
    description: words.lead,
    script: "fitting.js",
    main: html`<header class="head"><h1>${words.heading}</h1><p class="lead">${words.lead}</p></header>
<form id="fitting" class="form">
<fieldset class="picks"><legend>${words.shop}</legend>${shop.text.visit.shops.map(
      (place, at) => html`<label class="pick"><input type="radio" name="shop" value="${place.id}"${at === 0 ? html` checked` : ""}><span><strong>${place.name}</strong> ${place.where}</span></label>`,
    )}</fieldset>
<div class="pair"><p><label for="day">${words.day}</label><input id="day" name="day" type="date" required></p>
<p><label for="name">${words.name}</label><input id="name" name="name" autocomplete="name" required></p></div>
<p><label for="email">${words.email}</label><input id="email" name="email" type="email" autocomplete="email" required></p>
<p><label for="note">${words.note} <small>${words.optional}</small></label><textarea id="note" name="note" rows="3"></textarea></p>
<p><button class="cta" id="book-fitting" type="submit">${words.send}</button></p>
</form>
<p id="fitting-thanks" class="thanks-line" role="status" hidden>${words.thanks}</p>`,
  };
};

export const missing = (shop) => {
  const words = shop.text.missing;
  return {
    path: "/404.html",
    kind: "plain",
    private: true,
    title: words.title,
    description: words.lead,
    main: html`<header class="head"><h1>${words.heading}</h1><p class="lead">${words.lead}</p></header>
<p><a class="cta" href="${shop.prefix}/">${words.home}</a></p>`,
  };
};
