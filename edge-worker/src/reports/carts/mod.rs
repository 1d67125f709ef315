//! Carts that were begun in a period: how many were bought, given up, and bought after all; and those
//! that are still given up, for whoever wants to remind people of them.

mod abandoned;
mod figures;

use super::{
    Query, answer,
    asked::{Asked, CARTS},
    period::{self, Period},
};
use crate::{
    bindings::Bindings,
    carts::{Begun, Owner, Whose, owners},
    clock, database,
    http::{self, Failure, Outcome},
    plans::Known,
};
use figures::Figures;
use goalpost_core::{Date, Zone};

/// Answers the report.
pub(super) async fn report(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    let now = clock::now();
    let asked = Asked::read(query, CARTS, known, now)?;
    let by = query.choice("by", &["none", "day", "channel", "device"])?;
    let zone = &known.rules.zone;
    let owners = read(edge, known, &asked.period, now).await?;
    let carts = of_period(&owners, &asked.period, zone);
    if query.choice("list", &["none", "abandoned"])? == "abandoned" {
        let (carts, of) = abandoned::last(carts, asked.limit);
        if asked.csv {
            return csv(known, &asked.period, &abandoned::csv(&carts));
        }
        let face = asked.face("carts", abandoned::COLUMNS.to_vec(), Vec::new());
        return http::json(&answer::json(&face, known, &abandoned::table(&carts, of)));
    }
    let mut figures = Figures::of(&carts, by, &asked.period, zone);
    if let Some(previous) = &asked.previous {
        let owners = read(edge, known, previous, now).await?;
        let carts = of_period(&owners, previous, zone);
        figures.compare(&carts, previous, zone);
    }
    let table = figures.table(asked.limit);
    let dimensions = figures.dimension().into_iter().collect();
    let face = asked.face("carts", dimensions, figures::columns());
    asked.made(face, table).send(known)
}

/// All carts of the people who put something into one in the period. What a session's day begins may
/// go on after midnight, so the day before is read as well.
async fn read(
    edge: &Bindings,
    known: &Known,
    period: &Period,
    now: i64,
) -> Result<Vec<Owner>, Failure> {
    let from = period::date(&period.from).map_or_else(
        || period.from.clone(),
        |day| Date(day.0.saturating_sub(1)).text(),
    );
    let values = [known.plan.site.as_str(), from.as_str(), period.to.as_str()];
    let rows = database::rows(edge, &Whose::Days.question(), &values).await?;
    owners(rows, known.reporting.cart_abandoned_after_ms, now)
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

/// A list has no line of totals, so that each line is a cart.
fn csv(known: &Known, period: &Period, text: &str) -> Outcome {
    let response = http::with_body(200, "text/csv; charset=utf-8", text.as_bytes().to_vec())?;
    let name = format!(
        "attachment; filename=\"{}-abandoned-carts-{}-{}.csv\"",
        known.plan.site, period.from, period.to
    );
    response.headers().set("Content-Disposition", &name)?;
    response.headers().set("Cache-Control", "no-store")?;
    Ok(response)
}
