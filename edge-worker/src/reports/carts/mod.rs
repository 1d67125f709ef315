//! Carts that were begun in a period: how many were bought, given up, and bought after all; and those
//! that are still given up, for whoever wants to remind people of them.

mod abandoned;
mod figures;
pub(super) mod kept;
mod tally;
#[cfg(test)]
mod tests;

use super::{
    Query, answer,
    asked::{Asked, CARTS, Made},
    period::Period,
    store::Store,
};
use crate::{
    bindings::Bindings,
    carts::{Begun, Owner, Whose, owners},
    clock, database,
    http::{self, Failure, Outcome},
    plans::Known,
};
use figures::Figures;
use goalpost_core::Zone;

/// Answers the report.
pub(super) async fn report(edge: &Bindings, known: &Known, query: &Query) -> Outcome {
    let now = clock::now();
    if query.choice("list", &["none", "abandoned"])? == "none" {
        return figures(edge, known, query, now).await?.send(known);
    }
    let asked = Asked::read(query, CARTS, known, now)?;
    by(query)?;
    let owners = people(edge, known, &asked.period, now).await?;
    let carts = of_period(&owners, &asked.period, &known.rules.zone);
    let (carts, of) = abandoned::last(carts, asked.limit);
    if asked.csv {
        let Period { from, to } = &asked.period;
        let file = format!("{}-abandoned-carts-{from}-{to}", known.plan.site);
        return http::csv(&file, abandoned::csv(&carts));
    }
    let face = asked.face("carts", abandoned::COLUMNS.to_vec(), Vec::new());
    http::json(&answer::json(&face, known, &abandoned::table(&carts, of)))
}

/// How many there were, and what became of them.
async fn figures(
    store: &impl Store,
    known: &Known,
    query: &Query,
    now: i64,
) -> Result<Made, Failure> {
    let asked = Asked::read(query, CARTS, known, now)?;
    let by = by(query)?;
    let sheet = kept::of_period(store, known, &asked.period, now).await?;
    let before = match &asked.previous {
        Some(previous) => Some((
            previous,
            kept::of_period(store, known, previous, now).await?,
        )),
        None => None,
    };
    let before = before.as_ref().map(|(previous, sheet)| (*previous, sheet));
    let figures = Figures::of(by, &asked.period, &sheet, before, now);
    let table = figures.table(asked.limit);
    let dimensions = figures.dimension().into_iter().collect();
    let face = asked.face("carts", dimensions, figures::columns());
    Ok(asked.made(face, table))
}

fn by(query: &Query) -> Result<&'static str, Failure> {
    Ok(query.choice("by", &["none", "day", "channel", "device"])?)
}

/// All carts of the people who put something into one in the period.
async fn people(
    edge: &Bindings,
    known: &Known,
    period: &Period,
    now: i64,
) -> Result<Vec<Owner>, Failure> {
    let from = kept::day_before(&period.from);
    let values = [known.plan.site.as_str(), from.as_str(), period.to.as_str()];
    let mut all = Vec::new();
    for part in edge.databases() {
        let rows = database::rows(part, &Whose::Days.question(), &values).await?;
        all.extend(owners(rows, known.reporting.cart_abandoned_after_ms, now)?);
    }
    Ok(all)
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
            let day = begun.on(zone);
            (period.from.as_str()..=period.to.as_str()).contains(&day.as_str())
        })
        .collect()
}
