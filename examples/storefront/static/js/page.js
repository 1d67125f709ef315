import { measure } from "./measure.js";
import { bag } from "./store.js";

const count = document.getElementById("bag-count");

const showCount = () => {
  const pairs = bag().reduce((sum, { quantity }) => sum + quantity, 0);
  count.textContent = pairs;
  count.hidden = pairs === 0;
};

addEventListener("bag", showCount);
// A page that comes back from the back button has an old count.
addEventListener("pageshow", showCount);

// The other language shows the same order.
const language = document.querySelector("a.language");
language.href += location.search;

const letter = document.getElementById("newsletter");
letter.addEventListener("submit", (event) => {
  event.preventDefault();
  measure("identify", { email: letter.elements.email.value });
  letter.hidden = true;
  document.getElementById("newsletter-thanks").hidden = false;
});

// For those who build on this example: an id that no plan knows, to see what becomes of it.
if (new URLSearchParams(location.search).get("demo") === "unknown") {
  measure("trigger", "no-such-goal", { from: location.pathname });
}
