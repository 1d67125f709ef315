// A deployment as an operator has it who has no Rust: the packed edge, unpacked and run by npm.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { root, until } from "../harness/worker.mjs";

const run = promisify(execFile);

/** Node and the system's own programs: no cargo, no rustc. */
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
  CI: "1",
  WRANGLER_SEND_METRICS: "false",
};

export const freePort = async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
};

/** Packs the edge, installs it into a folder of its own, and makes a deployment with it. */
export async function deployment() {
  const folder = await mkdtemp(join(tmpdir(), "goalpost-edge-"));
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"];
  const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: join(root, "dist/edge-package") });
  const [{ filename }] = Object.values(JSON.parse(packed.stdout));
  const started = [];
  const within = (place) => async (program, ...args) => {
    const done = await run(program, args, { cwd: join(folder, place), env, maxBuffer: 1 << 24 });
    return done.stdout;
  };
  await within(".")("npm", "install", ...quiet, "--prefix", folder, join(folder, filename));
  const goalpost = (...args) => within(".")(process.execPath, join(folder, "node_modules/goalpost-edge/cli.mjs"), ...args);
  await goalpost("init", "edge");
  await within("edge")("npm", "install", ...quiet);
  return {
    folder: join(folder, "edge"),
    goalpost: (...args) => goalpost(...args, "edge"),
    wrangler: (...args) => within("edge")(join(folder, "edge/node_modules/.bin/wrangler"), ...args),
    /** Starts a program of the deployment, and waits until it serves. */
    serve: async (program, args, url, settings = {}) => {
      const child = spawn(program, args, { cwd: join(folder, "edge"), env: { ...env, ...settings }, detached: true });
      let said = "";
      for (const from of [child.stdout, child.stderr]) from.on("data", (text) => (said += text));
      started.push(child);
      const answers = async () => {
        if (child.exitCode !== null) throw new Error(`${program} ended:\n${said}`);
        return fetch(`${url}/health`).then(({ status }) => status === 200, () => false);
      };
      await until(answers, `${program} ${args.join(" ")} at ${url}`, 120_000).catch((problem) => {
        throw new Error(`${problem.message}\n${said}`);
      });
      return child;
    },
    remove: async () => {
      for (const child of started) kill(child, "SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Ends a program and all that it has started. */
export function kill(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (problem) {
    if (problem.code !== "ESRCH") throw problem;
  }
}
