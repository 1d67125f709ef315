// The bag and the orders, on this device. A browser that refuses storage keeps
// them for this page only.

const memory = new Map();

const read = (key, empty) => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? empty;
  } catch {
    return memory.get(key) ?? empty;
  }
};

const write = (key, value) => {
  memory.set(key, value);
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Kept in memory above.
  }
};

const BAG = "ck.bag";
const ORDERS = "ck.orders";

/** The bag: `[{ slug, size, quantity }]`. Prices are the page's, not the bag's. */
export const bag = () => read(BAG, []);

export const keepBag = (lines) => write(BAG, lines);

export const addToBag = (slug, size, quantity) => {
  const lines = bag();
  const same = lines.find((line) => line.slug === slug && line.size === size);
  if (same) same.quantity += quantity;
  else lines.push({ slug, size, quantity });
  keepBag(lines);
};

export const order = (id) => read(ORDERS, {})[id];

export const keepOrder = (placed) => write(ORDERS, { ...read(ORDERS, {}), [placed.order_id]: placed });
