import shop from "../../storefront/data/en.json";

export type Shoe = (typeof shop.products)[number];

export const { products, sizes, sizeName, currency, locale } = shop;
export const words = shop.text;

const files = import.meta.glob<string>("../../storefront/static/img/*.svg", {
  eager: true,
  query: "?url",
  import: "default",
});
const clips = import.meta.glob<string>("../../storefront/static/video/*", {
  eager: true,
  query: "?url",
  import: "default",
});

export const picture = (slug: string): string => files[`../../storefront/static/img/${slug}.svg`] ?? "";

export const clip = (file: string): string => clips[`../../storefront/static/video/${file}`] ?? "";

export const shoeNamed = (slug: string): Shoe | undefined => products.find((shoe) => shoe.slug === slug);

const format = new Intl.NumberFormat(locale, { style: "currency", currency });

/** Prices are decimal text; Intl takes the text itself, so no digit is rounded. */
export const price = (amount: string): string => format.format(amount as Intl.StringNumericLiteral);
