// The least that delivers: a list, a timer, a beacon.
import { collector, onHidden, ready } from "./page.js";

let queue = [];
let timer;
const send = () => {
  clearTimeout(timer);
  timer = undefined;
  // 60 KB at most may be under way.
  while (queue.length) navigator.sendBeacon(`${collector}/e`, JSON.stringify(queue.splice(0, 40)));
};
const track = (name, properties) => {
  queue.push({
    id: crypto.randomUUID(),
    time: Date.now(),
    path: location.pathname,
    name,
    properties,
  });
  if (queue.length > 39) send();
  else timer ??= setTimeout(send, 1000);
};
onHidden(send);
addEventListener("pagehide", send);
track("pageview", { title: document.title, referrer: document.referrer });
send();
ready(track);
