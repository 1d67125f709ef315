// Generated from the Rust types; run `cargo xtask gen`.

/**
 * A site's outcomes and goals, with the settings they need.
 */
export type Plan = {
  /**
   * The site's id, as `data-site` of the snippet names it: small letters, digits and hyphens.
   */
  site: string;
  /**
   * The IANA time zone whose days count.
   */
  timezone?: string;
  /**
   * The ISO 4217 currency of amounts that name none, such as `JPY`.
   */
  currency: string;
  /**
   * The site's own host names, without scheme and port. Beacons from pages of other hosts are
   * dropped, and a link to another host is outbound. Over links between these, a visit goes on.
   */
  hosts: Array<string>;
  /**
   * Takes what pages without an origin send, such as a shop platform's sandboxed pixel. Nobody knows
   * then which page it was, so each of these observations is marked as `sandboxed`.
   */
  sandboxed?: boolean;
  /**
   * When a session ends.
   */
  session?: Session;
  /**
   * The groups of outcomes, beside the predefined ones. The id of a predefined group renames it.
   */
  groups?: Array<Group>;
  /**
   * Definitions with financial value, beside the predefined ones. The id of a predefined
   * outcome changes the fields that are written here, and leaves the others.
   */
  outcomes?: Array<Outcome>;
  /**
   * Definitions with engagement value.
   */
  goals?: Array<Goal>;
  /**
   * The first day of which the site's servers may report something, such as `2020-01-01`: what
   * is said to have happened before is refused. Without one, nothing is too old.
   */
  since?: string;
  /**
   * Channels of the site's own, looked at in this order before the default ones.
   */
  channels?: Array<Channel>;
  /**
   * Further hosts that people come back from and that brought nobody, such as a payment
   * provider's. The usual ones are known.
   */
  not_referrers?: Array<string>;
  /**
   * Ways of several steps.
   */
  funnels?: Array<Funnel>;
  /**
   * When a cart is abandoned.
   */
  carts?: Carts;
  /**
   * Which arrivals may have led to a conversion.
   */
  attribution?: Attribution;
  /**
   * What other currencies are worth in the plan's own, for totals over all of them.
   */
  rates?: Array<Rate>;
  /**
   * Who belongs together, by what they have done.
   */
  segments?: Array<Segment>;
  /**
   * How long single observations and the quarantine are kept.
   */
  retention?: Retention;
};

/**
 * Conditions that must all hold.
 */
export type AllConditions = {
  /**
   * The conditions.
   */
  and: Array<ConditionSource>;
};

/**
 * Conditions that must all hold.
 */
export type AllOfPerson = {
  /**
   * The conditions.
   */
  all: Array<PersonCondition>;
};

/**
 * Conditions of which at least one must hold.
 */
export type AnyCondition = {
  /**
   * The conditions.
   */
  any: Array<ConditionSource>;
};

/**
 * Conditions of which at least one must hold.
 */
export type AnyOfPerson = {
  /**
   * The conditions.
   */
  any: Array<PersonCondition>;
};

/**
 * Any one of these makes it happen.
 */
export type AnyTrigger = {
  /**
   * The triggers.
   */
  any: Array<TriggerSource>;
};

/**
 * Which arrivals may have led to a conversion.
 */
export type Attribution = {
  /**
   * How far back they may lie: a whole number of days, such as `30d`.
   */
  lookback?: string;
};

/**
 * When a cart is abandoned.
 */
export type Carts = {
  /**
   * Time without a purchase after which it is: a whole number of minutes, hours or days.
   */
  abandoned_after?: string;
};

/**
 * A channel of the site's own. An arrival falls in it if each list that is written has a value that
 * fits; the first channel that fits wins, before the default ones.
 */
export type Channel = {
  /**
   * Its name in reports. Several may share one, and it may be a default one's.
   */
  channel: string;
  /**
   * Sources: `utm_source`, else the referrer's host. Capitals do not matter. A `*` at the end or
   * the beginning of a value stands for anything.
   */
  source?: Array<string>;
  /**
   * Media: `utm_medium`, else what the referrer or the click id stands for.
   */
  medium?: Array<string>;
  /**
   * Campaigns: `utm_campaign`.
   */
  campaign?: Array<string>;
};

/**
 * Which element a click is about.
 */
export type ClickTarget = string | LinkTarget;

/**
 * An element was activated by mouse, touch, pen or keyboard.
 */
