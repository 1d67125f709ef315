//! Kept figures are what the rows say, sums over rows are totals, and people are counted once.

use super::{
    REPORTS, Shop,
    shop::{Copy, Visit, day},
};
use goalpost_core::contact::Stage;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Step {
    Visit(Visit),
    Convert(Copy),
    Refund(u8, u8, Option<i64>, u16),
    Identify(u8, u8),
    RollUp(usize),
}

const CHANNELS: [&str; 3] = ["Direct", "Email", "Paid Search"];

/// A session has its hours: what it converts lies within them.
fn begins(session: u8) -> u16 {
    u16::from(session) * 6
}

fn step() -> impl Strategy<Value = Step> {
    let of = |session: u8, visitor: u8| session / 5 * 5 + visitor;
    let visit = (
        0u8..5,
        0u8..40,
        0u16..3,
        0usize..3,
        0usize..2,
        0u8..4,
        0u8..3,
    )
        .prop_map(
            move |(visitor, session, hour, channel, device, pages, plays)| {
                let session = of(session, visitor);
                Step::Visit(Visit {
                    visitor,
                    session,
                    hour: begins(session) + hour,
                    channel: CHANNELS[channel],
                    device: ["mobile", "desktop"][device],
                    pages,
                    plays,
                })
            },
        );
    let convert = (
        0u8..60,
        0usize..3,
        proptest::option::of(0u8..6),
        proptest::option::of(0u8..5),
        0u8..40,
        3u16..30,
        proptest::option::of(1i64..1_000),
        (any::<bool>(), any::<bool>()),
    )
        .prop_map(
            move |(id, definition, order, visitor, session, hour, minor, (verified, usd))| {
                let session = of(session, visitor.unwrap_or_default());
                Step::Convert(Copy {
                    id,
                    definition: ["product-purchase", "play", "sales-lead"][definition],
                    order: order.filter(|_| definition == 0),
                    visitor,
                    session,
                    hour: begins(session) + hour,
                    minor: minor.filter(|_| definition != 1),
                    currency: if usd { "USD" } else { "JPY" },
                    verified,
                })
            },
        );
    let hour = 0u16..240;
    prop_oneof![
        6 => visit,
        6 => convert,
        1 => (0u8..9, 0u8..6, proptest::option::of(1i64..600), hour)
            .prop_map(|(id, order, minor, hour)| Step::Refund(id, order, minor, hour)),
        1 => (0u8..5, 0u8..2).prop_map(|(visitor, contact)| Step::Identify(visitor, contact)),
        2 => (1usize..9).prop_map(Step::RollUp),
    ]
}

impl Shop {
    fn take(&self, step: &Step) {
        match step {
            Step::Visit(visit) => self.visit(visit),
            Step::Convert(copy) => self.convert(copy),
            Step::Refund(id, order, minor, hour) => self.refund(*id, *order, *minor, *hour),
            Step::Identify(visitor, contact) => self.identify(*visitor, *contact),
            Step::RollUp(days) => self.roll_up(*days),
        }
    }
}

fn after(steps: &[Step]) -> Shop {
    let shop = Shop::new();
    for step in steps {
        shop.take(step);
    }
    shop
}

const QUERIES: [&str; 15] = [
    "",
    "by=campaign",
    "by=landing",
    "landing=/page-1",
    "country=JP&channel=Email",
    "landing=/page-1&country=JP",
    "compare=previous",
    "by=day",
    "by=device",
    "dates=refund",
    "channel=Email",
    "device=mobile&by=day",
    "channel=Email&device=mobile",
    "definition=product-purchase",
    "denominator=contacts",
];

/// A figure's whole numbers by currency; rates have none.
fn amounts(figure: &Value) -> Vec<(String, i64)> {
    match &figure["value"] {
        Value::Number(count) => vec![(String::new(), count.as_i64().unwrap())],
        Value::Array(sums) => sums
            .iter()
            .filter_map(|own| Some((own["currency"].as_str()?.to_owned(), own["minor"].as_i64()?)))
            .collect(),
        _ => Vec::new(),
    }
}

