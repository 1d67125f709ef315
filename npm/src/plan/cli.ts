import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { checkPlan } from "../wasm.js";
import { typesOf } from "./types.js";

const USAGE = `goalpost plan check <plan>                   what is wrong with a plan
goalpost plan types <plan> [--out <file>]    types for track and trigger

<plan> is a file, or the address of a site's plan at its edge, such as
https://shop.example/api/v1/sites/your-site/plan; the token is read from GOALPOST_TOKEN.
`;

const planAt = async (place: string): Promise<string> => {
  if (!/^https?:\/\//.test(place)) return readFileSync(place, "utf8");
  const token = process.env.GOALPOST_TOKEN;
  const response = await fetch(place, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  if (!response.ok) throw new Error(`${place} answered ${response.status}; is GOALPOST_TOKEN a token that may read the plan?`);
  return response.text();
};

const run = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: "string", short: "o" } },
  });
  const [topic, verb, place] = positionals;
  if (topic !== "plan" || !place || (verb !== "check" && verb !== "types")) throw new Error(USAGE);
  const plan = await planAt(place);
  if (verb === "check") {
    const problems = checkPlan(plan);
    if (problems[0]) throw new Error(problems.map(({ path, text }) => `${path}: ${text}`).join("\n"));
    process.stdout.write("The plan is right.\n");
  } else if (values.out) {
    writeFileSync(values.out, typesOf(plan));
  } else {
    process.stdout.write(typesOf(plan));
  }
};

run().catch((problem: Error) => {
  console.error(problem.message);
  process.exitCode = 1;
});
