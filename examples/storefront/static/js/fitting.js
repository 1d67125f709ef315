import { measure } from "./measure.js";

const form = document.getElementById("fitting");

form.elements.day.min = new Date().toISOString().slice(0, 10);

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { shop, day, email } = Object.fromEntries(new FormData(form));
  measure("track", "demo_requested", { shop, day });
  measure("identify", { email });
  form.hidden = true;
  document.getElementById("fitting-thanks").hidden = false;
});
