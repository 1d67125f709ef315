//! Conversions, with the arrival that each is owed to: kept by day.

use super::{
    ALL, Knows, STALE, Shape, Source, cut::by_every_cut, days, grouped, kept, told, traffic,
};
use crate::{
    reports::{
        dimension::{Dimension, OF_A_VISIT},
        figure::{Coin, Figure},
    },
    sink::BOUGHT,
};

pub(super) static SOURCE: Source = Source {
    figures: &[
        Figure::Conversions,
        Figure::Voided,
        Figure::Converted,
        Figure::Goals,
        Figure::Points,
    ],
    coins: &[
        Coin::Claimed,
        Coin::ClaimedRefunded,
        Coin::Verified,
        Coin::VerifiedRefunded,
    ],
    knows,
    sql,
};

/// Whoever orders for the first time is a new customer, whichever definition is looked at.
pub(super) static CUSTOMERS: Source = Source {
    figures: &[Figure::NewCustomers],
    coins: &[],
    knows: traffic::knows,
    sql: customers,
};

pub(super) const fn knows(dimension: Dimension) -> Knows {
    match dimension {
        Dimension::Event => Knows::Not,
        _ => Knows::Apart,
    }
}

/// What the kept table tells conversions apart by beside their arrival.
const KEYS: [&str; 3] = ["definition", "kind", "currency"];

/// What is summed up, as the kept table has it.
const FIGURES: [&str; 10] = [
    "conversions",
    "voided",
    "points",
    "converted",
    "converted_of_kind",
    "new_customers",
    "claimed",
    "claimed_refunded",
    "verified",
    "verified_refunded",
];

/// The first page view that a conversion is owed to, as JSON: that of its own session, else that of
/// the person's last session in the 90 days before. `of` is the conversion's name in the statement,
/// and `own` finds the entry of its own session. `?1` site.
pub(super) fn entry(of: &str, own: &str) -> String {
    format!(
        "coalesce({own}, (
      SELECT substr(t.entry, 12) FROM sessions AS t
      WHERE t.site = ?1 AND t.started_at <= {of}.time AND +t.day >= date({of}.day, '-90 days')
        AND t.visitor IN (
          SELECT {of}.visitor
          UNION ALL
          SELECT k.visitor FROM known_visitors AS k WHERE k.site = ?1 AND k.contact = {of}.contact)
      ORDER BY t.started_at DESC, t.session DESC LIMIT 1), '{{}}')"
    )
}

/// Conversions of some days with what they are owed to, which is looked for only where rows are told
/// apart by it. `?1` site.
///
/// The planner knows nothing of how many rows a day has, so it is told which index to use.
pub(super) fn owed(index: &str, which: &str, apart: &[Dimension]) -> String {
    let (entry, session) = if apart.is_empty() {
        (String::from("'{}'"), "")
    } else {
        let session = "
  LEFT JOIN sessions AS s
    ON s.site = ?1 AND s.visitor = coalesce(c.visitor, x'') AND s.session = c.session";
        (entry("c", "substr(s.entry, 12)"), session)
    };
    format!(
        "SELECT
    c.day, c.time, c.definition, c.scope, c.who, c.dedup, c.kind, c.person, c.points,
    c.minor, coalesce(c.currency, '') AS currency, c.money, c.refunded, c.voided,
    {BOUGHT} AS order_number,
    coalesce(c.visitor, x'') AS visitor, c.session, {entry} AS entry
  FROM conversions AS c INDEXED BY {index}{session}
  WHERE c.site = ?1 AND {which}"
    )
}

/// The arrival in an entry, under the names of the dimensions; those that are not told apart by are
/// empty.
pub(super) fn arrival(apart: &[Dimension]) -> String {
    told(apart, |own| {
        format!("coalesce(entry ->> '{}', '')", field(own))
    })
}

/// The name of a dimension in an entry.
pub(super) const fn field(own: Dimension) -> &'static str {
    match own {
        Dimension::Landing => "path",
        _ => own.id(),
    }
}

/// What is counted of conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    /// All that the kept table has.
    All,
    /// All but new customers.
    Conversions,
    /// New customers alone, which only orders can make.
    Customers,
}

