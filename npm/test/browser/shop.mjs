/** A shop of a few pages that serves the loader and its files as the edge does, and the package's beside them, and keeps what arrives. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const bundled = fileURLToPath(new URL("../../dist/", import.meta.url));
const assets = fileURLToPath(new URL("../../../dist/assets/", import.meta.url));
const TYPES = { js: "text/javascript", wasm: "application/wasm", html: "text/html" };

const page = (attributes, stub, body) => `<!doctype html><html><head><meta charset="utf-8"><title>シューズ</title>
${stub ? "<script>window.goalpost=window.goalpost||function(){(goalpost.q=goalpost.q||[]).push([Date.now()].concat([].slice.call(arguments)))}</script>" : ""}
<script async src="/_g/gp.js" ${attributes}></script></head><body>${body}</body></html>`;

export const BODY = `<main id="shop"><p class="lead"><a id="buy" class="cta big" data-sku="alto" href="#bought"><span id="word">Buy</span></a></p>
<p id="plain">Plain words</p></main>`;

/**
 * Starts it. `refuse`, a regular expression, names assets that never arrive, `missing` those that are
 * not found; `csp` is sent with every page.
 */
export const openShop = async ({ attributes = 'data-site="shop" data-consent="granted"', stub = true, body = BODY, csp, refuse, missing } = {}) => {
  const beacons = [];
  const asked = [];
  const changed = new Set();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    asked.push(`${request.method} ${pathname}`);
    for (const look of changed) look();
    if (refuse?.test(pathname)) return;
    if (pathname === "/_g/c") {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const beacon = JSON.parse(Buffer.concat(chunks).toString());
        beacons.push({ ...beacon, type: request.headers["content-type"] });
        const results = Object.fromEntries(beacon.items.map(({ id }) => [id, "ok"]));
        response.writeHead(200, { "Content-Type": "application/json", "X-Goalpost": "1" });
        response.end(JSON.stringify({ results }));
        for (const look of changed) look();
      });
      return;
    }
    const file = /^\/_g\/((?:a\/\w+\/)?[\w.-]+)$/.exec(pathname)?.[1];
    if (file && !missing?.test(file)) {
      response.writeHead(200, { "Content-Type": TYPES[file.split(".").at(-1)] });
      response.end(readFileSync((/^a\/|^gp\.js$/.test(file) ? assets : bundled) + file));
    } else if (pathname.startsWith("/_g/") || pathname === "/favicon.ico") {
      response.writeHead(404).end();
    } else {
      const headers = { "Content-Type": TYPES.html };
      if (csp) headers["Content-Security-Policy"] = csp;
      response.writeHead(200, headers);
      response.end(pathname === "/blank" ? "<!doctype html><title>Blank</title>" : page(attributes, stub, body));
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    beacons,
    asked,
    items: () => beacons.flatMap(({ items }) => items),
    /** Waits until what has arrived is as wished. */
    until: (wish, patience = 20_000) =>
      new Promise((done, fail) => {
        const look = () => {
          if (!wish()) return;
          clearTimeout(timer);
          changed.delete(look);
          done();
        };
        const timer = setTimeout(() => {
          changed.delete(look);
          fail(new Error(`still not: ${wish}; arrived: ${JSON.stringify({ asked, beacons }, null, 1)}`));
        }, patience);
        changed.add(look);
        look();
      }),
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
};
