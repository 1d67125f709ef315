// A shop's server: it takes orders, signs what its thank-you page claims, and reports what only it
// knows: that an order was paid, and that a part of it was given back.

import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { report } from "./report.mjs";
import { orderToken } from "./sign.mjs";

/**
 * @param {{ url: string, site: string, key: string }} goalpost
 */
export function shop(goalpost) {
  const orders = new Map();

  const routes = {
    /** {"number", "amount", "currency", "email"} */
    "POST /orders": async (order, _, cookies) => {
      orders.set(order.number, { ...order, visitor: visitorOf(cookies), refunds: new Map() });
      return { page: `/thanks/${order.number}` };
    },
    /** The bank says that it was paid, perhaps more than once. */
    "POST /orders/:number/paid": async (_, order) => {
      order.paid ??= Date.now();
      return report(goalpost, [paid(order)]);
    },
    /** {"id", "amount"?}: without an amount, all of it. */
    "POST /orders/:number/refunds": async ({ id, amount }, { number, currency, refunds }) => {
      if (!refunds.has(id)) refunds.set(id, Date.now());
      const time = refunds.get(id);
      return report(goalpost, [{ id, time, commerce: "refund", order: number, currency, amount }]);
    },
    "GET /thanks/:number": async (_, order) => thanks(goalpost, order),
  };

  return createServer(async (request, response) => {
    const [, folder, number, what] = request.url.split("/");
    const path = [folder, number && ":number", what].filter(Boolean).join("/");
    const route = routes[`${request.method} /${path}`];
    const order = orders.get(number);
    try {
      if (!route || (number && !order)) return reply(response, 404, { problem: "no such order" });
      const { cookie = "" } = request.headers;
      reply(response, 200, await route(await json(request), order, cookie));
    } catch (problem) {
      reply(response, 502, { problem: problem.message });
    }
  });
}

/** Goalpost's cookie: no script may read it, but the shop's own server may. */
function visitorOf(cookies) {
  return /(?:^|;\s*)gp_visitor=([^;]+)/.exec(cookies)?.[1];
}

/** The id and the time are the order's own, so a second message of the bank is no second purchase. */
function paid({ number, paid, amount, currency, email, visitor }) {
  return {
    id: `${number}-paid`,
    time: paid,
    commerce: "purchase",
    order: number,
    revenue: amount,
    currency,
    contact: { email },
    visitor,
  };
}

/** What the page claims is as good as what the server says, because the server has signed it. */
function thanks({ url, site, key }, { number, amount, currency }) {
  const token = orderToken({ site, order: number, amount, currency }, key);
  const purchase = JSON.stringify({ order_id: number, revenue: amount, currency, token });
  return `<!doctype html>
<html lang="en">
  <title>Thank you</title>
  <script>
    window.goalpost=window.goalpost||function(){(goalpost.q=goalpost.q||[]).push([Date.now()].concat([].slice.call(arguments)))}
    goalpost("track", "purchase", ${purchase.replaceAll("<", "\\u003c")});
  </script>
  <script async src="${url}/_g/gp.js" data-site="${site}" data-consent="granted"></script>
  <h1>Thank you</h1>
</html>`;
}

async function json(request) {
  let text = "";
  for await (const part of request.setEncoding("utf8")) text += part;
  return text ? JSON.parse(text) : {};
}

function reply(response, status, body) {
  const html = typeof body === "string";
  response.writeHead(status, { "content-type": html ? "text/html" : "application/json" });
  response.end(html ? body : `${JSON.stringify(body, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { GOALPOST = "http://localhost:8787", SITE = "cloud-kicks", KEY, PORT = "8788" } = process.env;
  if (!KEY) throw new Error("KEY: is missing; set it to one of the site's SIGNING_KEYS");
  shop({ url: GOALPOST, site: SITE, key: KEY }).listen(Number(PORT), () => {
    console.log(`A shop's server: http://localhost:${PORT}`);
  });
}
