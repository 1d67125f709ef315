// Generated from the Rust types; run `cargo xtask gen`.

export const SENTENCES = [
  "matched, counts every",
  "matched, counts once_per_session",
  "matched, counts once_per_day",
  "matched, counts once_per_contact",
  "matched, counts once_per_order",
  "path, selector, name, step or mark differs",
  "a condition does not hold",
];
