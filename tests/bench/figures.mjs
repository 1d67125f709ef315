// Figures of many rounds, and the table they are printed in.

export function median(values) {
  return percentile(values, 0.5);
}

export function percentile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

/** The same values in an order of chance, so that no case always follows the same other. */
export function shuffled(values) {
  const order = [...values];
  for (let at = order.length - 1; at > 0; at -= 1) {
    const other = Math.floor(Math.random() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

/**
 * Runs every case once a round, and returns for each case its values in the order of rounds.
 *
 * @param {number} count
 * @param {Record<string, (round: number) => Promise<number>>} cases
 */
export async function interleaved(count, cases) {
  const values = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round < count; round += 1) {
    for (const name of shuffled(Object.keys(cases))) {
      values[name].push(await cases[name](round));
    }
  }
  return values;
}

/** The median over rounds of one case's value through another's of the same round. */
export function ratio(values, others) {
  return median(values.map((value, round) => value / others[round]));
}

/** Whether a figure keeps to its target, which is the most or the least that it may be. */
export function verdict(figure, { most, least }) {
  const met = (most === undefined || figure <= most) && (least === undefined || figure >= least);
  return met ? "met" : "not met";
}

/** The target as people read it. */
export function target({ most, least }) {
  return most === undefined ? `>= ${least}` : `<= ${most}`;
}

/** Prints rows of equal keys as a table. */
export function print(title, rows) {
  const names = Object.keys(rows[0]);
  const texts = rows.map((row) => names.map((name) => text(row[name])));
  const widths = names.map((name, at) =>
    Math.max(name.length, ...texts.map((row) => row[at].length)),
  );
  const line = (cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[at]))).join("  ");
  const lines = [title, line(names), line(widths.map((width) => "-".repeat(width)))];
  process.stdout.write(`\n${[...lines, ...texts.map(line)].join("\n")}\n`);
}

function text(value) {
  if (typeof value !== "number") return value ?? "";
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(value < 10 ? 2 : 1);
}
