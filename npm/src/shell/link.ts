/**
 * Links between a site's own hosts. Browsers keep storage and cookies by host, so the page that is left
 * has the edge sign whose visit it is, and the page that is reached hands that back. What it is worth,
 * the edge decides.
 */
import type { Host } from "../loader/host.js";

/** The parameter that carries the token, for as long as it takes to get there. */
const NAME = "_gp";
/** So long a token here counts as new; at the edge it holds for twice as long. */
const FRESH_MS = 60_000;
/** Longer than this nobody waits for the edge: the visit then begins anew. */
const PATIENCE_MS = 1_500;

interface Answer {
  token?: string;
  record?: string;
  why?: string;
}

const ask = async ({ site, prefix, debug, natives }: Host, more: object): Promise<Answer> => {
  const own = new AbortController();
  natives.setTimeout(() => own.abort(), PATIENCE_MS);
  const answer = await natives.fetch(prefix + "/link", {
    method: "POST",
    body: JSON.stringify({ site, ...more }),
    headers: { "Content-Type": "text/plain" },
    keepalive: true,
    signal: own.signal,
  });
  const said: Answer = answer.ok ? await answer.json() : {};
  if (debug && said.why) console.info("[goalpost] no link between hosts:", said.why);
  return said;
};

/** Takes the token out of the address, and gives it; empty if there is none. */
const takeToken = (): string => {
  let token = "";
  const url = new URL(location.href);
  url.search = url.search
    .slice(1)
    .split("&")
    .filter((pair) => {
      const isOurs = pair.startsWith(NAME + "=");
      if (isOurs) token = pair.slice(NAME.length + 1);
      return !isOurs;
    })
    .join("&");
  if (url.href != location.href) history.replaceState(history.state, "", url.href);
  return token;
};

/**
 * Takes the token out of the address. Gives what hands it to the edge, once the visitor has agreed, and
 * then tells the record with which the visit goes on; nothing if it does not.
 */
export const arrive = (host: Host, record: () => string): (() => Promise<string>) => {
  let token = "";
  try {
    token = takeToken();
  } catch {
    // The page may not change its address.
  }
  return async () => {
    const before = record();
    const own = token;
    token = "";
    // Whom the edge must still forget, nobody may bring back.
    if (!own || before == "-" || host.cookieless) return "";
    try {
      const from = document.referrer && new URL(document.referrer).hostname;
      const joined = (await ask(host, { record: before, host: from, token: own })).record ?? "";
      // Meanwhile another tab may have begun the visit.
      return record() == before ? joined : "";
    } catch {
      return "";
    }
  };
};

/** Looks after the links and forms that lead to another of the hosts that follow slashes in `words`. */
export const leave = (host: Host, words: string, record: () => string): void => {
  const [, ...hosts] = words.split("/");
  const tokens = new Map<string, { at: number; token?: string }>();

  /** The first link or form of an event's way outwards that leads there, and the attribute that says so. */
  const aim = (event: Event): [element: Element, attribute: string, url: URL] | undefined => {
    for (const node of event.composedPath()) {
      const attribute = node instanceof HTMLFormElement ? "action" : /^a(rea)?$/.test((node as Element).localName) ? "href" : "";
      const address = attribute && (node as Element).getAttribute(attribute);
      if (address) {
        const url = new URL(address, document.baseURI);
        const isOther = url.hostname != location.hostname && hosts.includes(url.hostname);
        return isOther && /^http/.test(url.protocol) ? [node as Element, attribute, url] : undefined;
      }
    }
    return undefined;
  };

  /** Without a record nobody has agreed, or somebody has withdrawn it. */
  const isKnown = () => record().length > 1;

  const prepare = (event: Event) => {
    const name = aim(event)?.[2].hostname;
    if (!name || !isKnown() || Date.now() - (tokens.get(name)?.at ?? 0) < FRESH_MS) return;
    const entry: { at: number; token?: string } = { at: Date.now() };
    tokens.set(name, entry);
    ask(host, { record: record(), host: name }).then(
      ({ token }) => (entry.token = token),
      () => {},
    );
  };

  const go = (event: Event) => {
    const found = aim(event);
    if (!found || (event as MouseEvent).button > 1 || !isKnown()) return;
    const [element, attribute, url] = found;
    // A click within a form leads nowhere yet, and a button may have an address of its own.
    if ((attribute == "action") != (event.type == "submit")) return;
    if ((event as SubmitEvent).submitter?.hasAttribute("formaction")) return;
    const { at, token } = tokens.get(url.hostname) ?? { at: 0 };
    if (!token || Date.now() - at > FRESH_MS * 1.5) return;
    // A form that gets has its fields for a query.
    if (attribute == "action" && !/post/i.test(element.getAttribute("method") ?? "")) {
      const add = ({ formData }: FormDataEvent) => {
        // The page may have turned it elsewhere by now.
        const { hostname } = new URL(element.getAttribute(attribute)!, document.baseURI);
        if (!event.defaultPrevented && hostname == url.hostname) formData.set(NAME, token);
      };
      element.addEventListener("formdata", add as EventListener, { once: true });
      return;
    }
    const before = element.getAttribute(attribute)!;
    url.search += `${url.search && "&"}${NAME}=${token}`;
    element.setAttribute(attribute, url.href);
    // The browser has read it by then; nobody who copies the link is to find it there.
    host.natives.setTimeout(() => {
      if (element.getAttribute(attribute) == url.href) element.setAttribute(attribute, before);
    });
  };

  const hear = (types: string, work: (event: Event) => void) => {
    const quietly = (event: Event) => {
      try {
        work(event);
      } catch {
        // The page must not notice.
      }
    };
    for (const type of types.split(" ")) document.addEventListener(type, quietly, { capture: true, passive: true });
  };
  hear("pointerover pointerdown focusin keydown", prepare);
  hear("click auxclick submit", go);
};
