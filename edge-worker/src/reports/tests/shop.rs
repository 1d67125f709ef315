//! What happens in a shop, as rows that the sink would write.

use super::{SITE, Shop};

/// The first day of the tests: 1 November 2026, in milliseconds.
const FIRST: i64 = 1_793_491_200_000;

/// A session of a visitor; `time` is in hours since the first day.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) visitor: u8,
    pub(super) session: u8,
    pub(super) hour: u16,
    pub(super) channel: &'static str,
    pub(super) device: &'static str,
    pub(super) pages: u8,
    pub(super) plays: u8,
}

/// One copy of a conversion.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) id: u8,
    pub(super) definition: &'static str,
    pub(super) order: Option<u8>,
    pub(super) visitor: Option<u8>,
    pub(super) session: u8,
    pub(super) hour: u16,
    pub(super) minor: Option<i64>,
    pub(super) currency: &'static str,
    pub(super) verified: bool,
}

pub(super) fn time(hour: u16) -> i64 {
    FIRST + i64::from(hour) * 3_600_000
}

pub(super) fn day(hour: u16) -> String {
    goalpost_core::Zone::default().date(time(hour)).text()
}

impl Shop {
    /// A session; coming again with the same ids replaces how it began.
    pub(super) fn visit(&self, visit: &Visit) {
        let entry = format!(
            "00000000001{}",
            serde_json::json!({
                "path": format!("/page-{}", visit.session % 3), "host": "shop.example",
                "country": "JP", "device": visit.device, "channel": visit.channel,
                "source": "x", "medium": "y", "campaign": "",
            })
        );
        let trail: Vec<String> = (0..visit.plays)
            .map(|at| format!(r#"[{at},{},"media","play walk",[],""]"#, time(visit.hour)))
            .collect();
        let pages = visit.pages.to_string();
        let plays = visit.plays.to_string();
        let started = time(visit.hour).to_string();
        let ended = (time(visit.hour) + i64::from(visit.pages) * 4_000).to_string();
        self.run(
            "INSERT INTO sessions (
               site, visitor, session, day, started_at, ended_at, pages, interactions, matches,
               entry, trail)
             VALUES (?1, unhex(?2), unhex(?3), ?4, CAST(?5 AS INTEGER), CAST(?6 AS INTEGER),
               CAST(?7 AS INTEGER), CAST(?8 AS INTEGER), 0, ?9, ?10)
             ON CONFLICT DO UPDATE SET
               day = excluded.day, started_at = excluded.started_at, ended_at = excluded.ended_at,
               pages = excluded.pages, interactions = excluded.interactions,
               entry = excluded.entry, trail = excluded.trail",
            &[
                SITE,
                &hex(visit.visitor),
                &hex(visit.session),
                &day(visit.hour),
                &started,
                &ended,
                &pages,
                &plays,
                &entry,
                &trail.join(","),
            ],
        );
    }

    /// A copy of a conversion, as evidence; what it makes follows by triggers.
    pub(super) fn convert(&self, copy: &Copy) {
        let dedup = copy
            .order
            .map_or(String::new(), |order| format!("order {order}"));
        let scope = copy
            .order
            .map_or_else(|| format!("every:{}", copy.id), |_| "order".into());
        let kind = if copy.definition == "play" {
            "goal"
        } else {
            "outcome"
        };
        let contact: Option<String> = copy.visitor.and_then(|visitor| {
            self.sqlite
                .query_row(
                    "SELECT contact FROM known_visitors WHERE visitor = unhex(?1)",
                    [hex(visitor)],
                    |row| row.get(0),
                )
                .ok()
        });
        self.sqlite
            .execute(
                "INSERT INTO evidence (
                   site, definition, scope, who, dedup, observation, kind, time, day, points,
                   minor, currency, money, token, order_number, visitor, session, identity,
                   contact, source, plan, batch)
                 VALUES (?1, ?2, ?3, '', ?4, unhex(?5), ?6, ?7, ?8, ?9, ?10, ?11, ?12, NULL, ?13,
                   unhex(?14), unhex(?15), NULL, ?16, ?17, '', x'00')
                 ON CONFLICT DO NOTHING",
                rusqlite::params![
                    SITE,
                    copy.definition,
                    scope,
                    dedup,
                    hex(copy.id),
                    kind,
                    time(copy.hour),
                    day(copy.hour),
                    if kind == "goal" { 5 } else { 0 },
                    copy.minor,
                    copy.minor.map(|_| copy.currency),
                    copy.minor
                        .map(|_| if copy.verified { "verified" } else { "claimed" }),
                    copy.order.map(|order| order.to_string()),
                    copy.visitor.map(hex),
                    copy.visitor.map(|_| hex(copy.session)),
                    contact,
                    if copy.verified { "server" } else { "page" },
                ],
            )
            .unwrap();
    }

    pub(super) fn refund(&self, id: u8, order: u8, minor: Option<i64>, hour: u16) {
        // A refund is no purchase, so it has none's id.
        let id = format!("ff{}", hex(id).split_at(2).1);
        self.sqlite
            .execute(
                "INSERT INTO refunds (
                   site, observation, order_number, minor, currency, time, day, reason)
                 VALUES (?1, unhex(?2), ?3, ?4, 'JPY', ?5, ?6, NULL) ON CONFLICT DO NOTHING",
                rusqlite::params![SITE, id, order.to_string(), minor, time(hour), day(hour)],
            )
            .unwrap();
    }

    /// The visitor is that person from now on.
    pub(super) fn identify(&self, visitor: u8, contact: u8) {
        self.run(
            "INSERT INTO known_visitors (site, visitor) VALUES (?1, unhex(?2))
             ON CONFLICT DO NOTHING",
            &[SITE, &hex(visitor)],
        );
        self.run(
            "UPDATE known_visitors SET contact = ?3, observation = x'00'
             WHERE site = ?1 AND visitor = unhex(?2)",
            &[SITE, &hex(visitor), &format!("customer:{contact}")],
        );
    }

    pub(super) fn cost(&self, hour: u16, channel: &str, minor: i64, currency: &str) {
        self.sqlite
            .execute(
                "INSERT INTO costs VALUES (?1, ?2, ?3, '', ?4, ?5, 10, NULL)",
                rusqlite::params![SITE, day(hour), channel, minor, currency],
            )
            .unwrap();
    }
}

fn hex(id: u8) -> String {
    format!("{id:032x}")
}
