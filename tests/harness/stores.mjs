// Stores that fail, between the Worker and its own.

import { join } from "node:path";

/**
 * The Worker as it is built, within one that hands it stores which fail as they are told to:
 *
 * * `{ commits: text, times }`: so many transactions of the first database are done, and then fail;
 * * `{ unread: text }`: the cache throws where a key has this text in it.
 */
const FAILING = `
  import Worker from "./index.js";
  export * from "./index.js";
  let faults = {};
  const like = (target, own) => new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(own, name)) return own[name];
      const value = Reflect.get(target, name);
      return typeof value === "function" && name !== "constructor" ? value.bind(target) : value;
    },
  });
  const database = (target) => like(target, {
    async batch(statements) {
      const answers = await target.batch(statements);
      // What stores messages is many statements; what reads a plan is one.
      if (statements.length > 1 && faults.times > 0) {
        faults.times -= 1;
        throw new Error(faults.commits);
      }
      return answers;
    },
  });
  const cache = (target) => like(target, {
    async get(key, ...rest) {
      if (faults.unread && key.includes(faults.unread)) throw new Error("KV GET failed: 500");
      return target.get(key, ...rest);
    },
  });
  export default class extends Worker {
    constructor(context, env) {
      super(context, { ...env, DB: database(env.DB), PLANS: cache(env.PLANS) });
    }
    async fetch(request) {
      const told = request.headers.get("x-faults");
      if (told === null) return super.fetch(request);
      faults = JSON.parse(told);
      return new Response();
    }
  }`;

/** Has the Worker of these options use them. */
export function failingStores(worker) {
  const path = join(worker.modulesRoot, "failing-stores.js");
  worker.modules = [{ type: "ESModule", path, contents: FAILING }, ...worker.modules];
}

/** How they fail from now on; without faults they do not. */
export const tell = (worker, faults = {}) =>
  fetch(worker.url, { headers: { "x-faults": JSON.stringify(faults) } });
