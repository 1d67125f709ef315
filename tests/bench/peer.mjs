// What another Worker needs to stand beside ours in one workerd.

/** A Worker of one script, as old as ours and behind a socket of its own. */
export const peer = (worker, name, contents, more = {}) => ({
  name,
  modules: [{ type: "ESModule", path: `${name}.mjs`, contents }],
  compatibilityDate: worker.compatibilityDate,
  unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  ...more,
});
