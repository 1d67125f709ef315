//! Every bound in one place, each with its reason.
//!
//! A bound is part of the wire contract: what one side sends, the other must accept.

/// Bytes of one beacon body. Browsers share 64 KiB among all `keepalive` requests and beacons in
/// flight, so a larger body is refused at the moment it matters most: when the page is left.
pub const BEACON_BYTES: usize = 60_000;

/// Items in one beacon: more than any page needs between two flushes, few enough for one statement.
pub const BEACON_ITEMS: usize = 500;

/// Bytes of one item's JSON: a purchase of [`ORDER_LINES`] as shops send them. Three of the largest
/// still fit into a body together.
pub const ITEM_BYTES: usize = 16_384;

/// Levels of lists and objects in one item or event: a purchase has three. What is stored is read by
/// SQL as well, which ends at a thousand, and then with everything that is asked about in one statement.
pub const ITEM_DEPTH: usize = 32;

/// Bytes of one queue message. Cloudflare Queues takes 128 KB; the rest is room for enrichment.
pub const MESSAGE_BYTES: usize = 100_000;

/// Bytes of an identifier that a person chose: site, definition, group, event name, property name.
pub const NAME_BYTES: usize = 64;

/// Bytes of a page path, a title, a referrer or a property's text.
pub const TEXT_BYTES: usize = 512;

/// Properties of one observation. GA4 takes 25 and Segment has no limit; 32 fits both in practice.
pub const PROPERTIES: usize = 32;

/// Order lines of one commerce observation.
pub const ORDER_LINES: usize = 50;

/// Elements of a click's path, from the clicked one outwards.
pub const PATH_ELEMENTS: usize = 6;

/// Attributes kept of one element.
pub const ELEMENT_ATTRIBUTES: usize = 8;

/// Definitions (goals and outcomes together) of one plan; the page looks at each for each observation.
pub const DEFINITIONS: usize = 256;

/// Groups of one plan.
pub const GROUPS: usize = 64;

/// Alternatives in one `when`, and conditions in one list.
pub const ALTERNATIVES: usize = 16;

/// Values in one `one_of` or `none_of`: a shop's product lines, not its products.
pub const TEST_VALUES: usize = 64;

/// Engagement points of one goal: room for any scale, and sums far below 2^53.
pub const POINTS: u32 = 1_000_000;

/// Bytes of what a page asks or tells about a link: two hosts, a record and a token.
pub const LINK_BYTES: usize = 2_048;

/// Hosts of one plan.
pub const HOSTS: usize = 64;

/// How deep `and` and `any` may nest.
pub const CONDITION_DEPTH: usize = 4;

/// Variable parts (`:name`, `*`) of one page pattern: keeps matching linear in practice.
pub const PATTERN_VARIABLES: usize = 8;

/// Bytes of a plan's JSON: a plan of 256 definitions is about 50 KB.
pub const PLAN_BYTES: usize = 262_144;

/// Bytes of a compiled plan that a page is willing to read.
pub const BROWSER_PLAN_BYTES: usize = 65_536;

/// Items waiting in the page: a burst of 1,000 and room beside it. Beyond it the newest is dropped
/// and counted, since an older item may be the purchase that a newer one only follows.
pub const OUTBOX_ITEMS: usize = 2_000;

/// Milliseconds a device clock may be off before it is corrected. Below it, what looks like drift
/// is mostly latency, and correcting for latency reorders a visitor's observations.
pub const CLOCK_DRIFT_MS: i64 = 300_000;

/// Milliseconds an observation may come from the past without a server's word: 30 days. What is
/// older is kept all the same, dated to the end of that span.
pub const BACKDATE_MS: i64 = 2_592_000_000;

/// Milliseconds of a session timeout: the shortest, the default of the field, and a day.
pub const SESSION_TIMEOUT_MS: (u32, u32, u32) = (1_000, 1_800_000, 86_400_000);

/// Funnels of one plan: each is looked for in every session of a report.
pub const FUNNELS: usize = 32;

/// Steps of one funnel: one step is no way, and nobody reads a chart of more than sixteen.
pub const FUNNEL_STEPS: (usize, usize) = (2, 16);

/// Milliseconds from a funnel's first step to its last: a minute, 30 days if unsaid, 90 days.
pub const FUNNEL_WINDOW_MS: (i64, i64, i64) = (60_000, 2_592_000_000, 7_776_000_000);

/// Milliseconds without a purchase that abandon a cart: a minute, an hour if unsaid, 30 days.
pub const CART_ABANDONED_MS: (i64, i64, i64) = (60_000, 3_600_000, 2_592_000_000);

/// Days before a conversion in which an arrival can have led to it: the fewest, the number if
/// unsaid, the most, which is as far as a report looks back for sessions.
pub const LOOKBACK_DAYS: (u32, u32, u32) = (1, 30, 90);

/// Seconds of dwelling that a definition may wait for: one, and an hour.
pub const DWELL_SECONDS: (u32, u32) = (1, 3_600);

/// Channels of a site's own, each looked at for every session.
pub const CHANNEL_RULES: usize = 64;

/// Segments of one plan: each is asked about each person that a page asks for.
pub const SEGMENTS: usize = 32;

/// Conditions of one segment, lists and negations counted.
pub const SEGMENT_CONDITIONS: usize = 32;

/// The highest number of times that a segment asks for.
pub const SEGMENT_TIMES: u32 = 1_000;

/// Bytes of a page's question for its segments: with it come the few items that are not stored yet.
pub const SEGMENT_BYTES: usize = 65_536;

/// Milliseconds that a segment looks back: a minute at least, ten years at most.
pub const SEGMENT_WINDOW_MS: (i64, i64) = (60_000, 315_360_000_000);

/// Hosts that are no referrers, beside the known ones.
pub const NOT_REFERRERS: usize = 64;

/// Rates of one plan: ten currencies, once a week for a year.
pub const RATES: usize = 512;

/// Bytes of an identity text: its kind, and a SHA-256 in hexadecimal or a customer's number.
pub const CONTACT_BYTES: usize = 128;

/// Milliseconds that observations are kept, where a plan gives them an end: 60 days, twice as long as a
/// browser's clock and memory are believed, and ten years.
pub const KEEP_OBSERVATIONS_MS: (i64, i64) = (5_184_000_000, 315_360_000_000);

/// Milliseconds that the quarantine is kept, where a plan gives it an end: a day, and ten years.
pub const KEEP_QUARANTINE_MS: (i64, i64) = (86_400_000, 315_360_000_000);

/// Identities of one person that one event names beside the first.
pub const IDENTITIES: usize = 8;

/// Events of one request of a server: what one transaction stores at the lowest cost per row.
pub const SERVER_EVENTS: usize = 1_000;

/// Bytes of one request of a server: a thousand events of a kilobyte.
pub const SERVER_BYTES: usize = 1_000_000;

/// Bytes of the id that a server gives to an event: two of the longest names, joined.
pub const EVENT_ID_BYTES: usize = 128;

/// Bytes of one site that may go to quarantine in one day: room for a mistake of the plan in a busy
/// shop, and too little for junk to fill a database of 10 GB within months.
pub const QUARANTINE_BYTES: i64 = 64_000_000;
