//! What became of every item, and whether all of them are accounted for.

use super::{Query, period::Period};
use crate::{
    bindings::Bindings,
    clock, database,
    http::{self, Failure, Outcome},
    openapi::shape,
    plans::Known,
    sink,
};
use goalpost_core::crawler::Doubt;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// How many items met one fate.
#[derive(Serialize, Deserialize)]
struct Tally {
    day: String,
    origin: String,
    fate: String,
    reason: String,
    sdk: String,
    form: String,
    count: i64,
}

/// The edge's tallies, and what browsers say that they let go.
const TALLIES: &str = "\
SELECT json_object(
  'day', day, 'origin', origin, 'fate', fate, 'reason', reason, 'sdk', sdk, 'form', form,
  'count', count)
FROM (
  SELECT day, origin, fate, reason, sdk, form, count FROM fates
  WHERE site = ?1 AND day BETWEEN ?2 AND ?3
  UNION ALL
  SELECT p.day, 'page', 'dropped', b.key, p.sdk, p.form, sum(b.value)
  FROM page_loads AS p INDEXED BY page_loads_with_losses, json_each(json_object(
    'overflow', p.overflow, 'consent', p.consent)) AS b
  WHERE p.site = ?1 AND p.day BETWEEN ?2 AND ?3 AND p.overflow + p.consent > 0 AND b.value > 0
  GROUP BY p.day, b.key, p.sdk, p.form
)
ORDER BY day, origin, fate, reason, sdk, form";

/// How often page and edge did not agree on a definition.
#[derive(Serialize, Deserialize)]
struct Disagreement {
    day: String,
    definition: String,
    sdk: String,
    form: String,
    claimed_only: i64,
    verdict_only: i64,
}

const DISAGREEMENTS: &str = "\
SELECT json_object(
  'day', day, 'definition', definition, 'sdk', sdk, 'form', form,
  'claimed_only', claimed_only, 'verdict_only', verdict_only)
FROM disagreements WHERE site = ?1 AND day BETWEEN ?2 AND ?3
ORDER BY day, definition, sdk, form";

/// What became of tokens that pages handed back.
#[derive(Serialize, Deserialize)]
struct Linked {
    day: String,
    outcome: String,
    count: i64,
}

const LINKS: &str = "\
SELECT json_object('day', day, 'outcome', outcome, 'count', count)
FROM links WHERE site = ?1 AND day BETWEEN ?2 AND ?3
ORDER BY day, outcome";

/// Observations that were stored though something speaks against them.
#[derive(Serialize, Deserialize)]
struct Doubted {
    day: String,
    doubt: String,
    count: i64,
}

const DOUBTS: &str = "\
SELECT json_object('day', day, 'doubt', doubt, 'count', count)
FROM doubts WHERE site = ?1 AND day BETWEEN ?2 AND ?3
ORDER BY day, doubt";

#[derive(Serialize)]
struct Days<'a> {
    site: &'a str,
    from: String,
    to: String,
    fates: Vec<Tally>,
    disagreements: Vec<Disagreement>,
    links: Vec<Linked>,
    doubts: Vec<Doubted>,
}

/// Answers the tallies by the day of arrival.
pub(super) async fn by_day(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    let site = known.plan.site.as_str();
    // Arrivals are counted in days of UTC, which every site shares.
    let period = Period::of(query, &goalpost_core::Zone::default(), clock::now())?;
    let values = [site, period.from.as_str(), period.to.as_str()];
    http::json(&Days {
        site,
        fates: summed(edge, TALLIES, &values).await?,
        disagreements: summed(edge, DISAGREEMENTS, &values).await?,
        links: database::rows(edge, LINKS, &values).await?,
        doubts: summed(edge, DOUBTS, &values).await?,
        from: period.from,
        to: period.to,
    })
}

/// A row that may be in several databases, each with a part of its count.
pub(super) trait Part: DeserializeOwned {
    /// What it is about, as [`summed`] orders it.
    fn key(&self) -> [&str; 6];
    /// Adds what another database has of the same.
    fn add(&mut self, other: &Self);
    /// Whether there is anything to tell.
    fn something(&self) -> bool;
}

