//! The figures of goals and outcomes: sums that are kept, and people that are counted.

use super::{Amount, period::Period};
use crate::{bindings::Bindings, database, http::Failure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Totals of one definition on one day, in one currency.
#[derive(Deserialize)]
struct Row {
    day: String,
    definition: String,
    currency: String,
    conversions: i64,
    points: i64,
    claimed: i64,
    verified: i64,
}

const SUMS: &str = "\
SELECT json_object(
  'day', day, 'definition', definition, 'currency', currency, 'conversions', conversions,
  'points', points, 'claimed', claimed, 'verified', verified)
FROM (
  SELECT
    day, definition, coalesce(currency, '') AS currency, count(*) AS conversions,
    sum(points) AS points, sum(iif(money = 'claimed', minor, 0)) AS claimed,
    sum(iif(money = 'verified', minor, 0)) AS verified
  FROM conversions WHERE site = ?1 AND day BETWEEN ?2 AND ?3
  GROUP BY day, definition, coalesce(currency, ''))
ORDER BY day, definition, currency";

/// How many people had a conversion: on a day, and (with an empty day) in the whole period.
#[derive(Deserialize)]
struct Head {
    day: String,
    definition: String,
    people: i64,
}

/// A person is a contact, or else a visitor, or else, where neither may be known, one conversion.
const PEOPLE: &str = "\
WITH seen AS MATERIALIZED (
  SELECT day, definition, coalesce(contact, visitor, observation, scope || who || dedup) AS person
  FROM conversions WHERE site = ?1 AND day BETWEEN ?2 AND ?3 AND kind = ?4)
SELECT json_object('day', day, 'definition', definition, 'people', people)
FROM (
  SELECT day, definition, count(DISTINCT person) AS people FROM seen GROUP BY 1, 2
  UNION ALL
  SELECT '', definition, count(DISTINCT person) FROM seen GROUP BY 2)";

/// Money of one currency.
#[derive(Serialize)]
pub(super) struct Worth {
    currency: String,
    /// As pages said.
    claimed: Amount,
    /// As servers vouched for.
    verified: Amount,
}

/// Sums over a day or a period.
#[derive(Default)]
pub(super) struct Sum {
    pub(super) conversions: i64,
    pub(super) people: i64,
    pub(super) points: i64,
    money: BTreeMap<String, (i64, i64)>,
}

impl Sum {
    fn add(&mut self, row: &Row) {
        self.conversions = self.conversions.saturating_add(row.conversions);
        self.points = self.points.saturating_add(row.points);
        if !row.currency.is_empty() {
            let sum = self.money.entry(row.currency.clone()).or_default();
            sum.0 = sum.0.saturating_add(row.claimed);
            sum.1 = sum.1.saturating_add(row.verified);
        }
    }

    pub(super) fn worth(&self) -> Vec<Worth> {
        self.money
            .iter()
            .map(|(currency, (claimed, verified))| Worth {
                currency: currency.clone(),
                claimed: Amount::new(*claimed, currency),
                verified: Amount::new(*verified, currency),
            })
            .collect()
    }
}

/// The figures of one definition.
#[derive(Default)]
pub(super) struct Figures {
    kind: String,
    pub(super) total: Sum,
    pub(super) days: BTreeMap<String, Sum>,
}

/// The figures of every definition that happened in the period; the people of one kind only, since
/// to count them is what costs.
pub(super) async fn figures(
    edge: &Bindings,
    site: &str,
    kind: &str,
    period: &Period,
) -> Result<BTreeMap<String, Figures>, Failure> {
    let rows: Vec<Row> = database::rows(edge, SUMS, &[site, &period.from, &period.to]).await?;
    let people: Vec<Head> =
        database::rows(edge, PEOPLE, &[site, &period.from, &period.to, kind]).await?;
    Ok(gather(&rows, people, kind))
}

fn gather(rows: &[Row], people: Vec<Head>, kind: &str) -> BTreeMap<String, Figures> {
    let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
    for row in rows {
        let own = figures.entry(row.definition.clone()).or_default();
        own.total.add(row);
        own.days.entry(row.day.clone()).or_default().add(row);
    }
    for count in people {
        let own = figures.entry(count.definition).or_default();
        kind.clone_into(&mut own.kind);
        let sum = if count.day.is_empty() {
            &mut own.total
        } else {
            own.days.entry(count.day).or_default()
        };
        sum.people = count.people;
    }
    figures
}

/// The plan's own definitions in the plan's order, then those of earlier plans.
pub(super) fn in_order(
    own: &[&str],
    figures: &mut BTreeMap<String, Figures>,
    kind: &str,
) -> Vec<(String, bool, Figures)> {
    let mut list: Vec<_> = own
        .iter()
        .map(|id| {
            let found = figures.remove(*id).unwrap_or_default();
            (String::from(*id), true, found)
        })
        .collect();
    figures.retain(|id, found| {
        if found.kind != kind {
            return true;
        }
        list.push((id.clone(), false, std::mem::take(found)));
        false
    });
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: &str, currency: &str, claimed: i64) -> Row {
        Row {
            day: day.into(),
            definition: "buy".into(),
            currency: currency.into(),
            conversions: 1,
            points: 0,
            claimed,
            verified: 0,
        }
    }

    #[test]
    fn currencies_are_never_added_to_each_other() {
        let people = vec![Head {
            day: String::new(),
            definition: "buy".into(),
            people: 1,
        }];
        let rows = [
            row("2026-11-20", "JPY", 100),
            row("2026-11-20", "USD", 200),
            row("2026-11-21", "JPY", 5),
        ];
        let figures = gather(&rows, people, "outcome");
        let buy = &figures["buy"];
        assert_eq!(buy.total.conversions, 3);
        assert_eq!(buy.total.people, 1);
        assert_eq!(buy.total.money["JPY"], (105, 0));
        assert_eq!(buy.total.money["USD"], (200, 0));
        assert_eq!(buy.days["2026-11-20"].money["JPY"], (100, 0));
    }

    #[test]
    fn what_an_earlier_plan_had_comes_last() {
        let mut figures = gather(
            &[],
            ["old", "new"]
                .map(|id| Head {
                    day: String::new(),
                    definition: id.into(),
                    people: 1,
                })
                .into(),
            "goal",
        );
        let list: Vec<_> = in_order(&["unused", "new"], &mut figures, "goal")
            .into_iter()
            .map(|(id, in_plan, _)| (id, in_plan))
            .collect();
        assert_eq!(
            list,
            [
                ("unused".into(), true),
                ("new".into(), true),
                ("old".into(), false)
            ]
        );
    }
}
