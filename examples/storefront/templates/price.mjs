/** A price as people read it. Intl takes the decimal text itself, so no digit is rounded. */
export const price = (shop, amount) =>
  new Intl.NumberFormat(shop.locale, { style: "currency", currency: shop.currency }).format(amount);