export type ClickTrigger = {
  /**
   * Which element.
   */
  click: ClickTarget;
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * A step of a purchase.
 */
export type CommerceStep = "view_item" | "add_to_cart" | "begin_checkout" | "purchase" | "refund";

/**
 * A step of a purchase, under the name that GA4 gives it. The properties are `order`,
 * `revenue`, `currency` and `product`.
 */
export type CommerceTrigger = {
  /**
   * Which step.
   */
  commerce: CommerceStep;
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * What must be true of an observation.
 */
export type ConditionSource = PropertyCondition | AllConditions | AnyCondition;

/**
 * How often a definition counts.
 */
export type Counting = "every" | "once_per_session" | "once_per_day" | "once_per_contact" | "once_per_order";

/**
 * A page was visible and used for so long, once for each page view.
 */
export type DwellTrigger = {
  /**
   * The time: a whole number of seconds or minutes, such as `30s` or `2m`, and an hour at
   * most.
   */
  dwell: string;
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * The page called `goalpost("track", name, properties)`.
 */
export type EventTrigger = {
  /**
   * The event's name.
   */
  event: string;
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * The same amount each time. Pages do not learn it.
 */
export type FixedValue = {
  /**
   * The amount as decimal text, such as `"120000"` or `"19.90"`.
   */
  fixed: string;
  /**
   * Its ISO 4217 currency; without one, the plan's.
   */
  currency?: string;
};

/**
 * A way of several steps, and how far people come on it.
 */
export type Funnel = {
  /**
   * Its id, unique among funnels: small letters, digits and hyphens.
   */
  id: string;
  /**
   * What people call it; without one, its id.
   */
  name?: string;
  /**
   * What may lie between its steps.
   */
  order?: FunnelOrder;
  /**
   * Whose way it is.
   */
  unit?: FunnelUnit;
  /**
   * The longest time from the first step to the last: a whole number of minutes, hours or days,
   * such as `45m`, `12h` or `30d`.
   */
  window?: string;
  /**
   * Its steps, from 2 to 16.
   */
  steps: Array<FunnelStep>;
  /**
   * Who does one of these on the way is not counted.
   */
  exclude?: Array<FunnelStep>;
};

/**
 * What may lie between the steps of a funnel.
 */
export type FunnelOrder = "loose" | "strict" | "any";

/**
 * One step of a funnel.
 */
export type FunnelStep = { "page": string } | { "commerce": CommerceStep } | { "definition": string } | { "event": string } | { "arrival": string };

/**
 * Whose way a funnel follows.
 */
export type FunnelUnit = "session" | "contact";

/**
 * A definition with engagement value.
 */
export type Goal = {
  /**
   * Its id, unique among goals and outcomes: small letters, digits and hyphens.
   */
  id: string;
  /**
   * What people call it; without one, its id.
   */
  name?: string;
  /**
   * What makes it happen. Without it, only `goalpost("trigger", id)` or a server does.
   */
  when?: When;
  /**
   * How often it counts.
   */
  count?: Counting;
  /**
   * A property that joins the counting key: each of its values counts for itself.
   */
  dedup?: string;
  /**
   * Its engagement value.
   */
  points?: number;
};

/**
 * A group of outcomes, for reports.
 */
export type Group = {
  /**
   * Its id: small letters, digits and hyphens.
   */
  id: string;
  /**
   * What people call it; without one, its id.
   */
  name?: string;
};

/**
 * Kinds of links.
 */
export type LinkKind = "tel" | "mailto" | "sms" | "download" | "outbound";

/**
 * A kind of link.
 */
export type LinkTarget = {
  /**
   * Which kind.
   */
  link: LinkKind;
};

/**
 * What a media element did.
 */
export type MediaStep = "play" | { "progress": number } | "complete";

/**
 * A video or audio element played, progressed or ended. The property `video` names it.
 */
export type MediaTrigger = {
  /**
   * What it did.
   */
  media: MediaStep;
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * A condition that must not hold.
 */
export type NoCondition = {
  /**
   * The condition.
   */
  not: PersonCondition;
};

/**
 * A definition with financial value.
 */
export type Outcome = {
  /**
   * Its id, unique among goals and outcomes: small letters, digits and hyphens.
   */
  id: string;
  /**
   * What people call it; without one, its id.
   */
  name?: string;
  /**
   * The group it belongs to. Only a predefined outcome already has one.
   */
  group?: string;
  /**
   * What makes it happen. Without it, only `goalpost("trigger", id)` or a server does.
   */
  when?: When;
  /**
   * How often it counts.
   */
  count?: Counting;
  /**
   * A property that joins the counting key: each of its values counts for itself.
   */
  dedup?: string;
  /**
   * What it is worth. Without it, it has no amount.
   */
  value?: ValueSource;
  /**
   * Switches a predefined outcome off.
   */
  off?: boolean;
};

/**
 * A page came into view: loaded, navigated to, or restored by the back button.
 */
export type PageTrigger = {
  /**
   * The path, as a pattern: `:name` is one segment and `*` anything, such as
   * `/guides/:topic`. A named segment is a property.
   */
  page: string;
  /**
   * Values that the address's query must have.
   */
  query?: { [key in string]: string };
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * Conversions of a goal or an outcome, of which there must be so many.
 */
export type PastCondition = {
  /**
   * The goal or the outcome.
   */
  done: string;
  /**
   * So many times or more, from 1.
   */
  at_least?: number;
  /**
   * So many times or fewer; 0 stands for never.
   */
  at_most?: number;
  /**
   * Just so many times.
   */
  exactly?: number;
  /**
   * Only what is at most that long ago counts: a whole number of minutes, hours or days, such as
   * `30d`. Without it, everything counts.
   */
  within?: string;
};

/**
 * Conversions of a group's outcomes, of which there must be so many, all taken together.
 */
export type PastOfGroup = {
  /**
   * The group.
   */
  group: string;
  /**
   * So many times or more, from 1.
   */
  at_least?: number;
  /**
   * So many times or fewer; 0 stands for never.
   */
  at_most?: number;
  /**
   * Just so many times.
   */
  exactly?: number;
  /**
   * Only what is at most that long ago counts: a whole number of minutes, hours or days, such as
   * `30d`. Without it, everything counts.
   */
  within?: string;
};

/**
 * What must be true of a person.
 */
export type PersonCondition = PastCondition | PastOfGroup | StageCondition | NoCondition | AllOfPerson | AnyOfPerson;

/**
 * What is wrong with a plan, where, and how to put it right.
 */
export type PlanProblem = {
  /**
   * The place in the plan, such as `outcomes[2].count`.
   */
  path: string;
  /**
   * What is wrong there, and the fix.
   */
  text: string;
};

/**
 * A property passes one test.
 */
export type PropertyCondition = {
  /**
   * The property: what the page passed, a named segment of the path, `path`, `host`, `title`,
   * `referrer`, a key of the query, an attribute of the element, or `video`.
   */
  property: string;
} & ({ "is": string | number | boolean } | { "is_not": string | number | boolean } | { "contains": string } | { "not_contains": string } | { "starts_with": string } | { "ends_with": string } | { "one_of": Array<string | number | boolean> } | { "none_of": Array<string | number | boolean> } | { "less": string | number } | { "at_most": string | number } | { "greater": string | number } | { "at_least": string | number } | { "between": [string | number, string | number] } | { "exists": boolean });

/**
 * The amount that a property of the observation names, as a claim of the page.
 */
export type PropertyValue = {
  /**
   * The property, such as `revenue`.
   */
  property: string;
  /**
   * The ISO 4217 currency where the property `currency` is missing; without one, the plan's.
   */
  currency?: string;
};

/**
 * What one unit of another currency is worth in the plan's own, from a day on until the next rate
 * of that currency.
 */
export type Rate = {
  /**
   * The other ISO 4217 currency.
   */
  currency: string;
  /**
   * Its worth as decimal text, such as `"149.50"`.
   */
  rate: string;
  /**
   * The first day on which it holds, in the plan's time zone.
   */
  from: string;
};

/**
 * How long is kept what figures do not need: the single observations, and what could not be stored.
 * Conversions, sessions and figures stay. What is not written here is kept for ever.
 */
export type Retention = {
  /**
   * Observations, from their arrival on: 60 days at least, such as `400d`. What a page has seen
   * longer ago than that is not taken any more.
   */
  observations?: string;
  /**
   * What waits in quarantine, from its arrival on: a day at least, such as `90d`.
   */
  quarantine?: string;
};

/**
 * A page was scrolled down so far, once for each page view.
 */
export type ScrollTrigger = {
  /**
   * The share of the way from top to bottom, in per cent.
   */
  scroll: number;
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * People of whom the same is true now. Content may be shown to them alone, and they can be listed.
 */
export type Segment = {
  /**
   * Its id, unique among segments, goals and outcomes: small letters, digits and hyphens.
   */
  id: string;
  /**
   * What people call it; without one, its id.
   */
  name?: string;
  /**
   * Who belongs to it.
   */
  when: PersonCondition;
};

/**
 * Only a server reports it; a page that claims it is not believed.
 */
export type ServerWord = "server";

/**
 * When a visitor's session ends.
 */
export type Session = {
  /**
   * Time without activity that ends it: a whole number of seconds, minutes or hours, such as
   * `90s`, `30m` or `1h`, and a day at most.
   */
  timeout?: string;
  /**
   * Whether a new day of the plan's time zone begins a new session.
   */
  split_at_midnight?: boolean;
  /**
   * Whether a page view with the names of another campaign begins a new session.
   */
  split_by_campaign?: boolean;
};

/**
 * The stage of a contact on the way to becoming a customer.
 */
export type StageCondition = {
  /**
   * `visitor`, `marketing_lead`, `sales_lead`, `opportunity`, `customer`, `lost` or `cancelled`.
   */
  stage: "visitor" | "marketing_lead" | "sales_lead" | "opportunity" | "customer" | "lost" | "cancelled";
};

/**
 * A form was submitted. Its values are never read.
 */
export type SubmitTrigger = {
  /**
   * The form's selector, such as `form#newsletter`.
   */
  submit: string;
  /**
   * Conditions that must all hold.
   */
  and?: Array<ConditionSource>;
  /**
   * Conditions of which at least one must hold.
   */
  any?: Array<ConditionSource>;
};

/**
 * What must be seen.
 */
export type TriggerSource = PageTrigger | ClickTrigger | SubmitTrigger | MediaTrigger | ScrollTrigger | DwellTrigger | EventTrigger | CommerceTrigger;

/**
 * What an outcome is worth.
 */
export type ValueSource = FixedValue | PropertyValue;

/**
 * What makes a definition happen.
 */
export type When = ServerWord | AnyTrigger | TriggerSource;
