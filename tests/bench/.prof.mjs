import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
const require = createRequire(import.meta.url);
const WebSocket = require("ws");
export async function profile(port, name, work, out) {
  const list = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const target = list.find((it) => it.id.endsWith(name) || it.title?.includes(name));
  const url = target.webSocketDebuggerUrl;
  const ws = new WebSocket(url.replace("localhost","127.0.0.1"));
  await new Promise((r, j) => { ws.on("open", r); ws.on("error", j); });
  let id = 0; const waiting = new Map();
  ws.on("message", (m) => { const x = JSON.parse(m); if (x.id && waiting.has(x.id)) { waiting.get(x.id)(x); waiting.delete(x.id); } });
  const call = (method, params = {}) => new Promise((r) => { id++; waiting.set(id, r); ws.send(JSON.stringify({ id, method, params })); });
  await call("Profiler.enable");
  await call("Profiler.setSamplingInterval", { interval: 100 });
  await call("Profiler.start");
  await work();
  const { result, error } = await call("Profiler.stop");
  if (error) throw new Error(JSON.stringify(error));
  writeFileSync(out, JSON.stringify(result.profile));
  ws.close();
  const self = new Map(); let total = 0;
  const byId = new Map(result.profile.nodes.map((n) => [n.id, n]));
  result.profile.samples.forEach((s, i) => {
    const n = byId.get(s); const k = `${n.callFrame.functionName || "(anon)"} ${n.callFrame.url.split("/").pop()}:${n.callFrame.lineNumber}:${n.callFrame.columnNumber}`;
    const d = result.profile.timeDeltas[i] ?? 0;
    self.set(k, (self.get(k) ?? 0) + d); total += d;
  });
  return { total, self: [...self].sort((a, b) => b[1] - a[1]) };
}
