// The Worker with a clock that each request sets by a header.

import { WorkerEntrypoint } from "cloudflare:workers";
import { setClock } from "./clock.mjs";
import Edge from "./index.js";

export * from "./index.js";

export default class extends WorkerEntrypoint {
  constructor(context, env) {
    super(context, env);
    this.edge = new Edge(context, env);
  }

  fetch(request) {
    setClock(Number(request.headers.get("x-now")));
    return this.edge.fetch(request);
  }

  queue(batch) {
    return this.edge.queue(batch);
  }
}