fn whole(value: &Value, id: &str) -> i64 {
    value[id]["value"].as_i64().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn kept_figures_are_those_of_the_rows(steps in proptest::collection::vec(step(), 1..60)) {
        let shop = after(&steps);
        let days = "from=2026-11-03&to=2026-11-08";
        let ask = |query: &str| -> Vec<(String, String)> {
            REPORTS
                .into_iter()
                .map(|report| (report, format!("{days}&{query}")))
                .filter(|(report, query)| shop.ask(report, query).is_ok())
                .map(|(report, query)| {
                    (format!("{report:?} {query}"), shop.report(report, &query).to_string())
                })
                .collect()
        };
        let kept: Vec<_> = QUERIES.into_iter().flat_map(ask).collect();
        shop.all_is_stale();
        let anew: Vec<_> = QUERIES.into_iter().flat_map(ask).collect();
        for (kept, anew) in kept.iter().zip(&anew) {
            prop_assert_eq!(kept, anew);
        }
        prop_assert!(kept.len() > 60);
    }

    #[test]
    fn rows_and_rest_add_up_to_the_totals(steps in proptest::collection::vec(step(), 1..60)) {
        let shop = after(&steps);
        let days = "from=2026-11-02&to=2026-11-09";
        for query in ["", "by=day", "by=device&limit=2", "limit=1&offset=1", "dates=refund"] {
            for report in REPORTS {
                let Ok(ask) = shop.ask(report, &format!("{days}&{query}")) else { continue };
                let body = shop.report(report, &format!("{days}&{query}"));
                for own in &ask.measures {
                    if own.what.kind() != "count" || !ask.adds_up(own.what) {
                        continue;
                    }
                    let rest = body["rest"][own.id]["value"].as_i64().unwrap_or_default();
                    let rows = body["rows"].as_array().unwrap();
                    let sum: i64 = rows.iter().map(|row| whole(row, own.id)).sum();
                    prop_assert_eq!(sum + rest, whole(&body["totals"], own.id),
                        "{:?} {} {}", report, query, own.id);
                }
            }
        }
        // The same total, however the rows are told apart.
        let total = |query: &str| {
            let body = shop.report(&super::catalogue::OVERVIEW, &format!("{days}&{query}"));
            ["sessions", "visitors", "new_visitors", "conversions", "people", "net"]
                .map(|id| body["totals"][id]["value"].to_string())
        };
        let whole = total("");
        for by in ["day", "channel", "device", "country", "landing", "campaign"] {
            prop_assert_eq!(&total(&format!("by={by}")), &whole, "{}", by);
        }
    }

    #[test]
    fn people_of_any_days_are_counted_once(
        steps in proptest::collection::vec(step(), 1..60), from in 0u16..8, length in 0u16..6) {
        let shop = after(&steps);
        let (from, to) = (day(from * 24), day((from + length) * 24));
        let one = |sql: &str| shop.sqlite.query_row(sql, [&from, &to], |row| row.get::<_, i64>(0)).unwrap();
        let query = format!("from={from}&to={to}");
        let overview = shop.report(&super::catalogue::OVERVIEW, &query);
        let totals = &overview["totals"];
        prop_assert_eq!(whole(totals, "visitors"), one(
            "SELECT count(DISTINCT visitor) FROM sessions WHERE day BETWEEN ?1 AND ?2"));
        prop_assert_eq!(whole(totals, "people"), one(
            "SELECT count(DISTINCT person) FROM conversions
             WHERE kind = 'outcome' AND day BETWEEN ?1 AND ?2"));
        prop_assert_eq!(whole(totals, "new_visitors"), one(
            "SELECT count(*) FROM (
               SELECT min(started_at), day FROM sessions GROUP BY visitor)
             WHERE day BETWEEN ?1 AND ?2"));
        prop_assert_eq!(whole(totals, "converted_sessions"), one(
            "SELECT count(DISTINCT hex(c.visitor) || hex(c.session)) FROM conversions AS c
             JOIN sessions AS s ON s.visitor = c.visitor AND s.session = c.session
             WHERE c.kind = 'outcome' AND c.day BETWEEN ?1 AND ?2
               AND NOT EXISTS (
                 SELECT 1 FROM conversions AS e
                 WHERE e.visitor = c.visitor AND e.session = c.session AND e.kind = c.kind
                   AND e.day < ?1)"));
        for channel in CHANNELS {
            let rows = shop.report(&super::catalogue::CHANNELS, &query);
            let row = rows["rows"].as_array().unwrap().iter()
                .find(|row| row["channel"]["id"] == channel);
            let visitors = row.map_or(0, |row| whole(row, "visitors"));
            prop_assert_eq!(visitors, one(&format!(
                "SELECT count(DISTINCT visitor) FROM sessions
                 WHERE channel = '{channel}' AND day BETWEEN ?1 AND ?2")), "{}", channel);
        }
        // Whoever has a channel has this country: two filters are read from the rows, one is kept.
        for channel in CHANNELS {
            let people = |narrowed: &str| {
                let query = format!("{query}&channel={channel}{narrowed}");
                let overview = shop.report(&super::catalogue::OVERVIEW, &query);
                ["people", "visitors", "conversions", "sessions", "new_customers"]
                    .map(|id| whole(&overview["totals"], id))
            };
            prop_assert_eq!(people(""), people("&country=JP"), "{}", channel);
        }
        let outcomes = shop.report(&super::catalogue::OUTCOMES, &query);
        let ids: BTreeSet<&str> = outcomes["rows"].as_array().unwrap().iter()
            .map(|row| row["definition"]["id"].as_str().unwrap()).collect();
        prop_assert!(ids.contains("product-purchase") && !ids.contains("play"));
        for row in outcomes["rows"].as_array().unwrap() {
            let id = row["definition"]["id"].as_str().unwrap();
            prop_assert_eq!(whole(row, "people"), one(&format!(
                "SELECT count(DISTINCT person) FROM conversions
                 WHERE definition = '{id}' AND day BETWEEN ?1 AND ?2")), "{}", id);
            prop_assert_eq!(whole(row, "converted_sessions"), one(&format!(
                "SELECT count(*) FROM (
                   SELECT min(c.day) AS day FROM conversions AS c
                   JOIN sessions AS s ON s.visitor = c.visitor AND s.session = c.session
                   WHERE c.definition = '{id}' GROUP BY c.visitor, c.session)
                 WHERE day BETWEEN ?1 AND ?2")), "{}", id);
        }
    }

    /// Everyone stands at one stage, so the stages add up, people too.
    #[test]
    fn stages_add_up_to_everyone(steps in proptest::collection::vec(step(), 1..60)) {
        let shop = after(&steps);
        let days = "from=2026-11-02&to=2026-11-09";
        for report in [&super::catalogue::OVERVIEW, &super::catalogue::GROUPS] {
            for query in ["denominator=contacts", "channel=Email&dates=refund"] {
                let told = |stage: &str| shop.report(report, &format!("{days}&{query}{stage}"));
                let everyone = told("");
                let stages = Stage::ALL.map(|stage| told(&format!("&stage={}", stage.name())));
                for (id, figure) in stages[0]["totals"].as_object().unwrap() {
                    let sum = |all: &[&Value]| -> BTreeMap<String, i64> {
                        let mut sums = BTreeMap::new();
                        for body in all {
                            for (currency, minor) in amounts(&body["totals"][id]) {
                                *sums.entry(currency).or_default() += minor;
                            }
                        }
                        sums.retain(|_, minor| *minor != 0);
                        sums
                    };
                    let parts: Vec<&Value> = stages.iter().collect();
                    prop_assert_eq!(sum(&parts), sum(&[&everyone]), "{:?} {} {} {}", report, query, id, figure);
                }
            }
        }
    }

    #[test]
    fn people_are_kept_by_the_groups_of_the_plan(
        before in proptest::collection::vec(step(), 1..40),
        after in proptest::collection::vec(step(), 0..20), together in any::<bool>()) {
        let mut shop = Shop::new();
        for step in &before {
            shop.take(step);
        }
        shop.roll_up(40);
        for own in &mut shop.known.plan.outcomes {
            own.group = together.then(|| "all".into());
        }
        for step in &after {
            shop.take(step);
        }
        let ask = |shop: &Shop| shop.report(&super::catalogue::GROUPS, "from=2026-11-02&to=2026-11-09");
        let kept = ask(&shop);
        let all = shop.report(&super::catalogue::OVERVIEW, "from=2026-11-02&to=2026-11-09");
        let rows = kept["rows"].as_array().unwrap();
        let group = if together { "all" } else { "" };
        let people = rows.iter().find(|row| row["group"]["id"] == group)
            .map_or(0, |row| whole(row, "people"));
        prop_assert_eq!(people, whole(&all["totals"], "people"));
        shop.roll_up(40);
        prop_assert_eq!(&ask(&shop), &kept);
        shop.all_is_stale();
        prop_assert_eq!(&ask(&shop), &kept);
    }

    /// Refunds on their own days and restated on the purchase's are the same money, over all days.
    #[test]
    fn refunds_are_the_same_money_by_either_day(
        steps in proptest::collection::vec(step(), 1..60)) {
        let shop = after(&steps);
        let money = |dates: &str| {
            let query = format!("from=2026-10-20&to=2026-11-20&dates={dates}");
            let body = shop.report(&super::catalogue::OVERVIEW, &query);
            let totals = body["totals"].as_object().unwrap();
            ["voided", "refunded", "net", "claimed_net"].map(|id| {
                let value = &totals[id]["value"];
                value.as_array().map_or_else(|| value.to_string(), |list| {
                    let some: Vec<String> = list
                        .iter()
                        .filter(|own| own["minor"] != 0)
                        .map(|own| format!("{} {}", own["currency"], own["minor"]))
                        .collect();
                    some.join(", ")
                })
            })
        };
        prop_assert_eq!(money("purchase"), money("refund"));
    }
}