/// What the kept table has of the conversions of a day. `?1` site.
pub(in crate::reports) fn kept_rows(day: &str) -> String {
    by_every_cut(&rows(day, &OF_A_VISIT, Counted::All), &KEYS, &FIGURES)
}

/// The figures of the conversions of some days, told apart by these dimensions.
fn rows(days: &str, apart: &[Dimension], counted: Counted) -> String {
    let customers = match counted {
        Counted::Conversions => "0",
        Counted::All | Counted::Customers => &format!(
            "sum(order_number IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM conversions AS c
      WHERE c.site = ?1 AND c.person = owed.person AND c.day <= owed.day
        AND {BOUGHT} IS NOT NULL
        AND (c.time, c.definition, c.scope, c.who, c.dedup)
          < (owed.time, owed.definition, owed.scope, owed.who, owed.dedup)))"
        ),
    };
    let orders = match counted {
        Counted::Customers => " AND c.order_number IS NOT NULL",
        Counted::All | Counted::Conversions => "",
    };
    let (sessions, converted) = match counted {
        Counted::Customers => ("", ""),
        Counted::All | Counted::Conversions => (SESSIONS, CONVERTED),
    };
    let sums = FIGURES.map(|own| format!("sum({own}) AS {own}")).join(", ");
    format!(
        "WITH owed AS MATERIALIZED (
  {owed}){sessions}
SELECT
    ?1 AS site, day, definition, kind, currency,
    channel, source, medium, campaign, landing, device, country,
    {sums}
  FROM (
    SELECT *, {arrival}
    FROM (
      SELECT day, definition, kind, currency, entry,
        count(*) AS conversions, sum(voided) AS voided, sum(points) AS points,
        0 AS converted, 0 AS converted_of_kind, {customers} AS new_customers,
        sum(iif(money = 'claimed', minor, 0)) AS claimed,
        sum(iif(money = 'claimed', refunded, 0)) AS claimed_refunded,
        sum(iif(money = 'verified', minor, 0)) AS verified,
        sum(iif(money = 'verified', refunded, 0)) AS verified_refunded
      FROM owed GROUP BY 1, 2, 3, 4, 5{converted}))
  GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12",
        arrival = arrival(apart),
        owed = owed(
            "conversions_by_day",
            &format!("c.day {days}{orders}"),
            apart
        ),
    )
}

/// What sessions converted on these days, each definition once, and whether it was not for the first
/// time. `?1` site.
///
/// A session may have converted on an earlier day already: before midnight, or, by a server's word
/// of an order, before it began. Whoever did so need not be the same person: they are found by the
/// copies of its own visitor, the first of which is not of more than a day before the session, or, where
/// somebody else's copy was the first, by the session itself. A session of which nothing was seen does
/// not count: it has converted before all that is said of it.
///
/// Both lists are brought together by grouping: to look each conversion up in a list has a cost of
/// its own for each pair of them.
const SESSIONS: &str = ",
visits AS MATERIALIZED (
  SELECT o.day, o.visitor, o.session, s.started_at AS began, s.day AS began_on
  FROM (SELECT DISTINCT day, visitor, session FROM owed WHERE session IS NOT NULL) AS o
  LEFT JOIN sessions AS s
    ON s.site = ?1 AND s.visitor = o.visitor AND s.session = o.session),
earlier AS MATERIALIZED (
  SELECT o.day, o.visitor, o.session, w.kind, w.definition
  FROM visits AS o
  CROSS JOIN evidence AS v INDEXED BY evidence_by_visitor
    ON v.site = ?1 AND v.visitor = o.visitor AND v.visitor IS NOT NULL
      AND v.time >= coalesce(o.began, 0) - 86400000
      AND v.time < iif(o.began_on >= o.day, o.began, 9000000000000000)
  CROSS JOIN conversions AS w
    ON w.site = ?1 AND w.definition = v.definition AND w.scope = v.scope AND w.who = v.who
      AND w.dedup = v.dedup
  WHERE w.visitor = o.visitor AND w.session = o.session AND (w.day < o.day OR o.began IS NULL)
  UNION
  SELECT o.day, o.visitor, o.session, w.kind, w.definition
  FROM visits AS o
  CROSS JOIN conversions AS w INDEXED BY conversions_joined_later
    ON w.site = ?1 AND w.visitor = o.visitor AND w.session = o.session
      AND w.visitor IS NOT NULL AND w.observation <> w.browser_from AND w.day < o.day),
