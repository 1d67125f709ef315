//! What arrives, as it arrives: the list that the live page asks for each second.

mod subject;

use crate::{
    auth::Caller,
    bindings::Bindings,
    clock, database,
    http::{self, Failure, Outcome},
    openapi::shape,
    plans::{self, Known},
    reports::{self, Balance, Query, bad_parameter},
    routes::{Parameter, Scope},
};
use goalpost_core::{CountingKey, Currency, Id, Money, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{cell::RefCell, collections::BTreeMap};
use worker::Request;

pub(crate) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "after",
    about: "The `cursor` of the answer before. What was stored in the seconds around it comes \
            again: know it by its id.",
    schema: || json!({"type": "string"}),
}];

/// Transactions that run at once may commit in another order than they were named in.
const OVERLAP_MS: i64 = 5_000;

/// Observations are looked for among the newest by capture. `?1` site, `?2` the first transaction, `?3`
/// the end of ids: those from later are of devices whose clock is ahead, or made up, and would be the
/// newest for ever.
const OBSERVATIONS: &str = "\
SELECT json_object(
  'batch', hex(o.batch), 'id', hex(o.id), 'received_at', o.received_at, 'time', o.time,
  'kind', o.kind, 'visitor', hex(o.visitor), 'session', hex(o.session), 'sdk', o.sdk,
  'form', o.form, 'body', o.body,
  'conversions', json((
    SELECT json_group_array(json_object(
      'definition', v.value ->> 'definition', 'kind', v.value ->> 'kind',
      'scope', v.value ->> 'scope', 'who', coalesce(v.value ->> 'who', ''),
      'dedup', coalesce(v.value ->> 'dedup', ''), 'points', coalesce(v.value ->> 'points', 0),
      'minor', v.value ->> 'minor', 'currency', v.value ->> 'currency',
      'counted', EXISTS (
        SELECT 1 FROM conversions AS c
        WHERE c.site = o.site AND c.definition = v.value ->> 'definition'
          AND c.scope = v.value ->> 'scope'
          AND c.who IN (coalesce(v.value ->> 'who', ''), 'contact ' || k.contact)
          AND c.dedup = coalesce(v.value ->> 'dedup', '') AND c.observation = o.id)))
    FROM json_each(coalesce(o.verdict, '[]')) AS v)))
FROM (
  SELECT * FROM observations WHERE site = ?1 AND id < unhex(?3) ORDER BY id DESC LIMIT 500
) AS o
LEFT JOIN known_visitors AS k ON k.site = o.site AND k.visitor = o.visitor
WHERE o.batch >= unhex(?2)
ORDER BY o.batch DESC, o.time DESC, o.seq DESC LIMIT 200";

/// What an answer has at most, as each statement does.
const OBSERVED: usize = 200;
const WAITING: usize = 50;

/// What waits is looked for in the same way. `?1` site, `?2` since when, `?3` the end of ids, `?4` whether
/// its beginning may be read, or nothing.
const QUARANTINED: &str = "\
SELECT json_object(
  'id', hex(q.id) || '-' || q.digest, 'time', q.received_at, 'reason', q.reason, 'detail', q.detail,
  'body', iif(?4 = '', '', substr(q.body, 1, 2000)))
FROM (
  SELECT id, digest FROM (
    SELECT id, digest, received_at FROM quarantine
    WHERE site = ?1 AND id < unhex(?3) ORDER BY id DESC LIMIT 500)
  WHERE received_at >= CAST(?2 AS INTEGER)
  ORDER BY received_at DESC LIMIT 50
) AS w
CROSS JOIN quarantine AS q ON q.site = ?1 AND q.id = w.id AND q.digest = w.digest
ORDER BY q.received_at DESC";

#[derive(Deserialize)]
struct Row {
    batch: String,
    id: String,
    received_at: i64,
    time: i64,
    kind: String,
    visitor: String,
    session: String,
    sdk: String,
    form: String,
    body: String,
    conversions: Vec<RowConversion>,
}

#[derive(Deserialize)]
struct RowConversion {
    definition: String,
    kind: String,
    scope: String,
    who: String,
    dedup: String,
    points: i64,
    minor: Option<i64>,
    currency: Option<String>,
    counted: u8,
}

#[derive(Serialize)]
struct Seen {
    id: String,
    received_at: i64,
    time: i64,
    kind: String,
    subject: String,
    path: String,
    visitor: String,
    session: String,
    sdk: String,
    form: String,
    conversions: Vec<Meant>,
}

