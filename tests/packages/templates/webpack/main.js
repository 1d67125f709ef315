import { init, track } from "goalpost";

init({ site: "cloud-kicks", consent: "granted" });

const link = (id, path) => {
  const made = document.createElement("a");
  Object.assign(made, { id, href: path, textContent: id });
  made.onclick = (event) => {
    event.preventDefault();
    history.pushState(null, "", path);
    show();
  };
  return made;
};

const thanks = () => {
  track("purchase", { order_id: "A1", value: 14800, currency: "JPY" });
  const made = document.createElement("p");
  made.id = "thanks";
  return made;
};

const pages = {
  "/app/": () => link("to-shoes", "/app/shoes"),
  "/app/shoes": () => link("to-thanks", "/app/thanks"),
  "/app/thanks": thanks,
};

const show = () => document.querySelector("main").replaceChildren(pages[location.pathname]());
addEventListener("popstate", show);
show();
