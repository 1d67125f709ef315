//! Contacts as a list: all of them in order of their names, those that a search finds, or those
//! that brought most.

use super::{
    brought::{Brought, Counted, counted, stage_schema, value_schema},
    csv, membership,
    names::names_after,
    search::{FOUND, Wanted},
    stage::contacts_in_stage,
};
use crate::{
    bindings::Bindings,
    database,
    http::{self, Failure, Outcome},
    openapi::shape,
    plans::Known,
    reports::Query,
    routes::Parameter,
    segments,
};
use goalpost_core::{contact::Stage, plan::Plan};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use worker::js_sys;

/// Names that one page looks at: most are contacts', but a contact may have several.
const STEPS: u32 = 2_000;

/// Contacts that are ranked at most before a stage is looked at.
const RANKED: u32 = 10_000;

/// Contacts that a search finds at most, of which are then kept those that are asked for.
const FOUND_AT_MOST: u32 = 1_000;

const ORDERS: [&str; 4] = ["contact", "value", "points", "last"];

const NAMES: [&str; 7] = ["q", "stage", "segment", "order", "after", "format", "limit"];

/// The parameters of the list.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "q",
        about: "An identity, an e-mail address, a phone number, the beginning of a customer's \
                number, or an order's number. Addresses and phone numbers are hashed before \
                anything is looked up. The first 1,000 contacts that fit are looked at.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "stage",
        about: "Only contacts at this stage.",
        schema: stage_schema,
    },
    Parameter {
        name: "segment",
        about: "Only contacts that belong to this segment of the plan now. Of a page in order of \
                names, and of a ranking, 1,000 contacts are looked at: a page may be shorter than \
                asked for, and a ranking ends with them.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "order",
        about: "By name, which can be paged through; or those first that brought most value in the \
                plan's currency (verified, then claimed), most points, or were seen last.",
        schema: || json!({"enum": ORDERS}),
    },
    Parameter {
        name: "after",
        about: "In order of names: the `next` of the page before.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "format",
        about: "JSON, or CSV for a spreadsheet; then the header `Goalpost-Next` has the next page's \
                `after`, percent-encoded.",
        schema: || json!({"enum": ["json", "csv"]}),
    },
    Parameter {
        name: "limit",
        about: "How many; without it, 50.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 200}),
    },
];

/// Answers the list.
pub(crate) async fn list(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    query.only(&NAMES)?;
    let site = known.plan.site.as_str();
    let limit = query.number("limit", 50, (1, 200))?;
    let order = query.choice("order", &ORDERS)?;
    let format = query.choice("format", &["json", "csv"])?;
    let stages = Stage::ALL.map(Stage::name);
    let stage = match query.get("stage") {
        Some(_) => Some(query.choice("stage", &stages)?),
        None => None,
    };
    let stage = stage.and_then(|name| Stage::ALL.into_iter().find(|own| own.name() == name));
    let within = match stage {
        Some(stage) => Some(contacts_in_stage(edge, site, stage).await?),
        None => None,
    };
    let segment = query
        .get("segment")
        .map(|id| segments::find(known, "segment", id))
        .transpose()?;
    let after = query.get("after").unwrap_or_default();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (most, step) = match segment {
        Some(_) => (membership::LOOKED_AT, membership::LOOKED_AT),
        None => (limit, STEPS),
    };

    let of_page = usize::try_from(most).unwrap_or(usize::MAX);

    let (mut names, mut next) = if let Some(text) = query.get("q") {
        let mut found = found(edge, site, text).await?;
        found.retain(|name| within.as_ref().is_none_or(|within| within.contains(name)));
        if order == "contact" {
            page(&found, after, of_page)
        } else {
            (found.into_iter().collect(), None)
        }
    } else if order == "contact" {
        if let Some(within) = &within {
            page(within, after, of_page)
        } else {
            let page = names_after(edge, site, after, step, most).await?;
            (page.names, page.next)
        }
    } else {
        let most = match (&within, segment) {
            (Some(_), None) => RANKED,
            _ => most,
        };
        (ranked(edge, known, order, most).await?, None)
    };
    if let Some(within) = &within {
        names.retain(|name| within.contains(name));
    }
    if let Some(segment) = segment {
        names = membership::of_contacts(edge, known, &names)
            .await?
            .into_iter()
            .filter(|member| member.segments.contains(&segment))
            .map(|member| member.contact)
            .collect();
        if order == "contact" && names.len() > wanted {
            next = names.get(..wanted).and_then(<[String]>::last).cloned();
        }
    }
    // What a search finds comes in the order of names.
    if query.get("q").is_none() || order == "contact" {
        names.truncate(wanted);
    }
    let mut rows = rows(edge, site, &names).await?;
    sort(&mut rows, &known.plan, order);
    rows.truncate(wanted);
    let contacts: Vec<Value> = rows.into_iter().map(Row::shown).collect();
    if format == "csv" {
        let response = http::csv(&format!("{site}-contacts"), csv::text(&contacts))?;
        if let Some(next) = next {
            let next = String::from(js_sys::encode_uri_component(&next));
            response.headers().set("Goalpost-Next", &next)?;
        }
        return Ok(response);
    }
    http::json(&json!({
        "site": site, "order": order, "contacts": contacts, "next": next,
    }))
}

