export { checkPlan, PlanError, readPlan } from "../wasm.js";
export type { Plan, PlanProblem } from "../generated/plan.js";
export { typesOf } from "./types.js";
