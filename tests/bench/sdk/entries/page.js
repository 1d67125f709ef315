// What each peer's entry knows of the page.

/** The peers' collector: another site, as a vendor's is. */
export const collector = `https://${location.hostname.replace("shop", "collect")}`;

/** The page calls this for each click and play that the peer does not see by itself. */
export const ready = (track, sees = {}) => {
  window.bench = { track, ...sees };
};

/** Runs when the page may end, for those whose documents tell their users to send then. */
export const onHidden = (work) =>
  document.addEventListener(
    "visibilitychange",
    () => document.visibilityState === "hidden" && work(),
  );
