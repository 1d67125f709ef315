// What someone would write by hand in JavaScript to take beacons: the peer of our collect.
//
// It answers as ours does and sends an equal message, but knows only one site and its host, and
// looks neither for crawlers nor for signals of refusal.

const MOST_BYTES = 60_000;
const MOST_ITEMS = 500;
const SITE = "shop";
const HOST = "shop.example";
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export default {
  async fetch(request, env) {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/_g/c") {
      return new Response(null, { status: 404 });
    }
    // The runtime ends a body at its stated length, and every browser states it.
    const length = request.headers.get("content-length");
    if (length === null || Number(length) > MOST_BYTES) return refused(413);
    const text = await request.text();
    let beacon;
    try {
      beacon = JSON.parse(text);
    } catch {
      return refused(400);
    }
    if (!isBeacon(beacon)) return refused(400);
    const origin = request.headers.get("origin") ?? "";
    if (beacon.site !== SITE) return refused(404);
    if (!URL.canParse(origin) || new URL(origin).hostname !== HOST) return refused(403);

    const known = cookie(request.headers.get("cookie") ?? "");
    const fields = {
      received_at: Date.now(),
      visitor: known,
      country: request.cf?.country,
      device: device(request.headers.get("user-agent") ?? ""),
    };
    // The beacon's own text: writing it anew would cost more.
    const head = JSON.stringify(fields).slice(0, -1);
    await env.EVENTS.send(`${head},"content":{"beacon":${text}}}`, { contentType: "text" });

    const results = {};
    for (const item of beacon.items) results[item.id] = "ok";
    const visitor = beacon.visitor ?? known;
    const headers = {
      "Content-Type": "application/json",
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
      "Referrer-Policy": "no-referrer",
      "Cache-Control": "no-store",
      "X-Goalpost": "1",
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Expose-Headers": "X-Goalpost",
      Vary: "Origin",
    };
    if (visitor) {
      const secure = request.url.startsWith("https:") ? "; Secure" : "";
      headers["Set-Cookie"] =
        `gp_visitor=${visitor}; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax${secure}`;
    }
    return new Response(JSON.stringify({ results, visitor }), { headers });
  },
};

function refused(status) {
  return new Response(null, { status });
}

function isBeacon(beacon) {
  return (
    beacon?.v === 1 &&
    typeof beacon.site === "string" &&
    typeof beacon.sent === "number" &&
    isId(beacon.page) &&
    (beacon.visitor === undefined || isId(beacon.visitor)) &&
    Array.isArray(beacon.items) &&
    beacon.items.length <= MOST_ITEMS &&
    beacon.items.every((item) => isId(item?.id) && typeof item.kind === "string")
  );
}

function isId(value) {
  return typeof value === "string" && ID.test(value);
}

function cookie(cookies) {
  return /(?:^|; )gp_visitor=([0-9a-f-]{36})(?:;|$)/.exec(cookies)?.[1];
}

function device(agent) {
  if (/iPad|Tablet/.test(agent) || (/Android/.test(agent) && !/Mobile/.test(agent))) return "tablet";
  return /Mobi|iPhone/.test(agent) ? "mobile" : "desktop";
}
