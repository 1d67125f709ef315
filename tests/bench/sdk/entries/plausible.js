import { init, track } from "@plausible-analytics/tracker";
import { collector, ready } from "./page.js";

init({ domain: "shop.example", endpoint: `${collector}/api/event` });
const text = (properties) =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, String(value)]));
ready((name, properties) => track(name, { props: text(properties) }));