impl Part for Tally {
    fn key(&self) -> [&str; 6] {
        [
            &self.day,
            &self.origin,
            &self.fate,
            &self.reason,
            &self.sdk,
            &self.form,
        ]
    }

    fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
    }

    fn something(&self) -> bool {
        self.count != 0
    }
}

impl Part for Disagreement {
    fn key(&self) -> [&str; 6] {
        [&self.day, &self.definition, &self.sdk, &self.form, "", ""]
    }

    fn add(&mut self, other: &Self) {
        self.claimed_only = self.claimed_only.saturating_add(other.claimed_only);
        self.verdict_only = self.verdict_only.saturating_add(other.verdict_only);
    }

    fn something(&self) -> bool {
        true
    }
}

impl Part for Why {
    fn key(&self) -> [&str; 6] {
        [&self.fate, &self.reason, "", "", "", ""]
    }

    fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
    }

    fn something(&self) -> bool {
        self.count != 0
    }
}

impl Part for Doubted {
    fn key(&self) -> [&str; 6] {
        [&self.day, &self.doubt, "", "", "", ""]
    }

    fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
    }

    fn something(&self) -> bool {
        self.count != 0
    }
}

/// The rows of every database, those about the same added up, in the order of the statement.
pub(super) async fn summed<P: Part>(
    edge: &Bindings,
    sql: &str,
    values: &[&str],
) -> Result<Vec<P>, Failure> {
    let mut rows: Vec<P> = Vec::new();
    for part in edge.databases() {
        rows.extend(database::rows::<P>(part, sql, values).await?);
    }
    if edge.databases().len() < 2 {
        return Ok(rows);
    }
    rows.sort_by(|a, b| a.key().cmp(&b.key()));
    let mut sums: Vec<P> = Vec::new();
    for row in rows {
        match sums.last_mut() {
            Some(last) if last.key() == row.key() => last.add(&row),
            _ => sums.push(row),
        }
    }
    sums.retain(Part::something);
    Ok(sums)
}

/// What all page loads of a site have captured, and what became of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Balance {
    captured: i64,
    stored: i64,
    duplicate: i64,
    quarantined: i64,
    dropped: i64,
    waiting: i64,
    #[serde(default)]
    holds: bool,
    #[serde(default)]
    reasons: Vec<Why>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Why {
    fate: String,
    reason: String,
    count: i64,
}

impl Balance {
    /// How many items it is about.
    pub(crate) const fn captured(&self) -> i64 {
        self.captured
    }

    /// How many of them are stored.
    pub(super) const fn stored(&self) -> i64 {
        self.stored
    }

    /// What is left of the equation where nothing can wait any more: 0, or below it what has two fates.
    pub(super) fn difference(&self) -> i64 {
        self.waiting.min(0)
    }

    fn add(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.captured, other.captured),
            (&mut self.stored, other.stored),
            (&mut self.duplicate, other.duplicate),
            (&mut self.quarantined, other.quarantined),
            (&mut self.dropped, other.dropped),
            (&mut self.waiting, other.waiting),
        ] {
            *own = own.saturating_add(other);
        }
    }
}

const REASONS: &str = "\
SELECT json_object('fate', fate, 'reason', reason, 'count', sum(count))
FROM (
  SELECT fate, reason, count FROM fates
  WHERE site = ?1 AND origin = 'page' AND fate IN ('quarantined', 'dropped')
  UNION ALL
  SELECT 'dropped', b.key, b.value
  FROM page_loads AS p INDEXED BY page_loads_with_losses, json_each(json_object(
    'overflow', p.overflow, 'consent', p.consent)) AS b
  WHERE p.site = ?1 AND p.overflow + p.consent > 0 AND b.value > 0
)
GROUP BY fate, reason ORDER BY fate, reason";

/// The balance of a site.
pub(crate) async fn balance(edge: &Bindings, site: &str) -> Result<Balance, Failure> {
    let sql = format!(
        "SELECT json_object('captured', captured, 'stored', stored, 'duplicate', duplicate, \
         'quarantined', quarantined, 'dropped', dropped, 'waiting', waiting) \
         FROM ({}) WHERE site = ?1",
        sink::CONSERVATION
    );
    let mut balance = Balance::default();
    for part in edge.databases() {
        let found: Option<Balance> = database::row(part, &sql, &[site]).await?;
        balance.add(&found.unwrap_or_default());
    }
    Ok(Balance {
        // What waits cannot be less than nothing: then some item would have two fates.
        holds: balance.waiting >= 0,
        reasons: summed(edge, REASONS, &[site]).await?,
        ..balance
    })
}

