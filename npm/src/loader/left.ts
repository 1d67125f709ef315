/**
 * What no answer has confirmed when the edge is not reached or a page is left, in `localStorage`: under `gp-`
 * and the last item's id, as id, text, id, text, … The shell's `storage.ts` reads and writes the same, so that
 * the next page finds it in whichever form that page runs.
 */
const LEFT = "gp-";
/** A shop's own keys may begin like that. */
const OURS = /^gp-[\da-f-]{32,}$/;
const FIELD = "\x1f";
/** As many letters at most, of the few million that the shop's whole storage has. */
const LETTERS = 200_000;

/** An item's id and its text, which never changes. */
export type Left = [id: string, text: string];

/** The keys under which something stands that this page found or left. */
let keys: string[] = [];
/** Where this page's own items stand. */
let own: string | undefined;

/** What earlier pages left; nothing where storage is refused. */
export const found = (): Left[] => {
  try {
    keys = Object.keys(localStorage).filter((key) => OURS.test(key));
    return keys.flatMap((key) => {
      const texts = localStorage.getItem(key)!.split(FIELD);
      return texts.flatMap((id, at): Left[] => (at % 2 ? [] : [[id, texts[at + 1] ?? ""]]));
    });
  } catch {
    return [];
  }
};

/** Leaves these for the next page, in place of what this one left before; what does not fit is left to beacons. */
export const leave = (items: Left[]): void => {
  let letters = 0;
  const few = items.filter((item) => (letters += item.join().length + 1) < LETTERS);
  const last = few[few.length - 1];
  if (!last) return;
  try {
    const before = own;
    own = LEFT + last[0];
    localStorage.setItem(own, few.flat().join(FIELD));
    keys.push(own);
    if (before && before !== own) localStorage.removeItem(before);
  } catch {
    // Refused or full: then the beacon is all there is.
  }
};

/** Everything that was left has arrived, or must not. */
export const settled = (): void => {
  for (const key of keys.splice(0)) localStorage.removeItem(key);
};
