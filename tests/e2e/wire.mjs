// The wire between browser and Worker: it sees every request, and can hold, cut or change one.

import { request as connect, createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webm": "video/webm",
  ".webp": "image/webp",
  ".wasm": "application/wasm",
};

/** A part of a file, which the Worker's assets never give and WebKitGTK needs to play one again. */
async function part(answer, [, first, last], response) {
  const parts = [];
  for await (const part of answer) parts.push(part);
  const whole = Buffer.concat(parts);
  const from = Number(first);
  const to = Math.min(last === "" ? Infinity : Number(last), whole.length - 1);
  const { "transfer-encoding": _, ...headers } = answer.headers;
  response.writeHead(206, {
    ...headers,
    "accept-ranges": "bytes",
    "content-length": to + 1 - from,
    "content-range": `bytes ${from}-${to}/${whole.length}`,
  });
  response.end(whole.subarray(from, to + 1));
}

/** Opens a wire to the Worker at `target`. */
export async function openWire(target) {
  const wire = new Wire(target);
  await new Promise((done) => wire.server.listen(0, "127.0.0.1", done));
  wire.url = `http://localhost:${wire.server.address().port}`;
  return wire;
}

export class Wire {
  constructor(target) {
    this.target = new URL(target);
    /** Every request: when, method, path, headers, and of a beacon its body. */
    this.requests = [];
    this.pages = new Map();
    this.changes = [];
    this.clock = "";
    this.held = [];
    this.accidents = [];
    this.isCut = false;
    this.sockets = new Set();
    this.server = createServer((request, response) => this.pass(request, response));
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  /** Serves a page of the test's own. */
  serve(path, html, headers = {}, status = 200) {
    this.pages.set(path, { html, headers, status });
  }

  /** Answers to beacons come later by so much. */
  slowDown(ms) {
    this.lateness = ms;
  }

  /** Serves a folder; what it does not have is its index.html. */
  serveFolder(prefix, folder) {
    this.folder = { prefix, folder };
  }

  /** Changes the text of every page. */
  changePages(change) {
    this.changes.push(change);
  }

  /** Every page from now on has a clock that is ahead by this. */
  shiftClock(ms) {
    this.clock = `<script>{
      const RealDate = Date, real = Date.now, ahead = ${ms};
      Date.now = () => real.call(RealDate) + ahead;
      window.Date = new Proxy(RealDate, {
        construct: (target, args, self) =>
          Reflect.construct(target, args.length ? args : [Date.now()], self),
      });
    }</script>`;
  }

  change(html) {
    return this.changes.reduce((text, change) => change(text), html.replace(/<head>/, `$&${this.clock}`));
  }

  /** Requests whose path matches, from pages whose address does, get no answer until `release`. */
  hold(pattern, from = /^/) {
    this.holding = (path, page) => pattern.test(path) && from.test(page);
  }

  release() {
    this.holding = undefined;
    for (const go of this.held.splice(0)) go();
  }

  /** Every connection ends, and new ones do. */
  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.isCut = false;
  }

  /**
   * So many beacons reach the edge, and what it answers meets an accident: the connection is `reset`
   * before it, it is `cut` in the middle, or it `hangs` for ever.
   */
  spoil(accident, times) {
    this.accidents = Array(times).fill(accident);
  }

  beacons() {
    return this.requests.filter(({ method, path }) => method === "POST" && path === "/_g/c");
  }

  async pass(request, response) {
    const { method, url: path, headers } = request;
    const seen = { method, path, headers, body: "", time: Date.now() };
    this.requests.push(seen);
    if (this.isCut) return request.socket.destroy();
    const parts = [];
    try {
      for await (const part of request) parts.push(part);
    } catch {
      return;
    }
    const body = Buffer.concat(parts);
    if (path === "/_g/c") seen.body = body.toString();
    if (this.holding?.(path, headers.referer ?? "")) {
      await new Promise((go) => this.held.push(go));
    }
    if (this.lateness && path === "/_g/c") await new Promise((go) => setTimeout(go, this.lateness));
    if (this.isCut) return request.socket.destroy();
    const own = this.pages.get(path.split("?")[0]);
    if (own) {
      response.writeHead(own.status, { "content-type": TYPES[".html"], ...own.headers });
      return response.end(own.html);
    }
    if (this.folder && path.startsWith(this.folder.prefix)) return this.file(path, response);
    this.forward(request, body, response);
  }

  async file(path, response) {
    const { prefix, folder } = this.folder;
    const name = normalize(path.split("?")[0].slice(prefix.length)).replace(/^(\.\.[/\\])+/, "");
    const wanted = extname(name) ? name : "index.html";
    try {
      const content = await readFile(join(folder, wanted));
      response.writeHead(200, { "content-type": TYPES[extname(wanted)] ?? "text/plain" });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  }

  forward(request, body, response) {
    const { hostname, port } = this.target;
    const isChanged = this.changes.length > 0 || this.clock !== "";
    const headers = { ...request.headers, "accept-encoding": "identity" };
    if (isChanged) {
      // A page that the browser still has is as it was before the change.
      delete headers["if-none-match"];
      delete headers["if-modified-since"];
    }
    const upstream = connect(
      { hostname, port, method: request.method, path: request.url, headers },
      async (answer) => {
        const accident = request.url === "/_g/c" && this.accidents.pop();
        if (accident) return this.meet(accident, answer, response);
        const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
        if (range && answer.statusCode === 200) return part(answer, range, response);
        const isPage = /text\/html/.test(answer.headers["content-type"] ?? "");
        if (!isPage || !isChanged) {
          response.writeHead(answer.statusCode, answer.headers);
          answer.pipe(response);
          return;
        }
        const parts = [];
        for await (const part of answer) parts.push(part);
        const text = this.change(Buffer.concat(parts).toString());
        const { "content-length": _, "transfer-encoding": __, etag: ___, ...rest } = answer.headers;
        response.writeHead(answer.statusCode, rest);
        response.end(text);
      },
    );
    upstream.on("error", () => response.destroy());
    upstream.end(body);
  }

  async meet(accident, answer, response) {
    const parts = [];
    for await (const part of answer) parts.push(part);
    const whole = Buffer.concat(parts);
    if (accident === "reset") response.socket.resetAndDestroy();
    if (accident !== "cut") return;
    const { "transfer-encoding": _, ...headers } = answer.headers;
    response.writeHead(answer.statusCode, { ...headers, "content-length": whole.length });
    response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
  }

  async close() {
    this.release();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}
