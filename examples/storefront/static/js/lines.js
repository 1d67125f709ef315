import { data } from "./data.js";
import { shown, total } from "./money.js";

export const catalogue = data("catalogue");

/** The bag's lines as items with name and price, in the page's currency. */
export const priced = (lines) =>
  lines
    .filter(({ slug }) => catalogue.products[slug])
    .map(({ slug, size, quantity }) => ({
      product_id: slug,
      name: catalogue.products[slug].name,
      price: catalogue.products[slug].price,
      quantity,
      size,
    }));

/** Items as the commerce vocabulary has them. */
export const measured = (items) =>
  items.map(({ product_id, name, price, quantity }) => ({ product_id, name, price, quantity }));

/** Writes items into `#lines` with the page's `template#line`, and the total. */
export const showLines = (items, currency, finish) => {
  const template = document.getElementById("line").content;
  const rows = items.map((item, at) => {
    const row = template.cloneNode(true).firstElementChild;
    const put = (name, text) => row.querySelectorAll(`[data-${name}]`).forEach((place) => place.append(text));
    row.dataset.product = item.product_id;
    row.querySelector(".tile").classList.add(item.product_id);
    row.querySelector("img").src = `/img/${item.product_id}.svg`;
    put("name", item.name);
    put("kind", catalogue.products[item.product_id]?.kind ?? "");
    put("size", catalogue.sizes[item.size] ?? item.size);
    put("price", shown(total([item], currency), currency, catalogue.locale));
    row.querySelectorAll("a[data-link]").forEach((link) => {
      link.href = `${catalogue.prefix}/shoes/${item.product_id}/`;
    });
    finish(row, item, at);
    return row;
  });
  document.getElementById("lines").replaceChildren(...rows);
  const sum = shown(total(items, currency), currency, catalogue.locale);
  document.querySelectorAll("dd[data-total]").forEach((place) => (place.textContent = sum));
};

/** Lines that cannot be changed: checkout and receipt. */
export const showReceipt = (items, currency) =>
  showLines(items, currency, (row, item) => row.querySelector("[data-quantity]").append(item.quantity));
