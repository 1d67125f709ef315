import { data } from "./data.js";
import { measure } from "./measure.js";

const words = data("size-data");
const form = document.getElementById("size-finder");

// The smallest shoe that is not shorter than the foot.
const fit = (foot) => words.sizes.find(({ cm }) => foot <= Number(cm));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const foot = Number(form.elements.foot.value);
  const size = fit(foot);
  let text = words.result;
  if (foot < 22.5) text = words.tooSmall;
  else if (!size) text = words.tooLarge;
  else {
    text = text.replace(/\{(us|eu|cm)\}/g, (_, unit) => size[unit]);
    measure("trigger", "size-found", { size: size.cm });
  }
  document.getElementById("size-result").textContent = text;
});