/// A page of names that are all known.
fn page(all: &BTreeSet<String>, after: &str, limit: usize) -> (Vec<String>, Option<String>) {
    let bounds = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
    let mut rest = all.range::<str, _>(bounds);
    let names: Vec<String> = rest.by_ref().take(limit).cloned().collect();
    let next = names.last().filter(|_| rest.next().is_some()).cloned();
    (names, next)
}

async fn found(edge: &Bindings, site: &str, text: &str) -> Result<BTreeSet<String>, Failure> {
    let wanted = Wanted::read(text);
    let identities = serde_json::to_string(&wanted.identities)?;
    let (first, beyond) = &wanted.customers;
    let most = FOUND_AT_MOST.to_string();
    let values = [site, &identities, first, beyond, &wanted.order, &most];
    let found: BTreeSet<String> = database::rows_of_all(edge, FOUND, &values)
        .await?
        .into_iter()
        .collect();
    let most = usize::try_from(FOUND_AT_MOST).unwrap_or(usize::MAX);
    Ok(found.into_iter().take(most).collect())
}

async fn ranked(
    edge: &Bindings,
    known: &Known,
    order: &str,
    most: u32,
) -> Result<Vec<String>, Failure> {
    let (site, currency) = (known.plan.site.as_str(), known.plan.currency.code());
    let values = [site, currency, &most.to_string()];
    let ranked = database::rows_of_all(edge, ranking(order), &values).await?;
    Ok(best(ranked, usize::try_from(most).unwrap_or(usize::MAX)))
}

/// A contact, and what decides its place.
#[derive(Deserialize)]
pub(super) struct Ranked(String, f64, f64);

/// The first of what each database has ranked, in the same order.
pub(super) fn best(mut ranked: Vec<Ranked>, most: usize) -> Vec<String> {
    ranked.sort_by(|one, other| {
        (other.1.total_cmp(&one.1))
            .then(other.2.total_cmp(&one.2))
            .then_with(|| one.0.cmp(&other.0))
    });
    // What was observed of somebody may stand in more than one of them.
    let mut met = BTreeSet::new();
    ranked.retain(|own| met.insert(own.0.clone()));
    ranked.into_iter().take(most).map(|own| own.0).collect()
}

/// Rows of [`Ranked`]. `?1` site, `?2` currency, `?3` how many. Each reads what all contacts of the site
/// have of it.
pub(super) const fn ranking(order: &str) -> &'static str {
    match order.as_bytes() {
        b"value" => BY_VALUE,
        b"points" => BY_POINTS,
        _ => BY_LAST,
    }
}

// The sums only rank, so that they may be inexact where an exact one would have no room.
const BY_VALUE: &str = "\
SELECT json_array(
  substr(person, 9),
  total(iif(money = 'verified', minor - refunded, 0)), total(minor - refunded))
FROM conversions
WHERE site = ?1 AND person >= 'contact ' AND person < 'contact!' AND currency = ?2
GROUP BY person
ORDER BY
  total(iif(money = 'verified', minor - refunded, 0)) DESC, total(minor - refunded) DESC, person
LIMIT CAST(?3 AS INTEGER)";

const BY_POINTS: &str = "\
SELECT json_array(substr(person, 9), sum(iif(voided, 0, points)), 0) FROM conversions
WHERE site = ?1 AND person >= 'contact ' AND person < 'contact!' AND ?2 <> ''
GROUP BY person
ORDER BY sum(iif(voided, 0, points)) DESC, person
LIMIT CAST(?3 AS INTEGER)";

const BY_LAST: &str = "\
SELECT json_array(contact, max(time), 0)
FROM (
  SELECT k.contact, s.ended_at AS time
  FROM known_visitors AS k
  CROSS JOIN sessions AS s ON s.site = k.site AND s.visitor = k.visitor
  WHERE k.site = ?1 AND k.contact IS NOT NULL AND ?2 <> ''
  UNION ALL
  SELECT substr(person, 9), time FROM conversions
  WHERE site = ?1 AND person >= 'contact ' AND person < 'contact!'
  UNION ALL
  SELECT coalesce(i.contact, o.contact), o.time
  FROM observations AS o INDEXED BY observations_by_contact
  LEFT JOIN identities AS i ON i.site = o.site AND i.identity = o.contact
  WHERE o.site = ?1 AND o.contact IS NOT NULL)
GROUP BY contact
ORDER BY max(time) DESC, contact
LIMIT CAST(?3 AS INTEGER)";

