// What a beacon's way asks of the runtime. Crossing between Rust and JavaScript costs more than what
// is done on either side, and a promise that Rust waits for costs the most. So JavaScript waits, and
// Rust decides in between.

/**
 * What a request says of itself, one value a line: no header's value holds a line's end. What the
 * platform says of it comes last, and whether the deployment takes browsers that a program drives.
 */
export function heard(request, env) {
  const header = (name) => request.headers.get(name) ?? "";
  const origin = header("origin");
  const { cf } = request;
  return [
    origin,
    // It speaks only where there is no origin.
    origin ? "" : header("referer"),
    header("user-agent"),
    header("cookie"),
    header("sec-gpc"),
    header("dnt"),
    cf?.country ?? "",
    request.url,
    header("sec-ch-ua"),
    cf?.asn ?? "",
    isKnownCrawler(cf) ? "1" : "",
    env.TAKE_HEADLESS ?? "",
  ].join("\n");
}

/** Whether the platform knows it as one; a score of 1 is its word for that, and not every plan has it. */
const isKnownCrawler = (cf) => {
  const management = cf?.botManagement;
  return Boolean(management?.verifiedBot || cf?.verifiedBotCategory || management?.score === 1);
};

/**
 * Serves a beacon: undefined if the request is none, or if its body must be counted while it is read.
 *
 * `decide` returns the site, the cookie, the answer and the message, one after the other on lines of
 * their own, or undefined if it cannot do so at once. Then, or if the queue fails, or if there are too
 * many such requests, `later` does it all.
 */
export function take(request, env, path, mostBytes, decide, later) {
  latest = { decide, later };
  isOver = false;
  if (request.method !== "POST" || !isAt(request.url, path)) return undefined;
  const length = request.headers.get("content-length");
  if (length === null || Number(length) > mostBytes) return undefined;
  return taken(request, env);
}

/** How often Rust ends on a body before it waits in quarantine: once, it may have been short of memory. */
const ENDS = 3;

/** How often it has ended, by the first item of a body: a page sends that again, and what came later with it. */
const ended = new Map();

/**
 * What Rust gave with the latest request, and whether it has ended since. A call would reach the memory of
 * the instance that comes next and harm it, so nothing is called until that has given something itself.
 */
let latest;
let isOver = false;
addEventListener("error", () => {
  isOver = true;
});

/** Whether Rust is there again in a moment: it begins anew with the next request. */
const beginsAnew = async () => {
  for (let moment = 0; isOver && moment < 20; moment += 1) await scheduler.wait(10);
  return !isOver;
};

/** Not now: the page comes again. */
const notNow = () => new Response(null, { status: 503, headers: { "Retry-After": "5", "Cache-Control": "no-store" } });

/**
 * The answer where Rust has ended on a body, by a fault or by a limit of the platform. A body on which it
 * ends again and again waits in quarantine as it came, and its page is at peace. Where no queue takes it,
 * its page keeps it. Nothing of it is read here.
 */
async function fault(env, body, problem) {
  // Its message may repeat what it could not read.
  console.error(`a beacon is not read: ${problem?.name}`);
  // The glue between Rust and JavaScript listens for this, and begins with a new instance.
  globalThis.reportError?.(problem);
  const text = new TextDecoder().decode(body);
  const first = text.indexOf('"id":', text.indexOf('"items":'));
  const key = text.slice(first, first + 48);
  const ends = (ended.get(key) ?? 0) + 1;
  if (ended.size >= 256) ended.clear();
  ended.set(key, ends);
  if (ends < ENDS) return notNow();
  const detail = "the edge ended on it again and again; replay it once the edge reads it";
  const refused = { reason: "poison", detail, body: base64(body) };
  try {
    await send(env.EVENTS, JSON.stringify({ received_at: Date.now(), content: { refused } }));
  } catch {
    return notNow();
  }
  return answer('{"results":{},"quarantined":"poison"}', "", "");
}

