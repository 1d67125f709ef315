// Amounts are decimal text ("129.00", "14800"). They are added as whole cents or
// yen, because sums of fractions drift.

const PLACES = { USD: 2, JPY: 0 };

const units = (amount) => Number(amount.replace(".", ""));

const decimal = (whole, currency) => {
  const places = PLACES[currency];
  if (places === 0) return String(whole);
  const digits = String(whole).padStart(places + 1, "0");
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
};

/** The total of `[{ price, quantity }]`, as decimal text. */
export const total = (items, currency) =>
  decimal(items.reduce((sum, { price, quantity }) => sum + units(price) * quantity, 0), currency);

/** An amount as people read it. */
export const shown = (amount, currency, locale) =>
  new Intl.NumberFormat(locale, { style: "currency", currency }).format(amount);
