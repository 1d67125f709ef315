// Numbers that look drawn, and are the same at every run.

/** A stream of numbers that follows from its seed alone. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = BigInt(seed) & MASK;
  }

  /** A whole number of 32 bits. */
  next() {
    // A counter with a fixed odd step, whose bits are then stirred: every state comes once.
    this.#state = (this.#state + 0x9e3779b97f4a7c15n) & MASK;
    let mixed = this.#state;
    mixed = ((mixed ^ (mixed >> 31n)) * 0xd6e8feb86659fd93n) & MASK;
    mixed = ((mixed ^ (mixed >> 29n)) * 0xd6e8feb86659fd93n) & MASK;
    return Number(mixed >> 32n);
  }

  /** From 0, below `limit`. */
  below(limit) {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  /** From `low` to `high`, both included. */
  between(low, high) {
    return low + this.below(high - low + 1);
  }

  /** Whether something happens that happens `percent` times in a hundred. */
  chance(percent) {
    return this.below(10_000) < percent * 100;
  }

  /** One of a list. */
  of(list) {
    return list[this.below(list.length)];
  }

  /** One of `[weight, value]` pairs. */
  weighted(pairs) {
    const total = pairs.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.below(total);
    for (const [weight, value] of pairs) {
      if (at < weight) return value;
      at -= weight;
    }
    throw new Error("weights must be positive");
  }

  /** A UUID of version 7 with that time. */
  uuid(time) {
    const words = [this.next(), this.next(), this.next()];
    const hex = (number, digits) => number.toString(16).padStart(digits, "0").slice(-digits);
    const stamp = hex(time, 12);
    const [a, b, c] = words;
    return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(a, 3)}-${"89ab"[b & 3]}${hex(b >>> 2, 3)}-${hex(c, 8)}${hex(a >>> 12, 4)}`;
  }
}

const MASK = (1n << 64n) - 1n;