async fn rows(edge: &Bindings, site: &str, names: &[String]) -> Result<Vec<Row>, Failure> {
    let names = serde_json::to_string(names)?;
    let mut rows: Vec<Row> = Vec::new();
    for part in edge.databases() {
        let found: Vec<Row> = database::rows(part, &details(), &[site, &names]).await?;
        if rows.is_empty() {
            rows = found;
            continue;
        }
        for (own, more) in rows.iter_mut().zip(found) {
            own.add(more);
        }
    }
    Ok(rows)
}

/// What there is of some contacts. `?1` site, `?2` their names as JSON.
pub(super) fn details() -> String {
    format!(
        "\
SELECT json_array(
  n.value,
  json((
    SELECT json_group_array({counted}) FROM conversions AS c INDEXED BY conversions_by_person
    WHERE c.site = ?1 AND c.person = 'contact ' || n.value)),
  json((
    SELECT json_array(count(*), min(s.started_at), max(s.ended_at))
    FROM known_visitors AS k
    CROSS JOIN sessions AS s ON s.site = ?1 AND s.visitor = k.visitor
    WHERE k.site = ?1 AND k.contact = n.value)),
  json((
    SELECT json_array(min(o.time), max(o.time))
    FROM (
      SELECT i.identity FROM identities AS i WHERE i.site = ?1 AND i.contact = n.value
      UNION
      SELECT n.value) AS own
    CROSS JOIN observations AS o INDEXED BY observations_by_contact
      ON o.site = ?1 AND o.contact = own.identity)))
FROM json_each(?2) AS n
ORDER BY n.key",
        counted = counted(),
    )
}

/// A contact, with its conversions, its sessions (how many, the first beginning, the last end), and
/// when it was named first and last.
#[derive(Deserialize)]
pub(super) struct Row(
    String,
    Vec<Counted>,
    (u64, Option<i64>, Option<i64>),
    (Option<i64>, Option<i64>),
);

impl Row {
    /// Adds what another database has of the same contact.
    fn add(&mut self, other: Self) {
        let least = |a: Option<i64>, b: Option<i64>| a.into_iter().chain(b).min();
        self.1.extend(other.1);
        let (sessions, began, ended) = other.2;
        self.2.0 = self.2.0.saturating_add(sessions);
        self.2.1 = least(self.2.1, began);
        self.2.2 = self.2.2.max(ended);
        self.3 = (least(self.3.0, other.3.0), self.3.1.max(other.3.1));
    }

    fn seen(&self) -> (Option<i64>, Option<i64>) {
        let times = || self.1.iter().map(|own| own.time);
        let (_, began, ended) = self.2;
        let first = times().chain(began).chain(self.3.0).min();
        (first, times().chain(ended).chain(self.3.1).max())
    }

    pub(super) fn shown(self) -> Value {
        let brought = Brought::of(&self.1);
        let (first, last) = self.seen();
        json!({
            "contact": self.0,
            "stage": brought.stage.name(),
            "value": brought.value(),
            "points": brought.points,
            "first_seen": first,
            "last_seen": last,
            "sessions": self.2.0,
            "conversions": brought.conversions,
            "voided": brought.voided,
            "orders": brought.orders,
        })
    }
}

/// By what was asked for; of those that are equal, by name.
pub(super) fn sort(rows: &mut [Row], plan: &Plan, order: &str) {
    rows.sort_by_cached_key(|row| {
        let brought = Brought::of(&row.1);
        let (most, next) = match order {
            "value" => brought.rank(plan.currency),
            "points" => (i64::try_from(brought.points).unwrap_or(i64::MAX), 0),
            "last" => (row.seen().1.unwrap_or(i64::MIN), 0),
            _ => (0, 0),
        };
        (std::cmp::Reverse((most, next)), row.0.clone())
    });
}

/// The list's shape.
pub(crate) fn schema() -> Value {
    let seen = |about: &str| json!({"type": ["integer", "null"], "description": about});
    let contact = shape::object(&[
        ("contact", shape::text("The smallest of its identities.")),
        ("stage", stage_schema()),
        ("value", value_schema()),
        (
            "points",
            shape::integer("Engagement value of what was not voided."),
        ),
        ("first_seen", seen("Unix milliseconds.")),
        ("last_seen", seen("Unix milliseconds.")),
        ("sessions", shape::integer("How many.")),
        (
            "conversions",
            shape::integer("How many, voided ones included."),
        ),
        (
            "voided",
            shape::integer("How many of them were given back."),
        ),
        ("orders", shape::integer("Orders that stand.")),
    ]);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("order", json!({"enum": ORDERS})),
        ("contacts", shape::list(contact)),
        (
            "next",
            json!({
                "type": ["string", "null"],
                "description": "`after` of the next page, in order of names. A page may be shorter \
                                than asked for; the last one has none.",
            }),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_where_the_last_one_ended() {
        let all: BTreeSet<String> = ["a", "b", "c"].map(String::from).into();
        assert_eq!(
            page(&all, "", 2),
            (vec!["a".into(), "b".into()], Some("b".into()))
        );
        assert_eq!(page(&all, "b", 2), (vec!["c".into()], None));
    }
}