#[derive(Serialize)]
struct Conservation<'a> {
    site: &'a str,
    #[serde(flatten)]
    balance: Balance,
}

/// Answers the balance.
pub(super) async fn conservation(edge: &Bindings, known: &Known) -> Outcome {
    let site = known.plan.site.as_str();
    http::json(&Conservation {
        site,
        balance: balance(edge, site).await?,
    })
}

/// The shape of the tallies.
pub(super) fn schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        ("from", shape::date("The first day, of UTC.")),
        ("to", shape::date("The last day, of UTC.")),
        (
            "fates",
            shape::list(shape::object(&[
                ("day", shape::date("The day of arrival, of UTC.")),
                (
                    "origin",
                    json!({
                        "enum": ["page", "other"],
                        "description": "Whether a page load counted it among what it captured.",
                    }),
                ),
                (
                    "fate",
                    json!({"enum": ["stored", "duplicate", "quarantined", "dropped"]}),
                ),
                (
                    "reason",
                    shape::text("Why; empty for what is stored and for copies."),
                ),
                ("sdk", shape::text("The SDK's version.")),
                ("form", shape::text("The form it ran in: wasm, js or raw.")),
                ("count", shape::integer("How many items.")),
            ])),
        ),
        (
            "disagreements",
            shape::list(shape::object(&[
                ("day", shape::date("The day of arrival, of UTC.")),
                (
                    "definition",
                    shape::text("The goal or outcome; empty if the plan has none such."),
                ),
                ("sdk", shape::text("The SDK's version.")),
                ("form", shape::text("The form it ran in.")),
                (
                    "claimed_only",
                    shape::integer("The page said so, the edge did not."),
                ),
                (
                    "verdict_only",
                    shape::integer("The edge said so, the page did not."),
                ),
            ])),
        ),
        (
            "links",
            shape::list(shape::object(&[
                ("day", shape::date("The day, of UTC.")),
                (
                    "outcome",
                    json!({
                        "enum": ["ok", "elsewhere", "malformed", "signature", "expired"],
                        "description": "`ok`: the visit went on; else why the token proved nothing.",
                    }),
                ),
                (
                    "count",
                    shape::integer("How many tokens of links between the site's hosts."),
                ),
            ])),
        ),
        (
            "doubts",
            shape::list(shape::object(&[
                ("day", shape::date("The day of arrival, of UTC.")),
                (
                    "doubt",
                    json!({
                        "enum": Doubt::ALL.map(Doubt::name),
                        "description": "What speaks against observations that were stored: they \
                                        come from a `data_centre`, or of a page without an origin.",
                    }),
                ),
                ("count", shape::integer("How many were stored with it.")),
            ])),
        ),
    ])
}

/// The fields of a balance.
pub(crate) fn balance_fields() -> Vec<(&'static str, Value)> {
    vec![
        (
            "captured",
            shape::integer("Items that page loads have captured, as far as is known here."),
        ),
        ("stored", shape::integer("Stored, once each.")),
        (
            "duplicate",
            shape::integer("Further copies, beside the equation."),
        ),
        (
            "quarantined",
            shape::integer("Kept with their bytes, to be replayed."),
        ),
        (
            "dropped",
            shape::integer("Let go on purpose, at the edge or in a browser."),
        ),
        ("waiting", shape::integer("Captured, and not arrived yet.")),
        (
            "holds",
            shape::boolean(
                "captured = stored + quarantined + dropped + waiting, with waiting ≥ 0.",
            ),
        ),
        (
            "reasons",
            shape::list(shape::object(&[
                ("fate", json!({"enum": ["quarantined", "dropped"]})),
                ("reason", shape::text("Why.")),
                ("count", shape::integer("How many items.")),
            ])),
        ),
    ]
}

/// The shape of the balance.
pub(super) fn conservation_schema() -> Value {
    let mut fields = vec![("site", shape::text("The site."))];
    fields.extend(balance_fields());
    shape::object(&fields)
}
