// The page's side of boundary.rs: one text in, one text out. What wasm-bindgen would write in its
// place serves classes, errors and memory that this boundary does not have.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let engine;

/** Makes the module's one instance known. */
export const use = ({ exports }) => {
  engine = exports;
};

/** Tells the engine what happened at `now`, and gives its answer: records, the first is its wakeup. */
export const tell = (now, text) => {
  const told = encoder.encode(text);
  const at = engine.__wbindgen_malloc(told.length, 1);
  new Uint8Array(engine.memory.buffer).set(told, at);
  const answer = engine.tell(now, at, told.length);
  return decoder.decode(new Uint8Array(engine.memory.buffer, answer, engine.answered()));
};

/** All that the engine knows. */
export const snapshot = () => engine.memory.buffer.slice();

/** Puts the engine back to where it was, though it may have been interrupted meanwhile. */
export const restore = (known) => new Uint8Array(engine.memory.buffer).set(new Uint8Array(known));
