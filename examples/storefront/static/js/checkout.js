import { catalogue, measured, priced, showReceipt } from "./lines.js";
import { measure } from "./measure.js";
import { total } from "./money.js";
import { bag, keepBag, keepOrder } from "./store.js";

const { currency, prefix } = catalogue;
const items = priced(bag());
const value = total(items, currency);

// Without letters and digits that are mistaken for each other on the phone.
const SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

const newId = () =>
  `CK-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => SIGNS[byte % SIGNS.length]).join("")}`;

document.getElementById("empty").hidden = items.length > 0;
document.getElementById("full").hidden = items.length === 0;

if (items.length > 0) {
  showReceipt(items, currency);
  measure("track", "begin_checkout", { value, currency, items: measured(items) });
}

document.getElementById("checkout").addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, email, phone } = Object.fromEntries(new FormData(event.target));
  const placed = { order_id: newId(), revenue: value, currency, items, name, email };
  measure("identify", phone ? { email, phone } : { email });
  keepOrder(placed);
  keepBag([]);
  location.assign(`${prefix}/thanks/?order=${placed.order_id}`);
});
