//! Carts that were begun in a period: how many were bought, given up, and bought after all; and those
//! that are still given up, for whoever wants to remind people of them.

use super::{
    Query,
    cell::Ratio,
    csv::{guarded, push_line},
    period::Period,
};
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
use goalpost_core::{Date, Id, Zone};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
    let (sessions, purchases) = (Whose::Days.sessions(), Whose::Days.purchases());
    let values = || vec![site, from.as_str(), period.to.as_str()];
    let questions = [
        (sessions.as_str(), values()),
        (purchases.as_str(), values()),
    ];
    let mut answers = database::batch(edge, &questions).await?.into_iter();
    let sessions = answers.next().unwrap_or_default();
    owners(&sessions, &answers.next().unwrap_or_default(), after, now)
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

/// How many carts became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    carts: u32,
    /// In time.
    bought: u32,
    /// Given up, whether or not they were bought later.
    abandoned: u32,
    /// Given up, and bought after all.
    recovered: u32,
}

impl Tally {
    fn add(&mut self, begun: &Begun) {
        let abandoned = begun.cart.abandoned_at.is_some();
        let bought = begun.cart.purchased_at.is_some();
        for (count, counts) in [
            (&mut self.carts, true),
            (&mut self.bought, bought && !abandoned),
            (&mut self.abandoned, abandoned),
            (&mut self.recovered, bought && abandoned),
        ] {
            *count = count.saturating_add(u32::from(counts));
        }
    }

    /// Neither bought nor given up yet.
    const fn open(self) -> u32 {
        self.carts
            .saturating_sub(self.bought)
            .saturating_sub(self.abandoned)
    }

    /// A cart that is still open says nothing yet.
    fn abandonment(self) -> Ratio {
        let settled = self.bought.saturating_add(self.abandoned);
        Ratio::rate(i128::from(self.abandoned), i128::from(settled))
    }

    fn recovery(self) -> Ratio {
        Ratio::rate(i128::from(self.recovered), i128::from(self.abandoned))
    }

    fn json(self) -> Value {
        json!({
            "carts": self.carts,
            "bought": self.bought,
            "abandoned": self.abandoned,
            "recovered": self.recovered,
            "open": self.open(),
            "abandonment_rate":
                self.abandonment().json(Some(("abandoned", "bought+abandoned")), None),
            "recovery_rate": self.recovery().json(Some(("recovered", "abandoned")), None),
        })
    }

    fn fields(self) -> [String; 7] {
        let counts = [
            self.carts,
            self.bought,
            self.abandoned,
            self.recovered,
            self.open(),
        ];
        let [carts, bought, abandoned, recovered, open] = counts.map(|count| count.to_string());
        let rate = |ratio: Ratio| ratio.decimal.unwrap_or_default();
        [
            carts,
            bought,
            abandoned,
            recovered,
            open,
            rate(self.abandonment()),
            rate(self.recovery()),
        ]
    }
}

/// The report's rows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    totals: Tally,
    rows: Vec<(String, Tally)>,
}

impl Figures {
    /// Days in order, all else by how many carts there are.
    fn of(carts: &[Owned<'_>], by: &str, zone: &Zone) -> Self {
        let mut totals = Tally::default();
        let mut rows: BTreeMap<String, Tally> = BTreeMap::new();
        for (_, begun) in carts {
            totals.add(begun);
            let key = match by {
                "day" => zone.date(begun.cart.first_add).text(),
                "channel" => begun.channel.clone(),
                "device" => begun.device.clone(),
                _ => continue,
            };
            rows.entry(key).or_default().add(begun);
        }
        let mut rows: Vec<_> = rows.into_iter().collect();
        if by != "day" {
            rows.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.carts));
        }
        Self { totals, rows }
    }

    fn rows(&self) -> Vec<Value> {
        self.rows
            .iter()
            .map(|(key, tally)| {
                let mut row = tally.json();
                if let Some(fields) = row.as_object_mut() {
                    fields.insert(String::from("value"), json!(key));
                }
                row
            })
            .collect()
    }

    fn csv(&self, by: &str) -> String {
        let names = [
            by,
            "carts",
            "bought",
            "abandoned",
            "recovered",
            "open",
            "abandonment_rate",
            "recovery_rate",
        ];
        let mut out = String::new();
        push_line(&mut out, names.into_iter().map(String::from));
        for (key, tally) in &self.rows {
            push_line(&mut out, [guarded(key)].into_iter().chain(tally.fields()));
        }
        let total = [String::from("(total)")].into_iter();
        push_line(&mut out, total.chain(self.totals.fields()));
        out
    }
}

