// Asks the Worker all that its OpenAPI document allows, and much that it does not: no answer may be
// an error of the server, or one that the document does not name. `SCHEMATHESIS` is its program.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sendMonth } from "../../examples/storefront/month/send.mjs";
import { month } from "../../examples/storefront/month/shoppers.mjs";
import { root, startWorker } from "../harness/worker.mjs";

const DAY = 86_400_000;
const TOKYO = 9 * 3_600_000;

/** What an answer is held to. */
const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "response_headers_conformance",
  "allow_header_conformance",
  "unsupported_method",
  "ignored_auth",
];

/** A month of few shoppers, so that the ids that are asked for are there. */
async function sendSome(worker, site) {
  const midnight = Math.floor((Date.now() + TOKYO) / DAY) * DAY - TOKYO;
  const door = {
    fetch: (path, init) => worker.miniflare.dispatchFetch(`${worker.url}${path}`, init),
    token: worker.token,
    site,
  };
  await sendMonth(door, month({ end: midnight, shoppers: 60 }));
  await worker.settle();
  await worker.rollUp();
}

/** The values of what a path names, as Schemathesis reads them. */
async function names(worker, site) {
  const read = async (path) => (await worker.admin(`${site}/${path}`)).json();
  const { contacts } = await read("reports/contacts");
  const { conversions } = await read("reports/conversions");
  const values = {
    site,
    contact: contacts[0].contact,
    observation: conversions.find((it) => it.evidence.observation).evidence.observation,
    version: 1,
  };
  const lines = Object.entries(values).map(([name, value]) => `"path.${name}" = ${JSON.stringify(value)}`);
  return ["[parameters]", ...lines, ""].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "goalpost-api-"));
const plan = JSON.parse(await readFile(join(root, "examples/storefront/plan.json"), "utf8"));
const worker = await startWorker({
  plan,
  signingKeys: { [plan.site]: [randomBytes(32).toString("hex")] },
});
try {
  await sendSome(worker, plan.site);
  const config = join(folder, "schemathesis.toml");
  await writeFile(config, await names(worker, plan.site));
  const call = spawn(
    process.env.SCHEMATHESIS ?? "schemathesis",
    [
      `--config-file=${config}`,
      "run",
      `${worker.url}/api/v1/openapi.json`,
      `--header=Authorization: Bearer ${worker.token}`,
      `--checks=${CHECKS.join(",")}`,
      "--continue-on-failure",
      "--no-color",
      "--warnings=off",
      // The same requests each time: what fails here fails again.
      "--seed=1",
      ...process.argv.slice(2),
    ],
    { cwd: folder, stdio: "inherit" },
  );
  process.exitCode = await new Promise((resolve, reject) => {
    call.once("error", reject);
    call.once("exit", (code) => resolve(code ?? 1));
  });
} finally {
  await worker.dispose();
  await rm(folder, { recursive: true });
}