const base64 = (bytes) => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};

function isAt(url, path) {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  const end = start + path.length;
  return url.startsWith(path, start) && (end === url.length || url[end] === "?");
}

async function taken(request, env) {
  const body = await request.bytes();
  // Rust may have ended on another request meanwhile, and begun anew for a third.
  if (isOver && !(await beginsAnew())) return notNow();
  let decided;
  try {
    decided = latest.decide(heard(request, env), body);
    if (decided === undefined) return await latest.later(request, env, body, false);
  } catch (problem) {
    isOver = true;
    return fault(env, body, problem);
  }
  const cookie = decided.indexOf("\n") + 1;
  const text = decided.indexOf("\n", cookie) + 1;
  const message = decided.indexOf("\n", text) + 1;
  const site = decided.slice(0, cookie - 1);
  const slowly = async (isAboveLimit) =>
    isOver && !(await beginsAnew()) ? notNow() : latest.later(request, env, body, isAboveLimit);
  if (isCounted(env) && !(await admitted(env, request, site))) return slowly(true);
  try {
    await send(env.EVENTS, decided.slice(message));
  } catch {
    return slowly(false);
  }
  const origin = request.headers.get("origin") ?? "";
  return answer(decided.slice(text, message - 1), origin, decided.slice(cookie, text - 1));
}

const isCounted = (env) => env.RATE_SITE !== undefined || env.RATE_NETWORK !== undefined;

/**
 * Whether the limits admit one more request of the site, and of the site and the caller's network. The
 * address is looked at here alone, and nothing of it goes further than into the key of a limit.
 */
export async function admitted(env, request, site) {
  const address = request.headers.get("cf-connecting-ip") ?? "";
  const asked = await Promise.all([
    isWithin(env.RATE_SITE, site),
    isWithin(env.RATE_NETWORK, `${site} ${network(address)}`),
  ]);
  return asked.every(Boolean);
}

/** A limit that does not answer admits everybody. */
const isWithin = async (limit, key) => {
  try {
    return limit === undefined || (await limit.limit({ key })).success;
  } catch {
    return true;
  }
};

/** The /24 of an address of version 4, the /48 of one of version 6: what one household or office has. */
const network = (address) => {
  if (!address.includes(":")) return address.split(".", 3).join(".");
  const first = address.split("::", 1)[0].split(":").filter(Boolean);
  return [...first, "0", "0", "0"].slice(0, 3).join(":").toLowerCase();
};

/** The answer to a page: origin and cookie are empty where none is to be set. */
export function answer(text, origin, cookie) {
  const headers = {
    "Content-Type": "application/json",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Goalpost": "1",
  };
  if (origin === "null") {
    // Nobody's page: it may read what it has sent become, and never with anybody's cookie.
    headers["Access-Control-Allow-Origin"] = "*";
    headers["Access-Control-Expose-Headers"] = "X-Goalpost";
    headers.Vary = "Origin";
  } else if (origin) {
    // The page may be of another origin than the edge.
    headers["Access-Control-Allow-Origin"] = origin;
    headers["Access-Control-Allow-Credentials"] = "true";
    headers["Access-Control-Expose-Headers"] = "X-Goalpost";
    headers.Vary = "Origin";
  }
  if (cookie) headers["Set-Cookie"] = cookie;
  return new Response(text, { headers });
}

/** Hands a text to the queue. */
export function send(queue, text) {
  return queue.send(text, { contentType: "text" });
}

/**
 * Runs prepared statements as one transaction. Of each: how many rows it read, how many it wrote, how
 * long it took, how large the database is then, and its rows, each of one text.
 */
export async function batch(database, statements) {
  const answers = await database.batch(statements);
  return answers.map(({ results, meta }) => {
    const texts = (results ?? []).map((row) => Object.values(row)[0]);
    return [meta.rows_read, meta.rows_written, meta.duration, meta.size_after, ...texts];
  });
}
