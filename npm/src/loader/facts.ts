import type { PathElement, Properties } from "./host.js";

export { contactOf } from "./contact.js";

/** A new UUIDv7, written without hyphens: the time, then 62 random bits to tell one millisecond's apart. */
export const newId = (time: number): string =>
  // A clock before 2004, of one digit less, would not have accepted the page's certificate either.
  "0" +
  time.toString(16) +
  "7000" +
  // The variant is the bits 10; with 1 as its highest bit the number always has 16 digits.
  ((crypto.getRandomValues(new BigUint64Array(1))[0]! >> 2n) | (1n << 63n)).toString(16);

/** Cuts a text to so many bytes at a character's edge, and mends half surrogate pairs. */
export const clip = (text: unknown, bytes = 512): string =>
  // A streaming decoder keeps back the character that the cut went through.
  new TextDecoder().decode(new TextEncoder().encode(text as string).slice(0, bytes), {
    stream: true,
  });

/** As they were before later scripts could change them. */
const { parse, stringify } = JSON;

const isObject = (value: unknown) => Object(value) === value;

/**
 * What was seen as the wire takes it: every text clipped, and nothing deeper than lists of objects,
 * so that it can always be written.
 */
export const textOf = (seen: object): string =>
  stringify(seen, function (this: Record<string, unknown>, key) {
    // As it is, not as a `toJSON` of the page's would have it.
    const value = this[key];
    return isObject(value)
      ? Array.isArray(value)
        ? value.filter(isObject)
        : /^(attr|query|properties|\d*)$/.test(key)
          ? value
          : undefined
      : /[rb]i/.test(typeof value) // string, bigint
        ? clip(value)
        : value;
  });

/** A beacon that only has the edge take its cookie away. */
export const forgetting = (site: string): string => textOf({ v: 1, site, visitor: "-", items: [] });

/** A copy of what was seen, as it is now. */
export const copyOf = <T extends object>(seen: T): T => parse(textOf(seen));

/** Properties without what has no value on the wire. */
export const clean = (properties: unknown): Properties => known(copyOf({ properties }).properties);

const known = (properties: unknown): Properties =>
  Object.fromEntries(
    Object.entries(Object(properties) as object)
      .filter(([, value]) => value != null)
      .map(([name, value]) => [name, Array.isArray(value) ? value.map(known) : value]),
  );

/** Of pairs with such names, the last eight. */
const pick = (pairs: Iterable<[string, string]>, names: RegExp): Record<string, string> =>
  Object.fromEntries([...pairs].filter(([name]) => names.test(name)).slice(-8));

/** What is kept of an element. A link's query may carry somebody's data, so what follows a `?` is not. */
export const describe = (element: Element): PathElement => {
  const attributes = element
    .getAttributeNames()
    // In the alphabet, a page's own data-* come before all else that rules read.
    .sort()
    .map((name): [string, string] => [name, element.getAttribute(name)!.split("?")[0]!]);
  return {
    ...pick(attributes, /^(id|class)$/),
    tag: element.localName,
    attr: pick(attributes, /^(href|download|type|name|role|data-.*)$/),
  };
};

/**
 * Passes on a click on something interactive, or a form's submit, with the elements from there
 * outwards that can be told apart. A right click is none.
 */
export const withElements = (
  event: Event,
  pass: (seen: { kind: string; elements: PathElement[] }) => void,
): void => {
  const kind = event.type.replace("aux", "");
  const path = (event.composedPath() as Element[]).filter((node) => node.localName);
  const from = path.findIndex((element) =>
    element.matches("a,area,button,summary,form,[role=button],[type=submit],[type=button],[type=image]"),
  );
  if (path[from] && !((event as MouseEvent).button > 1)) {
    pass({
      kind,
      elements: path
        .slice(from)
        .filter((element, at) => !at || element.id || element.className)
        .slice(0, 6)
        .map(describe),
    });
  }
};

/** The parts of a query that tell where a visitor came from; the rest may be private. */
export const queryOf = (search: string): Record<string, string> =>
  pick(new URLSearchParams(search), /^(utm|li_fat)_|_cl$|clk?id$|braid$/);

/** A snippet's attribute without a value says yes too. */
export const isOn = (value: unknown): boolean => value != null && value !== false && value !== "false";
