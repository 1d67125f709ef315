// What chance alone may do to a difference of pairs.

import { percentile } from "../figures.mjs";

const SAMPLES = 10_000;
const SEED = 1;

/** Numbers from 0 to below 1 that are the same in every run (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The median between the two in the middle, where there are two. */
const middle = (values) => (percentile(values, 0.5) + -percentile(values.map((value) => -value), 0.5)) / 2;

/** The median of some differences, and between what it lies with 95 % confidence: a bootstrap. */
export function interval(differences) {
  const next = numbers(SEED);
  const drawn = () => differences[Math.floor(next() * differences.length)];
  const medians = Array.from({ length: SAMPLES }, () => middle(differences.map(drawn)));
  return { median: middle(differences), low: percentile(medians, 0.025), high: percentile(medians, 0.975) };
}

/** From here on an uneven split of signs may well be chance. */
const LIKELY = 0.05;

/** Whether a difference is none that could be told from chance: 0 lies inside its interval, or its signs say so. */
export const isChance = ({ low, high }, signs) => (low < 0 && high > 0) || signs >= LIKELY;

/** How probable so uneven a split of signs is where there is no difference; those of 0 do not count. */
export function signTest(differences) {
  const above = differences.filter((one) => one > 0).length;
  const total = above + differences.filter((one) => one < 0).length;
  const least = Math.min(above, total - above);
  // Of each number of heads in so many throws.
  let chance = 0.5 ** total;
  let tail = 0;
  for (let heads = 0; heads <= least; heads += 1) {
    tail += chance;
    chance *= (total - heads) / (heads + 1);
  }
  return Math.min(1, 2 * tail);
}
