// What a beacon's way asks of the runtime, each in one call: crossing from wasm costs more than
// what is done there.

const HEADERS = ["origin", "referer", "user-agent", "cookie", "sec-gpc", "dnt"];

/** What a request says of itself, one value a line: no header's value holds a line's end. */
export function heard(request) {
  const lines = HEADERS.map((name) => request.headers.get(name) ?? "");
  return [...lines, request.cf?.country ?? "", request.url].join("\n");
}

/** The answer to a page: origin and cookie are empty where none is to be set. */
export function answer(text, origin, cookie) {
  const headers = {
    "Content-Type": "application/json",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "X-Goalpost": "1",
  };
  if (origin) {
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
