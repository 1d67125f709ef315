/** Calls `look` after each change of the address that keeps the document. */
export const onAddress = (look: () => void): void => {
  const { navigation, history } = window;
  (navigation ?? window).addEventListener(navigation ? "currententrychange" : "popstate", look, true);
  if (navigation) return;
  // Where the browser tells of no change that a script makes, only the script's own call does.
  for (const name of ["pushState", "replaceState"] as const) {
    const change = history[name];
    history[name] = function (...entry) {
      change.apply(this, entry);
      look();
    };
  }
};
