import { readFileSync } from "node:fs";
import { explain as explained, initSync, read } from "goalpost-plan";
import type { Plan, PlanProblem } from "./generated/plan.js";

export type { Plan, PlanProblem } from "./generated/plan.js";

/* The core that the edge runs, for Node: tools and tests ask it what a plan means before it is published. */

/** Why a definition did or did not happen. */
export interface Why {
  definition: string;
  happened: boolean;
  why: string;
}

/** Something seen, as a beacon's item says it: `{ kind: "page", path: "/" }`. */
export interface Observation {
  kind: "page" | "click" | "submit" | "media" | "event" | "commerce" | "trigger" | "identify";
  path: string;
  name?: string;
  properties?: Record<string, unknown>;
  [fact: string]: unknown;
}

/** A plan that is not one; its message names each place and its fix. */
export class PlanError extends Error {
  override name = "PlanError";
  constructor(readonly problems: PlanProblem[]) {
    super(problems.map(({ path, text }) => `${path}: ${text}`).join("\n"));
  }
}

let isReady = false;

const core = (): void => {
  if (isReady) return;
  initSync({ module: readFileSync(new URL("./plan.wasm", import.meta.url)) });
  isReady = true;
};

/** An observation needs an id and a place only where it is stored. */
const UNSTORED = { id: "01900000-0000-7000-8000-000000000000", seq: 0 };

const text = (plan: unknown): string => (typeof plan === "string" ? plan : JSON.stringify(plan));

/** Everything that is wrong with a plan, given as JSON text or as what it says; nothing if it is right. */
export const checkPlan = (plan: unknown): PlanProblem[] => {
  core();
  return (JSON.parse(read(text(plan))) as { problems?: PlanProblem[] }).problems ?? [];
};

/** The whole plan: with the predefined groups and outcomes, without what is switched off. */
export const readPlan = (plan: unknown): Plan => {
  core();
  const found = JSON.parse(read(text(plan))) as { problems: PlanProblem[] } | { plan: Plan };
  if ("problems" in found) throw new PlanError(found.problems);
  return found.plan;
};

/** Why each definition of a plan would or would not happen. */
export const explain = (plan: unknown, observation: Observation): Why[] => {
  core();
  const item = JSON.stringify({ ...UNSTORED, ...observation });
  const found = JSON.parse(explained(text(plan), item)) as { problems: PlanProblem[] } | { definitions: Why[] };
  if ("problems" in found) throw new PlanError(found.problems);
  return found.definitions;
};
