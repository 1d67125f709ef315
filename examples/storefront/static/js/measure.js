/** Tells Goalpost, if it is there: the shop sells shoes without it too. */
export const measure = (...call) => {
  if (typeof window.goalpost === "function") window.goalpost(...call);
};
