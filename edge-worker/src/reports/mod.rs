//! Reports: what the rows say, with the names of the plan. Every figure is a count or a sum of whole
//! numbers; every text in SQL is bound.
//!
//! Most reports are tables, and a table is data: a [`catalogue`] entry names its dimensions and its
//! measures; a [`measure`] says what it is computed from; a [`source`] has the one statement that
//! counts it, over figures that are [`kept`] by day and over the rows of days that have changed since.
//! Lists of single rows (conversions, fates) are modules of their own.

mod amount;
mod answer;
mod ask;
mod asked;
mod carts;
pub(crate) mod catalogue;
mod cell;
pub(crate) mod channels;
mod claim;
mod conversions;
mod credit;
mod csv;
mod dimension;
mod exchange;
mod face;
mod fates;
mod figure;
mod funnels;
mod health;
mod keep;
pub(crate) mod kept;
mod measure;
mod pages;
pub(crate) mod period;
mod query;
mod quotient;
mod sheet;
mod source;
mod spread;
mod store;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod visits;
mod what_if;

pub(crate) use amount::{Amount, amount_schema};
pub(crate) use asked::{ATTRIBUTION, CARTS, FUNNELS, VELOCITY, WHAT_IF};
pub(crate) use query::{Query, bad_parameter};
pub(crate) use tables::PARAMETERS as TABLE;

pub(crate) use csv::{guarded, push_line, utc};
pub(crate) use keep::keep;

pub(crate) use fates::{Balance, balance, balance_fields};
pub(crate) use health::CLAIMS;
pub(crate) use period::day;
pub(crate) use store::{Ask, Store, everywhere};

use crate::{bindings::Bindings, clock, contacts, http::Outcome, plans, routes::Parameter};
use catalogue::Report;
use query::choice;
use serde_json::{Value, json};
use worker::Request;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Table(&'static Report),
    Attribution,
    Velocity,
    Funnels,
    WhatIf,
    Carts,
    Contacts,
    Conversions,
    Fates,
    Conservation,
    Health,
}

impl Name {
    /// The shape of its JSON.
    pub(crate) const fn schema(self) -> fn() -> Value {
        match self {
            Self::Table(_)
            | Self::Attribution
            | Self::Velocity
            | Self::Funnels
            | Self::WhatIf
            | Self::Carts => answer::schema,
            Self::Contacts => contacts::list_schema,
            Self::Conversions => conversions::schema,
            Self::Fates => fates::schema,
            Self::Conservation => fates::conservation_schema,
            Self::Health => health::schema,
        }
    }
}

/// The days of a report.
pub(crate) const PERIOD: &[Parameter] = &[
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
];

/// The pages of a list.
pub(crate) const CURSOR: &[Parameter] = &[
    Parameter {
        name: "before",
        about: "The `next` of the page before; without it, the latest come first.",
        schema: || json!({"type": "string"}),
    },
    Parameter {
        name: "limit",
        about: "How many; without it, 50.",
        schema: || json!({"type": "integer", "minimum": 1, "maximum": 200}),
    },
    Parameter {
        name: "definition",
        about: "Only those of this goal or outcome.",
        schema: || json!({"type": "string"}),
    },
];

/// Answers a report.
pub(crate) async fn report(request: &Request, edge: &Bindings, site: &str, name: Name) -> Outcome {
    let known = plans::in_effect(edge, site).await?;
    let query = Query::of(request)?;
    let response = match name {
        Name::Table(report) => tables::report(edge, &known, &query, report).await,
        Name::Attribution => {
            let made = credit::report::attribution(edge, &known, &query, clock::now()).await?;
            made.send(&known)
        }
        Name::Velocity => {
            let made = credit::velocity::velocity(edge, &known, &query, clock::now()).await?;
            made.send(&known)
        }
        Name::Funnels => {
            let made = funnels::report::funnels(edge, &known, &query, clock::now()).await?;
            made.send(&known)
        }
        Name::WhatIf => {
            let made = what_if::what_if(edge, &known, &query, clock::now()).await?;
            made.send(&known)
        }
        Name::Carts => carts::report(edge, &known, &query).await,
        Name::Contacts => contacts::list(edge, &known, &query).await,
        Name::Conversions => {
            query.only(&names(CURSOR))?;
            conversions::latest(edge, &known, &query).await
        }
        Name::Fates => {
            query.only(&names(PERIOD))?;
            fates::by_day(edge, &known, &query).await
        }
        Name::Conservation => {
            query.only(&[])?;
            fates::conservation(edge, &known).await
        }
        Name::Health => {
            query.only(&[])?;
            health::health(edge, &known).await
        }
    }?;
    let rows_read = edge.rows_read().to_string();
    response.headers().set("Goalpost-Rows-Read", &rows_read)?;
    Ok(response)
}

fn names(parameters: &[Parameter]) -> Vec<&'static str> {
    parameters.iter().map(|own| own.name).collect()
}