/// Carts that are given up and not bought since.
struct Listed<'a> {
    /// How many there are, shown or not.
    of: usize,
    carts: Vec<Owned<'a>>,
}

impl<'a> Listed<'a> {
    fn of(mut carts: Vec<Owned<'a>>, limit: usize) -> Self {
        carts.retain(|(_, begun)| {
            begun.cart.abandoned_at.is_some() && begun.cart.purchased_at.is_none()
        });
        carts
            .sort_by_key(|(_, begun)| (std::cmp::Reverse(begun.cart.last_add), begun.cart.session));
        let of = carts.len();
        carts.truncate(limit);
        Self { of, carts }
    }

    fn json(&self, site: &str, period: &Period) -> Value {
        let carts: Vec<Value> = self
            .carts
            .iter()
            .map(|(contact, begun)| {
                json!({
                    "visitor": begun.visitor.map(Id::text),
                    "contact": contact,
                    "session": begun.cart.session.text(),
                    "products": begun.cart.products,
                    "first_add": begun.cart.first_add,
                    "last_add": begun.cart.last_add,
                    "abandoned_at": begun.cart.abandoned_at,
                    "channel": begun.channel,
                    "device": begun.device,
                })
            })
            .collect();
        json!({
            "site": site, "from": period.from, "to": period.to, "of": self.of, "carts": carts,
        })
    }

    fn csv(&self) -> String {
        let names = [
            "visitor",
            "contact",
            "session",
            "products",
            "first_add",
            "last_add",
            "abandoned_at",
            "channel",
            "device",
        ];
        let mut out = String::new();
        push_line(&mut out, names.into_iter().map(String::from));
        for (contact, begun) in &self.carts {
            let cart = &begun.cart;
            let fields = [
                begun.visitor.map(Id::text).unwrap_or_default(),
                guarded(contact.unwrap_or_default()),
                cart.session.text(),
                guarded(&cart.products.join(" ")),
                cart.first_add.to_string(),
                cart.last_add.to_string(),
                cart.abandoned_at
                    .map(|at| at.to_string())
                    .unwrap_or_default(),
                guarded(&begun.channel),
                guarded(&begun.device),
            ];
            push_line(&mut out, fields.into_iter());
        }
        out
    }
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
    let rate = || {
        shape::object(&[
            ("numerator", shape::integer("What was counted.")),
            ("numerator_name", shape::text("Its name.")),
            ("denominator", shape::integer("Of how many.")),
            ("denominator_name", shape::text("Their name.")),
            (
                "decimal",
                json!({"type": ["string", "null"], "description": "Null is no data."}),
            ),
        ])
    };
    let tally = || {
        vec![
            ("carts", shape::integer("Carts that were begun.")),
            ("bought", shape::integer("Bought in time.")),
            (
                "abandoned",
                shape::integer("Given up, whether or not they were bought later."),
            ),
            (
                "recovered",
                shape::integer("Given up, and bought after all."),
            ),
            ("open", shape::integer("Neither yet.")),
            ("abandonment_rate", rate()),
            ("recovery_rate", rate()),
        ]
    };
    let mut row = tally();
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
        ("totals", shape::object(&tally())),
    ]);
    let perhaps = |about: &str| json!({"type": ["string", "null"], "description": about});
    let cart = shape::object(&[
        ("visitor", perhaps("The visitor, where one may be known.")),
        ("contact", perhaps("The contact, where it is known.")),
        ("session", shape::id("The session in which it was begun.")),
        ("products", shape::list(shape::text("A product's id."))),
        (
            "first_add",
            shape::time("When the first product was added."),
        ),
        ("last_add", shape::time("When the last product was added.")),
        ("abandoned_at", shape::time("When it was given up.")),
        ("channel", shape::text("The session's channel.")),
        ("device", shape::text("The session's device.")),
    ]);
    let mut list = period();
    list.extend([
        ("of", shape::integer("How many there are, shown or not.")),
        ("carts", shape::list(cart)),
    ]);
    json!({"anyOf": [shape::object(&figures), shape::object(&list)]})
}