#[derive(Serialize)]
struct Meant {
    definition: String,
    name: String,
    kind: String,
    points: i64,
    money: Option<Sum>,
    key: String,
    counted: bool,
}

#[derive(Serialize)]
struct Sum {
    currency: String,
    minor: i64,
    decimal: String,
}

#[derive(Serialize, Deserialize)]
struct Held {
    id: String,
    time: i64,
    reason: String,
    detail: String,
    body: String,
}

#[derive(Serialize)]
struct Live<'a> {
    site: &'a str,
    now: i64,
    cursor: String,
    observations: Vec<Seen>,
    quarantined: Vec<Held>,
    totals: Balance,
}

/// Answers what was stored since the cursor, the newest first.
pub(crate) async fn since(
    request: &Request,
    edge: &Bindings,
    site: &str,
    caller: &Caller,
) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    let after = query.get("after").map(cursor).transpose()?;
    let from = after.map_or(0, |after| after.time().saturating_sub(OVERLAP_MS));
    let first = Id::new(from, [0; 10]).text().replace('-', "");
    // A message may have waited a minute between its arrival and its transaction.
    let held_from = from.saturating_sub(60_000).to_string();
    let name = known.plan.site.as_str();
    let now = clock::now();
    let end = Id::new(now.saturating_add(limits::CLOCK_DRIFT_MS), [0; 10]);
    let end = end.text().replace('-', "");
    let is_read = if caller.allows(Scope::Privacy.name()) {
        "1"
    } else {
        ""
    };

    let mut rows: Vec<Row> = Vec::new();
    let mut quarantined: Vec<Held> = Vec::new();
    for part in edge.databases() {
        rows.extend(database::rows::<Row>(part, OBSERVATIONS, &[name, &first, &end]).await?);
        let values = [name, &held_from, &end, is_read];
        quarantined.extend(database::rows::<Held>(part, QUARANTINED, &values).await?);
    }
    if edge.databases().len() > 1 {
        rows.sort_by(|a, b| (&b.batch, b.time, &b.id).cmp(&(&a.batch, a.time, &a.id)));
        rows.truncate(OBSERVED);
        quarantined.sort_by_key(|own| std::cmp::Reverse(own.time));
        quarantined.truncate(WAITING);
    }
    let cursor = rows
        .first()
        .and_then(|row| Id::parse(&row.batch))
        .max(after)
        .map(Id::text)
        .unwrap_or_default();
    http::json(&Live {
        site: name,
        now,
        cursor,
        observations: rows.into_iter().map(|row| row.seen(&known)).collect(),
        quarantined,
        totals: totals(edge, name).await?,
    })
}

thread_local! {
    static TOTALS: RefCell<BTreeMap<String, (i64, Balance)>> = const { RefCell::new(BTreeMap::new()) };
}

/// The site's balance, kept for a tenth of a millisecond per item: it reads a row per page load, and
/// a page that somebody leaves open must not read millions each second.
async fn totals(edge: &Bindings, site: &str) -> Result<Balance, Failure> {
    let now = clock::now();
    let kept = TOTALS.with_borrow(|totals| totals.get(site).cloned());
    if let Some((until, balance)) = kept
        && now < until
    {
        return Ok(balance);
    }
    let balance = reports::balance(edge, site).await?;
    let until = now.saturating_add(balance.captured() / 10);
    TOTALS.with_borrow_mut(|totals| {
        totals.insert(String::from(site), (until, balance.clone()));
    });
    Ok(balance)
}

fn cursor(text: &str) -> Result<Id, Failure> {
    Id::parse(text).ok_or_else(|| {
        bad_parameter(
            "after",
            "is no 'cursor' of an earlier answer; leave it out to begin anew",
        )
        .into()
    })
}

/// The end of an id, which is random: enough to tell two people apart on one screen.
fn short(hex: &str) -> String {
    hex.get(24..).unwrap_or_default().to_ascii_lowercase()
}

impl Row {
    fn seen(self, known: &Known) -> Seen {
        let (subject, path) = subject::of(&self.body);
        Seen {
            id: Id::parse(&self.id).map(Id::text).unwrap_or_default(),
            received_at: self.received_at,
            time: self.time,
            kind: self.kind,
            subject,
            path,
            visitor: short(&self.visitor),
            session: short(&self.session),
            sdk: self.sdk,
            form: self.form,
            conversions: self
                .conversions
                .into_iter()
                .map(|conversion| conversion.meant(known))
                .collect(),
        }
    }
}

