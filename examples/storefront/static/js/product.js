import { data } from "./data.js";
import { measure } from "./measure.js";
import { total } from "./money.js";
import { addToBag } from "./store.js";

const shoe = data("shoe");
const form = document.getElementById("buy");
const added = document.getElementById("added");

measure("track", "view_item", { ...shoe, value: shoe.price });

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = new FormData(form);
  const quantity = Number(chosen.get("quantity"));
  addToBag(shoe.product_id, chosen.get("size"), quantity);
  measure("track", "add_to_cart", {
    ...shoe,
    quantity,
    value: total([{ price: shoe.price, quantity }], shoe.currency),
  });
  added.hidden = false;
  dispatchEvent(new Event("bag"));
});
