import { track } from "goalpost";
import { element } from "./element";
import { address, type View } from "./router";
import { clip, currency, picture, price, products, shoeNamed, sizeName, sizes, words, type Shoe } from "./shop";

const card = (shoe: Shoe): HTMLElement =>
  element("li", { class: "card" },
    element("a", { href: address(`/shoes/${shoe.slug}/`), "data-route": true, "data-product": shoe.slug },
      element("span", { class: `tile ${shoe.slug}` },
        element("img", { src: picture(shoe.slug), alt: "", width: "1200", height: "720" })),
      element("span", { class: "row" }, element("strong", {}, shoe.name), element("span", {}, price(shoe.price))),
      element("span", { class: "kind" }, shoe.kind)));

const head = (title: string, lead: string): HTMLElement =>
  element("header", { class: "head" }, element("h1", {}, title), element("p", { class: "lead" }, lead));

const list = (): View => ({
  title: `${words.list.title} | ${words.brand}`,
  content: [
    head(words.list.heading, words.list.lead),
    element("ul", { class: "grid" }, ...products.map(card)),
  ],
});

const chooser = (shoe: Shoe): HTMLElement =>
  element("fieldset", { class: "sizes" },
    element("legend", {}, `${words.product.size} `, element("small", {}, sizeName)),
    element("div", { class: "choices" }, ...sizes.map(({ label, cm }) =>
      element("label", {},
        element("input", { type: "radio", name: "size", value: cm, required: true, disabled: shoe.soldOut.some((gone) => gone === label) }),
        element("span", {}, label)))));

const buyForm = (shoe: Shoe): HTMLFormElement => {
  const added = element("p", { id: "added", class: "added", role: "status", hidden: true }, `${shoe.name} ${words.product.added}`);
  const form = element("form", { id: "buy" },
    chooser(shoe),
    element("button", { id: "add-to-cart", class: "cta wide", type: "submit" }, words.product.add),
    added);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    track("add_to_cart", { product_id: shoe.slug, name: shoe.name, price: shoe.price, quantity: 1, value: shoe.price, currency });
    added.hidden = false;
    dispatchEvent(new Event("bag"));
  });
  return form;
};

const films = (shoe: Shoe): Node[] => {
  if (shoe.videos.length === 0) return [];
  const reel = shoe.videos.map((film) => {
    const video = element("video", {
      id: film.id, controls: true, playsinline: true, preload: "metadata", width: "640", height: "360",
      poster: clip(`${film.clip}.webp`), src: clip(`${film.clip}.webm`), "aria-label": film.title,
    });
    video.muted = true;
    return element("figure", {}, video, element("figcaption", {}, element("strong", {}, film.title), film.text));
  });
  return [element("section", { class: "films" }, element("h2", {}, words.product.videos), element("div", { class: "reel" }, ...reel))];
};

const product = (shoe: Shoe): View => {
  track("view_item", { product_id: shoe.slug, name: shoe.name, price: shoe.price, value: shoe.price, currency });
  const tile = (part: string, alt: string, size: string) =>
    element("div", { class: `tile ${size} ${shoe.slug}` }, element("img", { src: `${picture(shoe.slug)}${part}`, alt, width: "1200", height: "720" }));
  return {
    title: `${shoe.name}, ${shoe.kind} | ${words.brand}`,
    content: [
      element("article", { class: "shoe", "data-product": shoe.slug },
        element("div", { class: "views" },
          tile("", shoe.alt, "big"),
          tile("#toe", `${shoe.name}: ${words.product.toe}`, ""),
          tile("#heel", `${shoe.name}: ${words.product.heel}`, "")),
        element("div", { class: "buy" },
          element("p", { class: "kind" }, shoe.kind),
          element("div", { class: "row" }, element("h1", {}, shoe.name), element("p", { class: "price" }, price(shoe.price))),
          element("p", { class: "tagline" }, shoe.tagline),
          element("p", {}, shoe.description),
          buyForm(shoe))),
      ...films(shoe),
    ],
  };
};

const missing = (): View => ({
  title: `${words.missing.title} | ${words.brand}`,
  content: [
    head(words.missing.heading, words.missing.lead),
    element("p", {}, element("a", { class: "cta", href: address("/"), "data-route": true }, words.missing.home)),
  ],
});

/** The page at a path of this app. */
export const view = (path: string): View => {
  if (path === "/" || path === "/shoes/") return list();
  const slug = /^\/shoes\/([^/]+)\/?$/.exec(path)?.[1];
  const shoe = slug === undefined ? undefined : shoeNamed(slug);
  return shoe ? product(shoe) : missing();
};
