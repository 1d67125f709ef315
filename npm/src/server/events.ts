import type { Properties } from "../api.js";
import { signRequest } from "./sign.js";

/** Who it was. Addresses and numbers are hashed before anything is stored. */
export type Contact =
  | string
  | { customer?: string; email?: string; phone?: string; email_sha256?: string; phone_sha256?: string };

/** ISO 8601 with its offset, or Unix milliseconds. */
type Time = string | number;

/** When it happened: without a time it is now. `id` is your own name for it; with its time it makes a retry the same event. */
type Moment = { id: string; time: Time } | { id?: undefined; time?: Time };

/** What may stand beside what happened. */
interface Beside {
  contact?: Contact;
  /** The value of the cookie `gp_visitor`. */
  visitor?: string;
  session?: string;
  /** The person did it just now. */
  interactive?: boolean;
  properties?: Properties;
}

/** Money as decimal text, or a number that is read digit by digit. */
type Amount = string | number;

/** Something that a server saw. */
export type ServerEvent = Beside &
  Moment &
  (
    | { commerce: "purchase"; order: string; revenue: Amount; currency?: string }
    | { commerce: "refund"; order: string; time: Time; amount?: Amount; currency?: string; reason?: "refund" | "cancellation" | "return" }
    | { commerce: "view_item" | "add_to_cart" | "begin_checkout" }
    | { outcome: string; revenue?: Amount; currency?: string }
    | { goal: string }
    | { event: string }
    | { identify: true }
  );

/** What became of one event. */
export interface EventResult {
  id: string;
  result: "stored" | "duplicate" | "conflict" | "quarantined" | "refused";
  /** The mistake and its fix. */
  problem?: string;
}

/** Where the events go, and what proves who sends them. */
export interface Connection {
  /** The edge's origin, such as `https://shop.example`. */
  edge: string;
  site: string;
  /** A token with the scope `events`, … */
  token?: string;
  /** … or one of the site's SIGNING_KEYS. */
  key?: string;
  /** Milliseconds between tries. */
  pauses?: number[];
}

/** Events that did not arrive. Send `unsent` again, as it is and whenever you like: nothing counts twice. */
export class SendError extends Error {
  override name = "SendError";
  constructor(
    message: string,
    /** What became of those before. */
    readonly results: EventResult[],
    /** The others, with the ids and times that they keep. */
    readonly unsent: ServerEvent[],
  ) {
    super(message);
  }
}

/** As much as the edge takes at once, less what stands around it. */
const EVENTS = 1_000;
const BYTES = 1_000_000;
const AROUND = '{"events":[]}';

const PAUSES_MS = [1_000, 5_000, 30_000];
const PATIENCE_MS = 30_000;

/** Lists of events, each with its text, that fit into one request. */
export const batches = (events: ServerEvent[]): { events: ServerEvent[]; body: string }[] => {
  const found: { events: ServerEvent[]; texts: string[]; bytes: number }[] = [];
  const encoder = new TextEncoder();
  for (const event of events) {
    const text = JSON.stringify(event);
    const bytes = encoder.encode(text).length + 1;
    let last = found.at(-1);
    if (!last || last.texts.length === EVENTS || last.bytes + bytes > BYTES) {
      last = { events: [], texts: [], bytes: AROUND.length };
      found.push(last);
    }
    last.events.push(event);
    last.texts.push(text);
    last.bytes += bytes;
  }
  return found.map(({ events, texts }) => ({ events, body: `{"events":[${texts.join(",")}]}` }));
};

/**
 * Reports events and tells what became of each, in their order. Without an answer the same text is
 * sent again: what was stored is found to be there, and counts once.
 */
export const send = async (to: Connection, events: ServerEvent[]): Promise<EventResult[]> => {
  const named = events.map(naming);
  const results: EventResult[] = [];
  for (const { events: batch, body } of batches(named)) {
    const answer = await answered(to, body);
    if (typeof answer === "string") throw new SendError(answer, results, named.slice(results.length));
    if (answer.length !== batch.length) throw new SendError("the edge answered for other events", results, named.slice(results.length));
    results.push(...answer);
  }
  return results;
};

/**
 * A retry is the same event only if it says the same id and time. What has a name of its own, or takes money
 * back, may be sent again by another process: the edge asks when it happened, and no other time will do.
 */
const naming = (event: ServerEvent): ServerEvent =>
  event.id !== undefined || ("commerce" in event && event.commerce === "refund")
    ? event
    : { ...event, id: crypto.randomUUID(), time: event.time ?? Date.now() };

const answered = async (to: Connection, body: string): Promise<EventResult[] | string> => {
  const pauses = to.pauses ?? PAUSES_MS;
  for (let tries = 0; ; tries += 1) {
    const { results, problem, after = 0, again } = await tried(to, body);
    if (results) return results;
    const pause = pauses[tries];
    if (!again || pause === undefined) return problem ?? "no answer";
    await new Promise((resolve) => setTimeout(resolve, Math.max(pause, after)));
  }
};

interface Answer {
  results?: EventResult[];
  problem?: string;
  /** Whether another try may help, and after how many milliseconds. */
  again?: boolean;
  after?: number;
}

const proofOf = async ({ token, key }: Connection, body: string): Promise<Record<string, string>> => {
  if (token) return { authorization: `Bearer ${token}` };
  if (!key) throw new TypeError("token: is missing; write one with the scope events, or the site's key");
  // Each try is signed anew: a signature holds for five minutes.
  return { "goalpost-signature": await signRequest(body, key) };
};

const tried = async (to: Connection, body: string): Promise<Answer> => {
  const { edge, site } = to;
  let proof: Record<string, string>;
  try {
    proof = await proofOf(to, body);
  } catch (problem) {
    return { problem: (problem as Error).message };
  }
  try {
    const response = await fetch(`${edge.replace(/\/+$/, "")}/api/v1/sites/${site}/events`, {
      method: "POST",
      headers: { "content-type": "application/json", ...proof },
      body,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { status } = response;
    const after = Number(response.headers.get("retry-after")) * 1_000 || 0;
    // A proxy's page is none of the edge's: then its status says more.
    const answer: { results?: EventResult[]; detail?: string } = await response.json().catch(() => ({}));
    if (response.ok && answer.results) return { results: answer.results };
    return { again: response.ok || status >= 500 || status === 429, after, problem: answer.detail ?? `the edge answered ${status}` };
  } catch (problem) {
    return { again: true, problem: `no answer: ${(problem as Error).message}` };
  }
};
