//! What kept figures are told apart by. Each day is kept once for each of these cuts, and a report
//! reads the first that tells apart what it asks for. Where none does, the rows of its days are read.

use super::told;
use crate::reports::dimension::{
    Dimension,
    Dimension::{Campaign, Channel, Country, Device, Landing, Medium, Source},
};

/// From those that make few rows a day to those that make many.
const CUTS: [Cut; 5] = [
    Cut(&[]),
    Cut(&[Channel, Source, Medium, Campaign, Device]),
    Cut(&[Channel, Device, Country]),
    Cut(&[Landing]),
    Cut(&[Channel, Landing, Device]),
];

/// Some dimensions of a visit, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut(&'static [Dimension]);

impl Cut {
    /// The first that tells apart by all of these.
    pub(super) fn covering(apart: &[Dimension]) -> Option<Self> {
        CUTS.into_iter()
            .find(|cut| apart.iter().all(|own| cut.0.contains(own)))
    }

    /// Its name in the kept tables.
    pub(super) fn name(self) -> String {
        let names: Vec<&str> = self.0.iter().map(|own| own.id()).collect();
        names.join(",")
    }
}

/// Sums of rows by every cut, in one pass over what they come from.
///
/// The rows are told apart by every dimension of a visit, and by `keys` besides.
pub(super) fn by_every_cut(rows: &str, keys: &[&str], figures: &[&str]) -> String {
    let sums: Vec<String> = figures.iter().map(|own| format!("sum({own})")).collect();
    let sums = sums.join(", ");
    let cuts = CUTS.map(|cut| {
        let name = format!("'{}' AS cut", cut.name());
        let arrival = told(cut.0, |own| String::from(own.id()));
        let mut columns = vec!["site", "day", &name];
        columns.extend(keys);
        columns.extend([arrival.as_str(), &sums]);
        let mut apart = vec!["site", "day"];
        apart.extend(keys);
        apart.extend(cut.0.iter().map(|own| own.id()));
        let apart: Vec<String> = apart.iter().map(|own| format!("whole.{own}")).collect();
        format!(
            "SELECT {} FROM whole GROUP BY {}",
            columns.join(", "),
            apart.join(", ")
        )
    });
    format!(
        "WITH whole AS MATERIALIZED (
  {rows})
{}",
        cuts.join("\nUNION ALL\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_the_first_cut_that_tells_apart_what_it_asks_for() {
        let name = |apart: &[Dimension]| Cut::covering(apart).map(Cut::name);
        assert_eq!(name(&[]).as_deref(), Some(""));
        let arrival = Some("channel,source,medium,campaign,device");
        assert_eq!(name(&[Channel]).as_deref(), arrival);
        assert_eq!(name(&[Campaign, Device]).as_deref(), arrival);
        let country = Some("channel,device,country");
        assert_eq!(name(&[Country, Channel]).as_deref(), country);
        assert_eq!(name(&[Landing]).as_deref(), Some("landing"));
        let landing = Some("channel,landing,device");
        assert_eq!(name(&[Landing, Device]).as_deref(), landing);
        assert_eq!(name(&[Landing, Country]), None);
        assert_eq!(name(&[Campaign, Landing]), None);
    }
}
