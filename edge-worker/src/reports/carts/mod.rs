//! Carts that were begun in a period: how many were bought, given up, and bought after all; and those
//! that are still given up, for whoever wants to remind people of them.

mod abandoned;
mod figures;

use super::{Query, period::Period};
use crate::{
    bindings::Bindings,
    carts::{Begun, Owner, Whose, owners},
    clock, database,
    http::{self, Failure, Outcome},
    openapi::shape,
    plans::Known,
    problem::Problem,
    routes::Parameter,
};
use abandoned::{Listed, cart_schema};
use figures::{Figures, tally_schema};
use goalpost_core::{Date, Zone};
use serde_json::{Value, json};

const BY: [&str; 4] = ["none", "day", "channel", "device"];
const LISTS: [&str; 2] = ["none", "abandoned"];
const FORMATS: [&str; 2] = ["json", "csv"];
const NAMES: [&str; 6] = ["from", "to", "by", "list", "format", "limit"];

/// The parameters of the report.
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "from",
        about: "The first day, in the site's time zone. Without it: 29 days before the last.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "to",
        about: "The last day, included. Without it: today.",
        schema: || json!({"type": "string", "format": "date"}),
    },
    Parameter {
        name: "by",
        about: "What rows are told apart by: of the session in which a cart was begun.",
        schema: || json!({"enum": BY}),
    },
    Parameter {
        name: "list",
        about: "`abandoned`: instead of figures, each cart that was given up and not bought since, \
                the last one first.",
        schema: || json!({"enum": LISTS}),
    },
    Parameter {
        name: "format",
        about: "JSON, or CSV for a spreadsheet.",
        schema: || json!({"enum": FORMATS}),
    },
    Parameter {
        name: "limit",
        about: "Of a list: how many carts; without it, 1,000.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 10_000}),
    },
];

/// What a request asks for.
struct Ask {
    period: Period,
    by: &'static str,
    list: bool,
    csv: bool,
    limit: usize,
}

impl Ask {
    fn read(query: &Query, zone: &Zone, now: i64) -> Result<Self, Problem> {
        query.only(&NAMES)?;
        let limit = query.number("limit", 1_000, (1, 10_000))?;
        Ok(Self {
            period: Period::of(query, zone, now)?,
            by: query.choice("by", &BY)?,
            list: query.choice("list", &LISTS)? == "abandoned",
            csv: query.choice("format", &FORMATS)? == "csv",
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        })
    }
}

/// Answers the report.
pub(super) async fn report(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    let now = clock::now();
    let zone = &known.rules.zone;
    let ask = Ask::read(query, zone, now)?;
    let after = known.reporting.cart_abandoned_after_ms;
    let site = known.plan.site.as_str();
    let owners = read(edge, site, &ask.period, after, now).await?;
    let carts = of_period(&owners, &ask.period, zone);
    if ask.list {
        let listed = Listed::of(carts, ask.limit);
        if ask.csv {
            return csv(site, &ask.period, &listed.csv());
        }
        return http::json(&listed.json(site, &ask.period));
    }
    let figures = Figures::of(&carts, ask.by, zone);
    if ask.csv {
        return csv(site, &ask.period, &figures.csv(ask.by));
    }
    http::json(&json!({
        "site": site, "from": ask.period.from, "to": ask.period.to, "by": ask.by,
        "abandoned_after_ms": after, "rows": figures.rows(), "totals": figures.totals.json(),
    }))
}

/// All carts of the people who put something into one in the period. What a session's day begins may
/// go on after midnight, so the day before is read as well.
async fn read(
    edge: &Bindings,
    site: &str,
    period: &Period,
    after: i64,
    now: i64,
) -> Result<Vec<Owner>, Failure> {
    let from = super::period::date(&period.from).map_or_else(
        || period.from.clone(),
        |day| Date(day.0.saturating_sub(1)).text(),
    );
    let values = [site, from.as_str(), period.to.as_str()];
    let rows = database::rows(edge, &Whose::Days.question(), &values).await?;
    owners(rows, after, now)
}

/// A cart with its owner's contact.
type Owned<'a> = (Option<&'a str>, &'a Begun);

/// Those that were begun in the period.
fn of_period<'a>(owners: &'a [Owner], period: &Period, zone: &Zone) -> Vec<Owned<'a>> {
    owners
        .iter()
        .flat_map(|owner| {
            let contact = owner.contact.as_deref();
            owner.carts.iter().map(move |begun| (contact, begun))
        })
        .filter(|(_, begun)| {
            let day = zone.date(begun.cart.first_add).text();
            (period.from.as_str()..=period.to.as_str()).contains(&day.as_str())
        })
        .collect()
}

fn csv(site: &str, period: &Period, text: &str) -> Outcome {
    let response = http::with_body(200, "text/csv; charset=utf-8", text.as_bytes().to_vec())?;
    let name = format!(
        "attachment; filename=\"{site}-carts-{}-{}.csv\"",
        period.from, period.to
    );
    response.headers().set("Content-Disposition", &name)?;
    response.headers().set("Cache-Control", "no-store")?;
    Ok(response)
}

/// The report's shape.
pub(super) fn schema() -> Value {
    let mut row = tally_schema();
    row.push(("value", shape::text("The day, channel or device.")));
    let period = || {
        vec![
            ("site", shape::text("The site.")),
            ("from", shape::date("The first day.")),
            ("to", shape::date("The last day, included.")),
        ]
    };
    let mut figures = period();
    figures.extend([
        ("by", json!({"enum": BY})),
        (
            "abandoned_after_ms",
            shape::integer("When a cart is given up, as the plan says."),
        ),
        ("rows", shape::list(shape::object(&row))),
        ("totals", shape::object(&tally_schema())),
    ]);
    let mut list = period();
    list.extend([
        ("of", shape::integer("How many there are, shown or not.")),
        ("carts", shape::list(cart_schema())),
    ]);
    json!({"anyOf": [shape::object(&figures), shape::object(&list)]})
}
