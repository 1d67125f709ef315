import { data } from "./data.js";
import { measured, showReceipt } from "./lines.js";
import { measure } from "./measure.js";
import { keepOrder, order } from "./store.js";

const words = data("words");
const placed = order(new URLSearchParams(location.search).get("order"));
const cancel = document.getElementById("cancel-order");
const element = (id) => document.getElementById(id);

const showCancelled = () => {
  cancel.hidden = true;
  element("cancelled").hidden = false;
};

if (placed) {
  const { order_id, revenue, currency, items } = placed;
  element("thanks-heading").textContent = words.heading.replace("{name}", placed.name);
  element("thanks-lead").textContent = words.lead.replace("{email}", placed.email);
  element("order-id").textContent = order_id;
  element("placed").hidden = false;
  showReceipt(items, currency);
  // Said again on every load: the order's id makes it count once.
  measure("track", "purchase", { order_id, revenue, currency, items: measured(items) });

  if (placed.cancelled) showCancelled();
  cancel.addEventListener("click", () => {
    measure("track", "refund", { order_id, revenue, currency });
    keepOrder({ ...placed, cancelled: true });
    showCancelled();
  });
} else {
  element("unknown").hidden = false;
}
