// The shop's pages and every peer's collector, on one port over TLS and HTTP/2. Each run has hosts of
// its own, so that its requests can be told apart and nothing is cached or stored from the one before.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createSecureServer } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { goalpostFile } from "./goalpost.mjs";
import { pageOf, VIDEO } from "./pages.mjs";
import { answerOf, PROTOCOLS } from "./payloads.mjs";

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Opens the server. */
export async function openSink(bundles) {
  const sink = new Sink(
    bundles,
    createSecureServer({ ...(await certificate()), allowHTTP1: true }),
  );
  await new Promise((done) => sink.server.listen(0, "127.0.0.1", done));
  sink.port = sink.server.address().port;
  return sink;
}

/** A certificate of this run's own; the browser is told to take any. */
async function certificate() {
  const folder = await mkdtemp(join(tmpdir(), "goalpost-bench-"));
  const at = (name) => join(folder, name);
  const request = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=bench.test",
  ];
  try {
    await promisify(execFile)("openssl", [...request, "-keyout", at("key"), "-out", at("cert")]);
    return { key: await readFile(at("key")), cert: await readFile(at("cert")) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

class Sink {
  constructor(bundles, server) {
    this.bundles = bundles;
    this.server = server;
    this.runs = new Map();
    this.last = 0;
    this.sessions = new Set();
    server.on("session", (session) => {
      this.sessions.add(session);
      session.on("close", () => this.sessions.delete(session));
      session.on("error", () => {});
    });
    server.on("sessionError", () => {});
    server.on("request", (request, response) => {
      this.take(request, response).catch((problem) => {
        // What a cut connection leaves behind is no fault of ours.
        if (!request.aborted && !response.destroyed)
          console.error(`sink: ${request.url}: ${problem.stack}`);
        response.stream?.destroy();
      });
    });
  }

  /** Begins a run: `delay` is how long each collector's answer takes. */
  begin(peer, { delay = 0 } = {}) {
    const id = (this.last += 1);
    const run = new Run(id, peer, delay);
    this.runs.set(String(id), run);
    return run;
  }

  end(run) {
    this.runs.delete(String(run.id));
  }

  async take(request, response) {
    const { method, url: path, headers } = request;
    const host = request.authority ?? headers.host ?? "";
    const [, side, id] = host.match(/^(shop|collect)-(\d+)\.test/) ?? [];
    const run = this.runs.get(id);
    if (!run || run.isCut)
      return request.stream ? request.stream.close(8) : request.socket.destroy();
    const at = performance.now();
    const parts = [];
    for await (const part of request) parts.push(part);
    const asked = { method, path, headers, body: Buffer.concat(parts), at };
    const isGoalpost = path.startsWith("/_g/");
    const file = isGoalpost ? await goalpostFile(run, asked) : undefined;
    const isCollector = side === "collect" || (isGoalpost && !file?.isAsset);
    if (isCollector) run.note(asked);
    if (run.delay && (isCollector || file?.isDelayed)) await pause(run.delay);
    if (run.isCut) return response.stream.destroy();
    const [status, answerHeaders, content] = isGoalpost
      ? [file.status ?? 200, file.headers, file.content]
      : side === "collect"
        ? collected(run.peer, asked)
        : this.shown(run, asked);
    response.writeHead(status, answerHeaders);
    response.end(method === "HEAD" ? undefined : content);
  }

  /** The shop's own part: pages, the peer's bundle, the video. */
  shown(run, { path, headers, at }) {
    const [name] = path.split("?");
    if (name === "/bundle.js")
      return [
        200,
        { "content-type": "text/javascript", "cache-control": "no-store" },
        this.bundles[run.peer.entry].whole,
      ];
    if (name === "/walk.webm")
      return [200, { "content-type": "video/webm", "content-length": VIDEO.length }, VIDEO];
    if (name.startsWith("/mark/")) {
      run.marks[name.slice(6)] = { at, delivered: run.tally() };
      return [204, {}, ""];
    }
    if (name === "/favicon.ico") return [404, {}, ""];
    if (name === "/") {
      run.pageAt ??= at;
      if (/prerender/.test(headers["sec-purpose"] ?? "")) run.isPrerendered = true;
    }
    return [
      200,
      { "content-type": "text/html; charset=utf-8", ...run.peer.pageHeaders },
      pageOf(run.peer, path),
    ];
  }

  async close() {
    for (const session of this.sessions) session.destroy();
    await new Promise((done) => this.server.close(done));
  }
}

/** A vendor's collector, on another site than the page. */
function collected({ protocol }, request) {
  const { method, headers } = request;
  const cors = {
    "access-control-allow-origin": headers.origin ?? "*",
    "access-control-allow-credentials": "true",
    vary: "origin",
  };
  if (method === "OPTIONS") {
    const allowed = headers["access-control-request-headers"] ?? "";
    return [
      204,
      {
        ...cors,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": allowed,
        "access-control-max-age": "86400",
      },
      "",
    ];
  }
  const { status = 200, json, text, script } = answerOf(protocol, request);
  const type = json ? "application/json" : script ? "text/javascript" : "text/plain";
  return [
    status,
    { ...cors, "content-type": type, "cache-control": "no-store" },
    json ? JSON.stringify(json) : (script ?? text),
  ];
}

/** One visit, as the collector saw it. */
class Run {
  constructor(id, peer, delay) {
    this.id = id;
    this.peer = peer;
    this.delay = delay;
    this.isCut = false;
    this.requests = [];
    this.events = [];
    this.marks = {};
    this.shop = `https://shop-${id}.test`;
  }

  note(asked) {
    const { method, path, headers, body, at } = asked;
    const names = Object.entries(headers).filter(([name]) => typeof name === "string");
    const isPreflight = method === "OPTIONS";
    const { carries, read } = PROTOCOLS[this.peer.protocol];
    const isTelling = !isPreflight && method !== "HEAD" && carries.test(path.split("?")[0]);
    const query = path.split("?")[1] ?? "";
    this.requests.push({
      at,
      isPreflight,
      isTelling,
      path,
      payload: body.length + query.length,
      headers: names.reduce(
        (sum, [name, value]) => sum + name.length + String(value).length + 4,
        0,
      ),
    });
    if (!isTelling) return;
    for (const event of read(asked)) this.events.push({ ...event, at });
  }

  /** How many different events of each kind arrived, and how many came more than once. */
  tally() {
    const seen = { page: new Set(), click: new Set(), play: new Set(), other: new Set() };
    let doubled = 0;
    this.events.forEach(({ kind, id, seq }, place) => {
      // Without an id, a page view is itself; a click has at least its number.
      const key = id ?? (seq === undefined ? `at ${place}` : `number ${seq}`);
      if (seen[kind].has(key)) doubled += 1;
      seen[kind].add(key);
    });
    const { page, click, play, other } = seen;
    return { page: page.size, click: click.size, play: play.size, other: other.size, doubled };
  }

  /** How many of the events that the visit is made of have arrived. */
  delivered({ pages = 1, clicks = 20, plays = 1 } = {}) {
    const { page, click, play } = this.tally();
    return Math.min(page, pages) + Math.min(click, clicks) + Math.min(play, plays);
  }
}
