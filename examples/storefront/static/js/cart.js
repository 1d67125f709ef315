import { catalogue, priced, showLines } from "./lines.js";
import { bag, keepBag } from "./store.js";

const MOST = 9;

const change = (at, quantity) => {
  const lines = bag();
  if (quantity === 0) lines.splice(at, 1);
  else lines[at].quantity = quantity;
  keepBag(lines);
  dispatchEvent(new Event("bag"));
  show();
};

const show = () => {
  const items = priced(bag());
  document.getElementById("empty").hidden = items.length > 0;
  document.getElementById("full").hidden = items.length === 0;
  showLines(items, catalogue.currency, (row, item, at) => {
    const many = row.querySelector("select");
    for (let count = 1; count <= Math.max(MOST, item.quantity); count += 1) many.add(new Option(count, count));
    many.value = item.quantity;
    many.addEventListener("change", () => change(at, Number(many.value)));
    const remove = row.querySelector("[data-remove]");
    remove.setAttribute("aria-label", `${remove.textContent} ${item.name}`);
    remove.addEventListener("click", () => change(at, 0));
  });
};

addEventListener("pageshow", show);
