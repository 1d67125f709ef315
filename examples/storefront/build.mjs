// Writes the shop's pages as static files: node build.mjs [folder]
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { careGuide, fitting, missing, sizeGuide } from "./templates/guides.mjs";
import { home } from "./templates/home.mjs";
import { layout } from "./templates/layout.mjs";
import { cart, checkout, thanks } from "./templates/order.mjs";
import { list, product } from "./templates/shoes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, "../../dist/shop"));

const pages = (shop) => [
  home(shop),
  list(shop),
  ...shop.products.map((shoe) => product(shop, shoe)),
  sizeGuide(shop),
  careGuide(shop),
  fitting(shop),
  cart(shop),
  checkout(shop),
  thanks(shop),
  missing(shop),
];

mkdirSync(out, { recursive: true });
cpSync(join(here, "static"), out, { recursive: true });
let written = 0;
for (const language of ["en", "ja"]) {
  const shop = JSON.parse(readFileSync(join(here, "data", `${language}.json`), "utf8"));
  for (const page of pages(shop)) {
    const name = page.path.endsWith("/") ? `${page.path}index.html` : page.path;
    const file = join(out, shop.prefix, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, layout(shop, page).toString());
    written += 1;
  }
}
console.log(`${written} pages`);
