// What would be deployed, whether it can be, and the deployment itself.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Refusal } from "./wrangler.mjs";

/** How large a Worker may be once compressed, by plan, as the platform's documents said in November 2026. */
const LARGEST = { free: 3 * 1024 * 1024, paid: 10 * 1024 * 1024 };

const PLACEHOLDER = /^[0-]+$/;
const SECRET = "ADMIN_TOKEN_HASH";

/** What `wrangler.jsonc` still lacks: each with how to get it. */
export function lacking(config) {
  const found = [];
  if (!config.routes?.length && !config.route) {
    found.push("routes: name the shop's own host, as the comment in wrangler.jsonc shows");
  }
  for (const { database_id: id, database_name: name } of config.d1_databases ?? []) {
    if (!id || PLACEHOLDER.test(id)) found.push(`database_id of ${name}: npx wrangler d1 create ${name}`);
  }
  for (const { binding, id } of config.kv_namespaces ?? []) {
    if (!id || PLACEHOLDER.test(id)) found.push(`id of ${binding}: npx wrangler kv namespace create ${binding}`);
  }
  return found;
}

const queuesOf = ({ queues }) => {
  const named = [...(queues?.producers ?? []), ...(queues?.consumers ?? [])].map(({ queue }) => queue);
  return [...new Set(named)];
};

/** What must be there on the account before the first deployment: each with how to make it. */
export function neededFirst(config) {
  return [
    ...lacking(config),
    ...queuesOf(config).map((name) => `a queue: npx wrangler queues create ${name}`),
    ...(config.r2_buckets ?? []).map(({ bucket_name: name }) => `a bucket: npx wrangler r2 bucket create ${name}`),
    `a secret: npx wrangler secret put ${SECRET}    (the SHA-256 of your token, in hexadecimal)`,
  ];
}

const inTemporary = (work) => {
  const folder = mkdtempSync(join(tmpdir(), "goalpost-check-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const must = (answer, what) => {
  if (!answer.ok) throw new Refusal(`${what}. What wrangler said:\n\n${answer.text.trim()}`);
  return answer.text;
};

const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;

/** Bundles the Worker, and gives its compressed size and what wrangler says of its bindings. */
function bundled(wrangler) {
  return inTemporary((out) => {
    const text = must(wrangler.ask("deploy", "--dry-run", "--outdir", out), "The Worker cannot be bundled");
    const files = readdirSync(out).filter((name) => /\.(js|wasm)$/.test(name));
    const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(out, name))).length, 0);
    if (bytes > LARGEST.paid) {
      throw new Refusal(`The Worker has ${kib(bytes)} compressed, and the platform takes ${kib(LARGEST.paid)} at most`);
    }
    return { bytes, bindings: text.split("\n").filter((line) => line.startsWith("env.")) };
  });
}

/** Applies the migrations to empty databases on this machine. */
function migrated(wrangler) {
  let count = 0;
  for (const { binding, migrations_dir: folder } of wrangler.config.d1_databases) {
    inTemporary((out) => {
      const answer = wrangler.ask("d1", "migrations", "apply", binding, "--local", "--persist-to", out);
      must(answer, `The migrations of ${binding} do not apply to an empty database`);
    });
    count += readdirSync(join(wrangler.folder, folder)).filter((name) => name.endsWith(".sql")).length;
  }
  return count;
}

/** Says what would be deployed and what is to be done first. */
export function check(wrangler, say) {
  const { config } = wrangler;
  const { bytes, bindings } = bundled(wrangler);
  const fits = bytes <= LARGEST.free ? "both plans take it" : "the free plan does not take it";
  say(`The Worker "${config.name}": ${kib(bytes)} compressed; ${kib(LARGEST.free)} fit on the free plan, ${kib(LARGEST.paid)} on
the paid one: ${fits}. "limits" in wrangler.jsonc needs the paid plan.

With
${bindings.map((line) => `  ${line}`).join("\n")}
  cron ${config.triggers?.crons?.join(", ") || "none"}
  at ${config.routes?.map((route) => route.pattern ?? route).join(", ") || "no address yet"}

Its ${migrated(wrangler)} migrations apply to an empty database.

To be done once, before the first deployment:
${neededFirst(config).map((line) => `  - ${line}`).join("\n")}`);
}

/** Deploys: what could be wrong is asked first, and the tables come before the code that reads them. */
export function deploy(wrangler, say) {
  const { config } = wrangler;
  const missing = lacking(config);
  if (missing.length > 0) {
    throw new Refusal(`wrangler.jsonc is not filled in:\n${missing.map((line) => `  - ${line}`).join("\n")}`);
  }
  const who = wrangler.ask("whoami");
  if (!who.ok || /not authenticated/i.test(who.text)) {
    throw new Refusal("Nobody is logged in: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
  }
  for (const name of queuesOf(config)) {
    must(wrangler.ask("queues", "info", name), `The queue ${name} is not there: npx wrangler queues create ${name}`);
  }
  const secrets = wrangler.ask("secret", "list");
  if (!secrets.ok || !secrets.text.includes(`"${SECRET}"`)) {
    throw new Refusal(`The secret ${SECRET} is not there, and without it nobody can publish a plan:
npx wrangler secret put ${SECRET}    (the SHA-256 of your token, in hexadecimal)`);
  }
  check(wrangler, say);
  say("\nMigrations …");
  for (const { binding } of config.d1_databases) {
    const applied = wrangler.ask("d1", "migrations", "apply", binding, "--remote");
    must(applied, `The migrations of ${binding} were not applied, and no code was deployed`);
  }
  say("The Worker …");
  say(must(wrangler.ask("deploy"), "The Worker was not deployed; the tables are ready, and the last version works with them"));
  say("Deployed. /health under its address says whether every part is there.");
}
