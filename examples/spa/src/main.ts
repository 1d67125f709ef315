import { init } from "goalpost";
import "../../storefront/static/css/base.css";
import "../../storefront/static/css/shop.css";
import { route } from "./router";
import { view } from "./views";

// Once, before the first page. Page views of the router are seen without further calls.
init({ site: "cloud-kicks", consent: "granted" });

const count = document.getElementById("bag-count");
let pairs = 0;
addEventListener("bag", () => {
  pairs += 1;
  if (count) {
    count.textContent = String(pairs);
    count.hidden = false;
  }
});

const main = document.getElementById("main");
if (main) route(main, view);
