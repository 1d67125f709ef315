import type { CommerceStep, ConditionSource, Plan, When } from "../generated/plan.js";
import { readPlan } from "../wasm.js";

/** What a page or a shop calls each step of a purchase: GA4's name and Segment's. */
const STEPS: Record<CommerceStep, string> = {
  view_item: "Product Viewed",
  add_to_cart: "Product Added",
  begin_checkout: "Checkout Started",
  purchase: "Order Completed",
  refund: "Order Refunded",
};

/** What a step's property may be called, each of these a name in `Commerce`. */
const ALIASES: Record<string, string[]> = {
  order: ["order", "order_id", "transaction_id"],
  revenue: ["revenue", "value", "total"],
  product: ["product", "product_id", "item_id", "sku"],
};

/** What every observation has of itself, so that no call passes it. */
const OWN = "path";

const MONEY = "string | number";
const ANY = "string | number | boolean";

/** The properties of one event or definition: those that it cannot do without, and the others. */
class Shape {
  readonly needed = new Map<string, string>();
  readonly known = new Map<string, string>();

  need(name: string | undefined, type: string): void {
    if (name && name !== OWN) this.needed.set(name, type);
  }

  knows(name: string, type: string): void {
    if (name === OWN) return;
    const before = this.known.get(name);
    const types = new Set([...(before?.split(" | ") ?? []), ...type.split(" | ")]);
    this.known.set(name, [...types].join(" | "));
  }

  /** With the conditions' own types where they say more than `need`. */
  private typeOf(name: string): string {
    return this.needed.get(name) ?? this.known.get(name) ?? ANY;
  }

  text(commerce: boolean): string {
    const alternatives: string[] = [];
    const fields: string[] = [];
    for (const name of [...new Set([...this.needed.keys(), ...this.known.keys()])].sort()) {
      const aliases = commerce ? ALIASES[name] : undefined;
      if (aliases && this.needed.has(name)) alternatives.push(`AnyOf<${aliases.map(quoted).join(" | ")}>`);
      else if (!aliases && !(commerce && /^(currency|token)$/.test(name))) {
        fields.push(`${quoted(name)}${this.needed.has(name) ? "" : "?"}: ${this.typeOf(name)}`);
      }
    }
    const own = fields.length ? `{ ${fields.join("; ")} }` : undefined;
    if (!commerce) return own ?? "Record<string, never>";
    return ["Commerce", ...alternatives, own].filter(Boolean).join(" & ");
  }
}

const quoted = (text: string): string => JSON.stringify(text);

/** Who is asked for 26 may say "26": the core compares texts. */
const typeMeeting = (value: unknown): string =>
  typeof value === "boolean" ? "boolean" : Number.isNaN(Number(value)) ? "string" : MONEY;

/** What a condition says of the properties it looks at. */
const conditionsOf = (condition: ConditionSource): [name: string, type: string][] => {
  if ("and" in condition) return condition.and.flatMap(conditionsOf);
  if (!("property" in condition)) return condition.any.flatMap(conditionsOf);
  const { property, ...test } = condition;
  const [operator, operand] = Object.entries(test)[0] as [string, unknown];
  if (/^(exists|is_not|none_of|not_contains)$/.test(operator)) return [[property, ANY]];
  if (/^(less|at_most|greater|at_least|between)$/.test(operator)) return [[property, MONEY]];
  const values = Array.isArray(operand) ? operand : [operand];
  return [[property, [...new Set(values.map(typeMeeting))].join(" | ")]];
};

/** The parts of a rule that a call of `track` can meet. */
const heard = (when: When | undefined): { name: string; commerce: boolean; conditions: ConditionSource[] }[] => {
  if (!when || when === "server") return [];
  const single = "page" in when || "event" in when || "commerce" in when || "click" in when || "submit" in when || "media" in when;
  if (!single) return "any" in when ? (when.any as When[]).flatMap(heard) : [];
  const conditions = [...(when.and ?? []), ...(when.any ?? [])];
  if ("event" in when) return [{ name: when.event, commerce: false, conditions }];
  return "commerce" in when ? [{ name: when.commerce, commerce: true, conditions }] : [];
};

/**
 * The text of a `.d.ts` that lets `track` and `trigger` take what a plan knows, and nothing else.
 *
 * A property is needed where the plan takes an amount from it, or counts each of its values, or
 * counts once per order; it is known where a condition looks at it.
 */
export const typesOf = (plan: unknown): string => {
  const { site, outcomes = [], goals = [], funnels = [] }: Plan = readPlan(plan);
  const written = (typeof plan === "string" ? JSON.parse(plan) : plan) as Plan;
  // As it is written, `true` is no text; the core compares texts only.
  const whens = new Map([...(written.outcomes ?? []), ...(written.goals ?? [])].map(({ id, when }) => [id, when]));
  const events = new Map<string, Shape>();
  const steps = new Map(Object.keys(STEPS).map((step) => [step, new Shape()]));
  const triggers = new Map<string, Shape>();
  const shapeIn = (shapes: Map<string, Shape>, name: string): Shape => {
    const found = shapes.get(name) ?? new Shape();
    shapes.set(name, found);
    return found;
  };

  for (const definition of [...outcomes, ...goals]) {
    const { id, count, dedup } = definition;
    const when = whens.get(id) ?? definition.when;
    const value = "value" in definition && definition.value && "property" in definition.value ? definition.value.property : undefined;
    const ask = (shape: Shape) => {
      shape.need(dedup, ANY);
      shape.need(value, MONEY);
      if (value) shape.knows("currency", "string");
      if (value) shape.knows("token", "string");
      if (count === "once_per_order") shape.need("order", MONEY);
    };
    for (const { name, commerce, conditions } of heard(when)) {
      const shape = shapeIn(commerce ? steps : events, name);
      ask(shape);
      for (const [property, type] of conditions.flatMap(conditionsOf)) shape.knows(property, type);
    }
    if (when !== "server") ask(shapeIn(triggers, id));
  }
  for (const step of funnels.flatMap(({ steps, exclude = [] }) => [...steps, ...exclude])) {
    if ("event" in step) shapeIn(events, step.event);
  }

  const lines = (shapes: Map<string, Shape>) =>
    [...shapes].map(([name, shape]) => `    ${quoted(name)}: ${shape.text(false)};`);
  const commerce = [...steps].flatMap(([step, shape]) =>
    [step, STEPS[step as CommerceStep]].map((name) => `    ${quoted(name)}: ${shape.text(true)};`),
  );
  const body = [...lines(events), ...commerce].join("\n");
  const names = ["AnyOf", "Commerce"].filter((name) => body.includes(name));
  return `// The plan of ${site}, by \`npx goalpost plan types\`: make it anew when the plan changes.

import type { ${names.join(", ")} } from "goalpost";

declare module "goalpost" {
  interface PlanEvents {
${body}
  }

  interface PlanDefinitions {
${lines(triggers).join("\n")}
  }
}
`;
};