impl RowConversion {
    fn meant(self, known: &Known) -> Meant {
        let key = CountingKey {
            scope: self.scope,
            who: self.who,
            dedup: self.dedup,
        };
        let money = self.minor.zip(self.currency).map(|(minor, code)| Sum {
            decimal: Currency::parse(&code)
                .map(|currency| Money { minor, currency }.decimal_text())
                .unwrap_or_default(),
            currency: code,
            minor,
        });
        Meant {
            name: String::from(known.plan.definition_name(&self.definition)),
            definition: self.definition,
            kind: self.kind,
            points: self.points,
            money,
            key: key.text(),
            counted: self.counted != 0,
        }
    }
}

/// The shape of the answer.
pub(crate) fn schema() -> Value {
    let sum = shape::object(&[
        ("currency", shape::text("ISO 4217.")),
        ("minor", shape::integer("In the currency's smallest coin.")),
        ("decimal", shape::text("As decimal text.")),
    ]);
    let meant = shape::object(&[
        ("definition", shape::text("The goal or outcome.")),
        ("name", shape::text("Its name.")),
        ("kind", json!({"enum": ["goal", "outcome"]})),
        ("points", shape::integer("Engagement value.")),
        ("money", json!({"anyOf": [sum, {"type": "null"}]})),
        ("key", shape::text("The counting key.")),
        (
            "counted",
            shape::boolean("Whether it counted; if not, an earlier one with its key did."),
        ),
    ]);
    let seen = shape::object(&[
        ("id", shape::id("The observation.")),
        ("received_at", shape::time("When it arrived.")),
        ("time", shape::time("When it happened.")),
        ("kind", shape::text("What was seen.")),
        ("subject", shape::text("The same in words.")),
        ("path", shape::text("The page.")),
        ("visitor", shape::text("The end of the visitor's id.")),
        ("session", shape::text("The end of the session's id.")),
        ("sdk", shape::text("The SDK's version.")),
        ("form", shape::text("The form it ran in.")),
        ("conversions", shape::list(meant)),
    ]);
    let held = shape::object(&[
        ("id", shape::text("Id and digest.")),
        ("time", shape::time("When it arrived.")),
        ("reason", shape::text("Why it is not stored.")),
        ("detail", shape::text("What is wrong, naming the field.")),
        (
            "body",
            shape::text(
                "The item as it came, at most its first 2,000 characters; nothing without the scope \
                 `privacy`.",
            ),
        ),
    ]);
    shape::object(&[
        ("site", shape::text("The site.")),
        ("now", shape::time("The edge's clock.")),
        ("cursor", shape::text("`after` of the next call.")),
        ("observations", shape::list(seen)),
        ("quarantined", shape::list(held)),
        ("totals", shape::object(&reports::balance_fields())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[test]
    fn clocks_that_are_ahead_and_junk_do_not_blind_it() {
        let mut shop = Shop::new();
        let ahead = NOW + 400 * DAY;
        let seen: Vec<_> = (0..510).map(|n| (ahead + n, view())).collect();
        let text = shop.letter(visitor(1), id(NOW, 1), &seen, NOW);
        shop.deliver(NOW, &text);
        let mut strange = view();
        strange["kind"] = json!("telepathy");
        let junk: Vec<_> = (0..510).map(|n| (ahead + n, strange.clone())).collect();
        let text = shop.letter(visitor(1), id(NOW, 1), &junk, NOW);
        shop.deliver(NOW, &text);
        let now = NOW + MINUTE;
        shop.sees(visitor(2), id(now, 2), &[(now, view()), (now, strange)]);

        let hex = |time: i64| Id::new(time, [0; 10]).text().replace('-', "");
        let (from, end) = (hex(NOW + 1), hex(now + limits::CLOCK_DRIFT_MS));
        let rows: Vec<Row> = shop.parsed(OBSERVATIONS, &[SITE, &from, &end]);
        assert_eq!(rows.iter().map(|row| row.time).collect::<Vec<_>>(), [now]);
        let since = (NOW + 1).to_string();
        let waits =
            |is_read| -> Vec<Held> { shop.parsed(QUARANTINED, &[SITE, &since, &end, is_read]) };
        assert_eq!(waits("").len(), 1);
        assert_eq!(waits("")[0].body, "");
        assert!(waits("1")[0].body.contains("telepathy"));
        let scans = shop.scans(QUARANTINED, &[SITE, &since, &end, ""]);
        assert_eq!(scans, Vec::<String>::new());
    }

    #[test]
    fn a_short_id_is_its_random_end() {
        assert_eq!(short("01A1EF379E0073038303030303AABBCC"), "03aabbcc");
        assert_eq!(short(""), "");
    }
}
