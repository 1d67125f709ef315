//! No report reads what it does not ask for: every row comes through a key.

use super::{
    REPORTS, SITE, Shop, catalogue,
    kept::Part,
    shop::{Copy, Visit},
};
use rusqlite::{StatementStatus, params_from_iter};

fn plan(shop: &Shop, sql: &str) -> Vec<String> {
    let explained = format!("EXPLAIN QUERY PLAN {sql}");
    let mut prepared = shop
        .sqlite
        .prepare(&explained)
        .unwrap_or_else(|problem| panic!("{problem}\n{sql}"));
    // A plan does not depend on what is bound.
    prepared
        .raw_query()
        .mapped(|row| row.get(3))
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

/// Steps that read all of a table, or all that a site has in it.
fn scans(steps: &[String]) -> Vec<&String> {
    let made: Vec<&str> = steps
        .iter()
        .filter_map(|step| {
            let made = step.strip_prefix("CO-ROUTINE ");
            made.or_else(|| step.strip_prefix("MATERIALIZE "))
        })
        .collect();
    steps
        .iter()
        .filter(|step| match step.strip_prefix("SCAN ") {
            Some(what) => {
                !made.contains(&what)
                    && !what.starts_with('(')
                    && !what.contains("VIRTUAL TABLE")
                    && what != "CONSTANT ROW"
                    && !what.ends_with("VALUES CLAUSE")
            }
            // A row's own past is looked for among those of its person alone.
            None => {
                step.ends_with("(site=?)")
                    || step.starts_with("SEARCH e ")
                        && !step.contains("visitor=?")
                        && !step.contains("person=?")
            }
        })
        .collect()
}

/// Panics if a statement reads all of a table, or all that a site has in it. What is made on the way
/// has many names, so a scan is told by those of tables, and of `s` for sessions and `c` for what is
/// kept or converted.
pub(super) fn check(shop: &Shop, sql: &str) {
    let reads_all = |step: &String| {
        let table = [
            "s",
            "c",
            "sessions",
            "conversions",
            "known_visitors",
            "costs",
        ];
        let scanned = step.strip_prefix("SCAN ");
        scanned.is_some_and(|what| table.contains(&what) || what.ends_with("_daily"))
            || step.ends_with("(site=?)")
            || step.ends_with("(site=? AND visitor>?)")
    };
    let steps = plan(shop, sql);
    assert!(!steps.iter().any(reads_all), "{sql}\n{steps:#?}");
}

#[test]
fn no_report_scans_a_table() {
    let shop = Shop::new();
    let mut checked = 0;
    for report in REPORTS {
        for query in [
            "compare=previous",
            "by=day",
            "by=device",
            "by=definition",
            "dates=refund",
            "channel=Email&device=mobile&by=day",
            "definition=product-purchase&by=landing",
            "denominator=contacts",
            "stage=customer&denominator=contacts",
            "stage=visitor&by=landing&dates=refund",
        ] {
            let Ok(ask) = shop.ask(report, query) else {
                continue;
            };
            for own in ask.questions(&shop.known) {
                let steps = plan(&shop, &own.sql);
                assert!(
                    scans(&steps).is_empty(),
                    "{:?}\n{}\n{steps:#?}",
                    scans(&steps),
                    own.sql
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn no_rolling_up_scans_a_table() {
    let shop = Shop::new();
    for part in [Part::Traffic, Part::Conversions] {
        for ask in part.asks(SITE, "2026-11-01", "{}") {
            let steps = plan(&shop, &ask.sql);
            assert!(
                scans(&steps).is_empty(),
                "{:?}\n{}\n{steps:#?}",
                scans(&steps),
                ask.sql
            );
        }
    }
}

/// What an overview of some visits costs that go on, and convert again, on the next day.
fn cost_of_visits_over_midnight(visits: u8) -> f64 {
    let shop = Shop::new();
    for number in 0..visits {
        shop.visit(&Visit {
            visitor: number,
            session: number,
            hour: 23,
            channel: "Email",
            device: "mobile",
            pages: 2,
            plays: 1,
        });
        for (at, hour) in [(0, 23), (1, 25)] {
            shop.convert(&Copy {
                id: number * 2 + at,
                definition: "play",
                order: None,
                visitor: Some(number),
                session: number,
                hour,
                minor: None,
                currency: "JPY",
                verified: false,
            });
        }
    }
    let ask = shop
        .ask(&catalogue::OVERVIEW, "from=2026-11-01&to=2026-11-02")
        .unwrap();
    let steps: i32 = ask
        .questions(&shop.known)
        .iter()
        .map(|own| {
            let mut statement = shop.sqlite.prepare(&own.sql).unwrap();
            let values = params_from_iter(&own.values);
            let mut rows = statement.query(values).unwrap();
            while rows.next().unwrap().is_some() {}
            drop(rows);
            statement.get_status(StatementStatus::VmStep)
        })
        .sum();
    f64::from(steps)
}

#[test]
fn days_that_are_not_kept_cost_in_proportion_to_what_happened() {
    let [few, many] = [30, 120].map(cost_of_visits_over_midnight);
    assert!(many < few * 5.0, "{few} steps for 30, {many} for 120");
}
