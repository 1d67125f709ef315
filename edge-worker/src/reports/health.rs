//! How a site is: whether every item has one fate, what the edge did not believe of browsers, and what
//! the nightly check found.

use super::{
    fates::{self, Balance},
    period::Period,
    query::Query,
};
use crate::{
    bindings::Bindings,
    clock, database,
    http::{self, Outcome},
    openapi::shape,
    plans::Known,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cmp::Reverse;

/// Items of one version of the SDK in one form.
#[derive(Serialize, Deserialize)]
struct Label {
    origin: String,
    sdk: String,
    form: String,
    captured: i64,
    stored: i64,
    duplicate: i64,
    quarantined: i64,
    dropped: i64,
    limited: i64,
    claimed_only: i64,
    verdict_only: i64,
}

impl fates::Part for Label {
    fn key(&self) -> [&str; 6] {
        [&self.origin, &self.sdk, &self.form, "", "", ""]
    }

    fn add(&mut self, other: &Self) {
        for (own, more) in [
            (&mut self.captured, other.captured),
            (&mut self.stored, other.stored),
            (&mut self.duplicate, other.duplicate),
            (&mut self.quarantined, other.quarantined),
            (&mut self.dropped, other.dropped),
            (&mut self.limited, other.limited),
            (&mut self.claimed_only, other.claimed_only),
            (&mut self.verdict_only, other.verdict_only),
        ] {
            *own = own.saturating_add(more);
        }
    }

    fn something(&self) -> bool {
        true
    }
}

/// The label is the sender's word, so there may be many: those of the most items.
const LABELS: &str = "\
SELECT json_object(
  'origin', origin, 'sdk', sdk, 'form', form, 'captured', sum(captured), 'stored', sum(stored),
  'duplicate', sum(duplicate), 'quarantined', sum(quarantined), 'dropped', sum(dropped),
  'limited', sum(limited), 'claimed_only', sum(claimed_only), 'verdict_only', sum(verdict_only))
FROM (
  SELECT
    'page' AS origin, sdk, form, captured, 0 AS stored, 0 AS duplicate, 0 AS quarantined,
    overflow + consent AS dropped, 0 AS limited, 0 AS claimed_only, 0 AS verdict_only
  FROM page_loads WHERE site = ?1
  UNION ALL
  SELECT
    origin, sdk, form, 0, iif(fate = 'stored', count, 0), iif(fate = 'duplicate', count, 0),
    iif(fate = 'quarantined', count, 0), iif(fate = 'dropped', count, 0),
    iif(fate = 'limited', count, 0), 0, 0
  FROM fates WHERE site = ?1
  UNION ALL
  SELECT 'page', sdk, form, 0, 0, 0, 0, 0, 0, claimed_only, verdict_only
  FROM disagreements WHERE site = ?1)
GROUP BY origin, sdk, form
ORDER BY sum(captured) + sum(stored) DESC, origin, sdk, form LIMIT 200";

/// What only pages, and what only the edge, saw to have happened.
pub(crate) const CLAIMS: &str = "\
SELECT json_array(coalesce(sum(claimed_only), 0), coalesce(sum(verdict_only), 0))
FROM disagreements WHERE site = ?1";

/// Conversions with an amount, of the days from `?2` to `?3`.
const AMOUNTS: &str = "\
SELECT json_object(
  'with_amount', count(*), 'claimed', coalesce(sum(money = 'claimed'), 0),
  'verified', coalesce(sum(money = 'verified'), 0))
FROM conversions INDEXED BY conversions_by_day
WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND money IS NOT NULL";

#[derive(Default, Deserialize)]
struct Amounts {
    with_amount: i64,
    claimed: i64,
    verified: i64,
}

impl Amounts {
    fn add(&mut self, other: &Self) {
        for (own, more) in [
            (&mut self.with_amount, other.with_amount),
            (&mut self.claimed, other.claimed),
            (&mut self.verified, other.verified),
        ] {
            *own = own.saturating_add(more);
        }
    }
}

/// A part of the nightly check.
#[derive(Serialize, Deserialize)]
struct Checked {
    part: String,
    night: String,
    done: bool,
    compared: i64,
    skipped: i64,
    rows_read: i64,
}

const CHECKED: &str = "\
SELECT json_object(
  'part', part, 'night', night, 'done', json(iif(done, 'true', 'false')), 'compared', compared,
  'skipped', skipped, 'rows_read', rows_read)
FROM checks WHERE site = ?1 ORDER BY part";

/// What it found.
#[derive(Serialize, Deserialize)]
struct Difference {
    part: String,
    what: String,
    detail: String,
    found_at: i64,
    seen_at: i64,
}

const FOUND: &str = "\
SELECT json_object(
  'part', part, 'what', what, 'detail', detail, 'found_at', found_at, 'seen_at', seen_at)
FROM differences WHERE site = ?1 ORDER BY found_at, part, what LIMIT 400";