done AS MATERIALIZED (
  SELECT day, visitor, session, kind, definition,
    min(currency) AS currency, max(entry) AS entry, max(before) AS before
  FROM (
    SELECT day, visitor, session, kind, definition, currency, entry, 0 AS before
    FROM owed
    WHERE session IS NOT NULL AND (visitor <> x'' OR EXISTS (
      SELECT 1 FROM sessions AS s
      WHERE s.site = ?1 AND s.visitor = owed.visitor AND s.session = owed.session))
    UNION ALL
    SELECT day, visitor, session, kind, definition, NULL, NULL, 1 FROM earlier)
  GROUP BY 1, 2, 3, 4, 5)";

/// The first conversions of their definition, and of their kind, in their session, in the columns of
/// [`FIGURES`].
const CONVERTED: &str = "
      UNION ALL
      SELECT day, definition, kind, currency, entry, 0, 0, 0, count(*), 0, 0, 0, 0, 0, 0
      FROM done WHERE before = 0 GROUP BY 1, 2, 3, 4, 5
      UNION ALL
      SELECT day, definition, kind, currency, entry, 0, 0, 0, 0, count(*), 0, 0, 0, 0, 0
      FROM (
        SELECT day, kind, min(definition) AS definition, currency, entry
        FROM done GROUP BY day, visitor, session, kind HAVING sum(before) = 0)
      GROUP BY 1, 2, 3, 4, 5";

fn figures(shape: &Shape<'_>, counted: Counted) -> String {
    let apart = shape.of_a_visit();
    match shape.cut() {
        Some(cut) => format!(
            "{days},
figures AS (
  {kept}
  UNION ALL
  SELECT * FROM (
  {rows}))",
            days = days("conversions"),
            kept = kept("conversions_daily", cut, &KEYS, &FIGURES),
            rows = rows(STALE, &apart, counted),
        ),
        None => format!(
            "WITH figures AS (\n  {})",
            rows(
                &format!("{ALL}{}", shape.at_stage("c.person")),
                &apart,
                counted
            )
        ),
    }
}

fn sql(shape: &Shape<'_>) -> String {
    let by_definition = shape.has(Dimension::Definition)
        || shape.has(Dimension::Group)
        || shape.filters.contains(&Dimension::Definition);
    let (counts, from) = match (shape.kind, by_definition) {
        (None, _) => ("1", "figures"),
        (Some(_), true) => ("1", "(SELECT * FROM figures WHERE kind = ?4 ->> 'kind')"),
        (Some(_), false) => ("kind = ?4 ->> 'kind'", "figures"),
    };
    let converted = if by_definition {
        "converted"
    } else {
        "converted_of_kind"
    };
    let sum = |what: &str| format!("sum(iif({counts}, {what}, 0))");
    let refund = |what: &str| {
        if shape.on_refund_day {
            String::from("0")
        } else {
            sum(what)
        }
    };
    let sums = [
        sum("conversions"),
        refund("voided"),
        sum(converted),
        String::from("sum(iif(kind = 'goal', conversions, 0))"),
        String::from("sum(points)"),
        sum("claimed"),
        refund("claimed_refunded"),
        sum("verified"),
        refund("verified_refunded"),
    ];
    let sums: Vec<&str> = sums.iter().map(String::as_str).collect();
    format!(
        "{}\n{}",
        figures(shape, Counted::Conversions),
        grouped(shape, knows, from, "currency", &sums)
    )
}

fn customers(shape: &Shape<'_>) -> String {
    let sums = ["sum(new_customers)"];
    format!(
        "{}\n{}",
        figures(shape, Counted::Customers),
        grouped(shape, traffic::knows, "figures", "''", &sums)
    )
}
