//! What the shop's own server reports: purchases with their contacts, 1,000 in a request.

use crate::{Bench, cpu, database::Database, micros, plain::Plain};
use anyhow::ensure;
use goalpost_core::{
    Id,
    accepted::{Accepted, Content, ServerEvents},
    server_event::{Terms, read_event, read_events},
};
use goalpost_edge::sink;
use serde_json::{json, value::RawValue};
use std::path::Path;

const EVENTS: u64 = 1_000;

/// Stores requests as the Worker does, and inserts the same rows plainly; prints for each its body
/// and the CPU time of an event.
pub(crate) fn store(bench: &Bench, folder: &Path, requests: u64) -> anyhow::Result<()> {
    let mut database = Database::open(&folder.join("orders.sqlite"))?;
    let mut plain = Plain::new(&folder.join("plain-orders.sqlite"))?;
    for request in 0..requests {
        let body = body(bench, request);
        let batch = Id::new(bench.now, [u8::try_from(request)?; 10]);
        let (statements, reading) = cpu::of(|| statements(bench, bench.now, batch, &body))?;
        let ((), storing) = cpu::of(|| Ok(database.run(&statements)?))?;
        let rows = plain.rows_of(&database, batch)?;
        let ((), inserting) = cpu::of(|| Ok(plain.insert(&rows)?))?;
        println!(
            "{}",
            json!({
                "body": body, "reading": micros(reading, EVENTS),
                "sink": micros(storing, EVENTS), "plain": micros(inserting, EVENTS),
            })
        );
    }
    let stored = requests.saturating_mul(EVENTS);
    for table in ["observations", "evidence", "conversions"] {
        let query = format!("SELECT count(*) FROM {table}");
        ensure!(
            database.number(&query)? == i64::try_from(stored)?
                && plain.count(table)? == i64::try_from(stored)?,
            "rows of {table} are missing"
        );
    }
    Ok(())
}

/// A request; every third customer has ordered before.
fn body(bench: &Bench, request: u64) -> String {
    let first = request.saturating_mul(EVENTS);
    let events: Vec<_> = (first..first.saturating_add(EVENTS))
        .map(|number| {
            let customer = crate::shop::visitor(number);
            json!({
                "id": format!("B{number}-paid"),
                "time": bench.now.saturating_sub(60_000),
                "commerce": "purchase",
                "order": format!("B{number}"),
                "revenue": "14800",
                "currency": "JPY",
                "contact": {"email": format!("runner{customer}@mail.example")},
            })
        })
        .collect();
    json!({"events": events}).to_string()
}

/// What the sink does with a request that comes at `now`.
pub(crate) fn statements(
    bench: &Bench,
    now: i64,
    batch: Id,
    body: &str,
) -> anyhow::Result<Vec<sink::Statement>> {
    let site = bench.rules.site.as_str();
    let terms = Terms {
        rules: &bench.rules,
        now,
        since: None,
    };
    let events = read_events(body.as_bytes(), site)?
        .into_iter()
        .map(|event| read_event(event.get(), &terms))
        .collect::<Result<Vec<_>, _>>()?;
    let items = events
        .iter()
        .map(|event| serde_json::from_str::<&RawValue>(&event.json))
        .collect::<Result<_, _>>()?;
    let message = Accepted {
        received_at: now,
        visitor: None,
        country: "".into(),
        device: "".into(),
        doubts: "".into(),
        content: Content::Server(ServerEvents {
            site: site.into(),
            items,
        }),
    };
    Ok(sink::transaction(batch, &[message], &bench.book))
}