/// Answers it.
pub(super) async fn health(edge: &Bindings, known: &Known) -> Outcome {
    let site = known.plan.site.as_str();
    let query = Query(Vec::new());
    let period = Period::of(&query, &known.rules.zone, clock::now())?;
    let days = [site, period.from.as_str(), period.to.as_str()];
    let balance: Balance = fates::balance(edge, site).await?;
    let mut labels: Vec<Label> = fates::summed(edge, LABELS, &[site]).await?;
    labels.sort_by_key(|own| Reverse(own.captured.saturating_add(own.stored)));
    let mut amounts = Amounts::default();
    let (mut refused, mut missed) = (0_i64, 0_i64);
    for part in edge.databases() {
        if let Some(own) = database::row::<Amounts>(part, AMOUNTS, &days).await? {
            amounts.add(&own);
        }
        if let Some((claimed, found)) = database::row::<(i64, i64)>(part, CLAIMS, &[site]).await? {
            refused = refused.saturating_add(claimed);
            missed = missed.saturating_add(found);
        }
    }
    let stored = balance.stored();
    http::json(&json!({
        "site": site,
        "difference": balance.difference(),
        "balance": balance,
        "labels": labels,
        "claims": {
            "refused": {"numerator": refused, "denominator": stored},
            "missed": {"numerator": missed, "denominator": stored},
        },
        "amounts": {
            "from": period.from,
            "to": period.to,
            "unverified": {"numerator": amounts.claimed, "denominator": amounts.with_amount},
            "verified": amounts.verified,
        },
        "check": {
            "parts": database::rows::<Checked>(edge, CHECKED, &[site]).await?,
            "differences": database::rows::<Difference>(edge, FOUND, &[site]).await?,
        },
    }))
}

/// A share, as whole numbers.
fn share(about: &str) -> Value {
    let mut share = shape::object(&[
        ("numerator", shape::integer("How many.")),
        (
            "denominator",
            shape::integer("Of how many; of 0, nothing is known."),
        ),
    ]);
    if let Value::Object(fields) = &mut share {
        fields.insert(String::from("description"), about.into());
    }
    share
}

/// The shape of the answer.
pub(super) fn schema() -> Value {
    shape::object(&[
        ("site", shape::text("The site.")),
        (
            "difference",
            shape::integer(
                "captured − stored − quarantined − dropped − waiting. It is 0; below, so many items have \
                 two fates.",
            ),
        ),
        ("balance", shape::object(&fates::balance_fields())),
        ("labels", labels_schema()),
        (
            "claims",
            shape::object(&[
                (
                    "refused",
                    share(
                        "What only pages said to have happened, and the edge refused, of stored items.",
                    ),
                ),
                (
                    "missed",
                    share("What only the edge saw to have happened, of stored items."),
                ),
            ]),
        ),
        (
            "amounts",
            shape::object(&[
                (
                    "from",
                    shape::date("The first of thirty days, in the site's time zone."),
                ),
                ("to", shape::date("The last.")),
                (
                    "unverified",
                    share("Conversions with an amount for which only a page stands."),
                ),
                (
                    "verified",
                    shape::integer("Those for which a server stands."),
                ),
            ]),
        ),
        ("check", check_schema()),
    ])
}

fn labels_schema() -> Value {
    shape::list(shape::object(&[
        (
            "origin",
            json!({
                "enum": ["page", "other"],
                "description": "Whether a page load counted it among what it captured.",
            }),
        ),
        ("sdk", shape::text("The SDK's version, as the sender says.")),
        (
            "form",
            shape::text(
                "wasm, js, raw, pixel or server. A page load that changes its form is of one.",
            ),
        ),
        ("captured", shape::integer("What its page loads captured.")),
        ("stored", shape::integer("Stored, once each.")),
        ("duplicate", shape::integer("Further copies.")),
        ("quarantined", shape::integer("Kept with their bytes.")),
        ("dropped", shape::integer("Let go on purpose.")),
        ("limited", shape::integer("Attempts that were not taken.")),
        (
            "claimed_only",
            shape::integer("The page said so, the edge did not."),
        ),
        (
            "verdict_only",
            shape::integer("The edge said so, the page did not."),
        ),
    ]))
}

fn check_schema() -> Value {
    shape::object(&[
        (
            "parts",
            shape::list(shape::object(&[
                (
                    "part",
                    json!({
                        "type": "string",
                        "pattern": "^(conversions|evidence|figures|totals)( DB_[0-9]+)?$",
                        "description": "What was compared, and in which database if not in the first.",
                    }),
                ),
                (
                    "night",
                    shape::date("The last night in which it was its turn (UTC)."),
                ),
                ("done", shape::boolean("Whether it is over for that night.")),
                ("compared", shape::integer("Rows compared in that night.")),
                ("skipped", shape::integer("Left out, being too large.")),
                (
                    "rows_read",
                    shape::integer("Rows that the database read for that night."),
                ),
            ])),
        ),
        (
            "differences",
            shape::list(shape::object(&[
                ("part", shape::text("Where.")),
                (
                    "what",
                    shape::text("What is kept and does not follow from its rows."),
                ),
                ("detail", shape::text("What is kept, and what follows.")),
                (
                    "found_at",
                    shape::integer("When it was found first, Unix milliseconds."),
                ),
                ("seen_at", shape::integer("When it was last found.")),
            ])),
        ),
    ])
}
