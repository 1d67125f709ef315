//! `GET /api/v1/sites/{site}/metrics`: figures of the deployment for a monitoring system.
//!
//! All of them are sums that the database has: an isolate knows only what it did itself, and does not
//! live long. A label is a word of this code's own, never one that a page, a plan or a server chose; so
//! there is a fixed number of lines, whoever sends what.

mod text;

use crate::{
    backlog::{self, Backlog, Place},
    beats::{self, Beats},
    bindings::Bindings,
    clock, database,
    http::{self, Failure, Outcome},
    reports,
};
use goalpost_core::{
    Zone,
    beacon::Form,
    fate::{Drop, Fate, Limit, Quarantine},
};
use serde::Deserialize;
use std::collections::BTreeMap;
use text::{CONTENT_TYPE, Kind, Text};

/// Items of a site by their fate, in a few rows a day.
const FATES: &str = "\
SELECT json_array(fate, reason, form, sum(count))
FROM fates WHERE site = ?1 GROUP BY fate, reason, form";

const QUARANTINED_TODAY: &str = "\
SELECT json_quote(coalesce(sum(bytes), 0)) FROM quarantine_days WHERE site = ?1 AND day = ?2";

const STALE: &str = "SELECT json_quote(count(*)) FROM stale_days WHERE site = ?1";

/// The last nightly check of a site.
const CHECK: &str = "\
SELECT json_object(
  'at', (SELECT max(at) FROM checks WHERE site = ?1),
  'compared', (SELECT coalesce(sum(compared), 0) FROM checks WHERE site = ?1),
  'skipped', (SELECT coalesce(sum(skipped), 0) FROM checks WHERE site = ?1),
  'differences', (SELECT count(*) FROM differences WHERE site = ?1))";

#[derive(Debug, Default, Deserialize)]
struct Check {
    at: Option<i64>,
    compared: i64,
    skipped: i64,
    differences: i64,
}

/// All figures of a site and its deployment.
#[derive(Debug, Default)]
struct Figures {
    fates: Vec<(String, String, String, i64)>,
    disagreements: (i64, i64),
    quarantined_bytes: i64,
    stale_days: i64,
    check: Check,
    database_bytes: f64,
    beats: Beats,
    backlogs: Vec<(Place, Backlog)>,
}

/// Answers them.
pub(crate) async fn metrics(edge: &Bindings, site: &str) -> Outcome {
    let now = clock::now();
    let today = Zone::default().date(now).text();
    let mut figures = Figures {
        beats: beats::beats(edge).await?,
        ..Figures::default()
    };
    for place in Place::ALL {
        if let Some(found) = backlog::read(edge, place).await {
            figures.backlogs.push((place, found));
        }
    }
    for part in edge.databases() {
        figures.read(part, site, &today).await?;
    }
    let text = figures.text(now).into_bytes();
    let response = http::with_body(200, CONTENT_TYPE, text)?;
    response.headers().set("Cache-Control", "no-store")?;
    Ok(response)
}

fn add(sum: &mut i64, more: i64) {
    *sum = sum.saturating_add(more);
}

/// Each word of `known` that a row may bear; any other is told as `other`.
fn word(found: &str, known: &[&'static str]) -> String {
    let own = known.iter().copied().find(|own| *own == found);
    String::from(own.unwrap_or("other"))
}

const FORMS: [&str; 5] = [
    Form::Wasm.name(),
    Form::Js.name(),
    Form::Raw.name(),
    Form::Pixel.name(),
    Form::Server.name(),
];

fn reasons() -> Vec<&'static str> {
    let quarantine = Quarantine::ALL.iter().map(|own| own.name());
    let drop = Drop::ALL.iter().map(|own| own.name());
    [""].into_iter().chain(quarantine).chain(drop).collect()
}

type Labels = Vec<(&'static str, String)>;

impl Figures {
    /// Adds what a database has.
    async fn read(&mut self, part: &Bindings, site: &str, today: &str) -> Result<(), Failure> {
        let prepared = [
            (FATES, vec![site]),
            (reports::CLAIMS, vec![site]),
            (QUARANTINED_TODAY, vec![site, today]),
            (STALE, vec![site]),
            (CHECK, vec![site]),
        ]
        .iter()
        .map(|(sql, values)| database::prepare(part, sql, values))
        .collect::<Result<_, _>>()?;
        let answers = database::run(part, prepared).await?;
        self.database_bytes += answers.last().map_or(0.0, |own| own.database_bytes);
        for (at, answer) in answers.iter().enumerate() {
            for row in &answer.texts {
                match at {
                    0 => self.fates.push(serde_json::from_str(row)?),
                    1 => {
                        let (refused, missed): (i64, i64) = serde_json::from_str(row)?;
                        add(&mut self.disagreements.0, refused);
                        add(&mut self.disagreements.1, missed);
                    }
                    2 => add(&mut self.quarantined_bytes, serde_json::from_str(row)?),
                    3 => add(&mut self.stale_days, serde_json::from_str(row)?),
                    _ => {
                        let own: Check = serde_json::from_str(row)?;
                        self.check.at = self.check.at.max(own.at);
                        add(&mut self.check.compared, own.compared);
                        add(&mut self.check.skipped, own.skipped);
                        add(&mut self.check.differences, own.differences);
                    }
                }
            }
        }
        Ok(())
    }

    /// Sums of fates, told apart by what `label` says of a row; `None` leaves it out.
    fn sums(
        &self,
        label: impl Fn(&str, &str, &str) -> Option<Labels>,
    ) -> impl IntoIterator<Item = (Labels, i64)> {
        let mut sums: BTreeMap<Labels, i64> = BTreeMap::new();
        for (fate, reason, form, count) in &self.fates {
            if let Some(labels) = label(fate, reason, form) {
                let sum = sums.entry(labels).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        sums
    }

    fn text(&self, now: i64) -> String {
        let mut text = Text::default();
        let limited = Fate::Limited(Limit::Rate).name();
        let duplicate = Fate::Duplicate.name();
        text.family(
            ("goalpost_arrivals", "", Kind::Counter),
            "Items that arrived and met a fate, each once, by the form that sent them.",
            self.sums(|fate, _, form| {
                let counts = fate != limited && fate != duplicate;
                counts.then(|| vec![("form", word(form, &FORMS))])
            }),
        );
        text.family(
            ("goalpost_copies", "", Kind::Counter),
            "Further copies of items that had met their fate already.",
            self.sums(|fate, _, form| {
                (fate == duplicate).then(|| vec![("form", word(form, &FORMS))])
            }),
        );
        text.family(
            ("goalpost_refusals", "", Kind::Counter),
            "Items not taken now, which their senders keep: more requests than the rate, or more \
             items than the day's quota.",
            self.sums(|fate, reason, _| {
                let words = [Limit::Rate, Limit::Quota].map(|own| Fate::Limited(own).reason());
                (fate == limited).then(|| vec![("reason", word(reason, &words))])
            }),
        );
        let reasons = reasons();
        text.family(
            ("goalpost_items", "", Kind::Gauge),
            "Items by the fate that they have today: a replay or an erasure gives them another.",
            self.sums(|fate, reason, _| {
                let fates = [
                    Fate::Stored.name(),
                    Fate::Quarantined(Quarantine::Json).name(),
                    Fate::Dropped(Drop::Bot).name(),
                ];
                let counts = fate != limited && fate != duplicate;
                counts.then(|| {
                    vec![
                        ("fate", word(fate, &fates)),
                        ("reason", word(reason, &reasons)),
                    ]
                })
            }),
        );
        let which = |own: &str| vec![("which", String::from(own))];
        text.family(
            ("goalpost_disagreements", "", Kind::Counter),
            "Conversions that only the page (claimed) or only the edge (verdict) saw.",
            [
                (which("claimed_only"), self.disagreements.0),
                (which("verdict_only"), self.disagreements.1),
            ],
        );
        text.family(
            ("goalpost_quarantine_today_bytes", "bytes", Kind::Gauge),
            "Bytes that went to quarantine today (UTC).",
            [(vec![], self.quarantined_bytes)],
        );
        text.family(
            ("goalpost_database_bytes", "bytes", Kind::Gauge),
            "Size of the database.",
            [(vec![], self.database_bytes)],
        );
        text.family(
            ("goalpost_stale_days", "", Kind::Gauge),
            "Days whose figures are asked of the rows, because they changed since they were kept.",
            [(vec![], self.stale_days)],
        );
        self.of_the_deployment(&mut text, now);
        self.of_the_backlogs(&mut text, now);
        self.of_the_check(&mut text, now);
        text.end()
    }

    fn of_the_deployment(&self, text: &mut Text, now: i64) {
        let queue = self.beats.queue.iter();
        text.family(
            ("goalpost_queue_oldest_seconds", "seconds", Kind::Gauge),
            "How long the oldest message of the last batch that was noted had waited.",
            queue.clone().map(|own| (vec![], seconds(own.oldest_ms))),
        );
        text.family(
            ("goalpost_queue_noted_age_seconds", "seconds", Kind::Gauge),
            "How long ago that batch came.",
            queue.map(|own| (vec![], seconds(now.saturating_sub(own.at)))),
        );
        let cron = self.beats.cron.iter();
        text.family(
            ("goalpost_cron_age_seconds", "seconds", Kind::Gauge),
            "How long ago the last run of the cron began.",
            cron.clone()
                .map(|own| (vec![], seconds(now.saturating_sub(own.began_at)))),
        );
        text.family(
            ("goalpost_cron_took_seconds", "seconds", Kind::Gauge),
            "How long the last run that came to its end took.",
            cron.clone()
                .filter_map(|own| own.took_ms)
                .map(|own| (vec![], seconds(own))),
        );
        text.family(
            ("goalpost_cron_failures", "", Kind::Gauge),
            "Runs in a row that were cut off, or of which a step failed.",
            cron.map(|own| (vec![], own.failures)),
        );
    }

    fn of_the_backlogs(&self, text: &mut Text, now: i64) {
        let of =
            |(place, own): &(Place, Backlog)| (vec![("place", String::from(place.name()))], *own);
        let known = || self.backlogs.iter().map(of);
        text.family(
            ("goalpost_backlog_messages", "", Kind::Gauge),
            "Messages that failed again when they were last tried: dead letters of one batch, or what \
             one object of the overflow holds.",
            known().map(|(labels, own)| (labels, own.messages)),
        );
        text.family(
            ("goalpost_backlog_oldest_seconds", "seconds", Kind::Gauge),
            "How long the oldest of them had waited.",
            known().map(|(labels, own)| (labels, seconds(own.oldest_ms))),
        );
        text.family(
            ("goalpost_backlog_noted_age_seconds", "seconds", Kind::Gauge),
            "How long ago that was.",
            known().map(|(labels, own)| (labels, seconds(now.saturating_sub(own.at)))),
        );
    }

    fn of_the_check(&self, text: &mut Text, now: i64) {
        let check = &self.check;
        text.family(
            ("goalpost_check_age_seconds", "seconds", Kind::Gauge),
            "How long ago the nightly check of this site last took a step.",
            check.at.map(|at| (vec![], seconds(now.saturating_sub(at)))),
        );
        text.family(
            ("goalpost_check_compared", "", Kind::Gauge),
            "Rows that it compared in its last night.",
            [(vec![], check.compared)],
        );
        text.family(
            ("goalpost_check_skipped", "", Kind::Gauge),
            "What it left out in its last night, being too large.",
            [(vec![], check.skipped)],
        );
        text.family(
            ("goalpost_check_differences", "", Kind::Gauge),
            "What is kept and does not follow from its rows. It must be 0.",
            [(vec![], check.differences)],
        );
    }
}

/// Exact to the millisecond.
fn seconds(ms: i64) -> String {
    let ms = ms.max(0);
    format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_sends_makes_no_further_line() {
        let lines = |figures: &Figures| figures.text(0).lines().count();
        let of = |words: &[&str]| Figures {
            fates: words
                .iter()
                .map(|own| {
                    let own = String::from(*own);
                    (String::from("dropped"), own.clone(), own, 1)
                })
                .collect(),
            ..Figures::default()
        };
        let one = of(&["a"]);
        let many = of(&["a", "b", "c\"d", "e\nf"]);
        assert_eq!(lines(&one), lines(&many));
        assert!(
            many.text(0)
                .contains("goalpost_items{fate=\"dropped\",reason=\"other\"} 4\n")
        );
    }

    #[test]
    fn a_counter_does_not_fall_when_an_item_meets_another_fate() {
        let of = |fate: &str, reason: &str| Figures {
            fates: vec![(fate.into(), reason.into(), "wasm".into(), 3)],
            ..Figures::default()
        };
        for (fate, reason) in [
            ("quarantined", "json"),
            ("stored", ""),
            ("dropped", "erased"),
        ] {
            let text = of(fate, reason).text(0);
            assert!(
                text.contains("goalpost_arrivals_total{form=\"wasm\"} 3\n"),
                "{text}"
            );
        }
        let copies = of("duplicate", "").text(0);
        assert!(
            copies.contains("goalpost_copies_total{form=\"wasm\"} 3\n"),
            "{copies}"
        );
        assert!(!copies.contains("goalpost_arrivals_total"), "{copies}");
    }

    #[test]
    fn every_metric_is_explained() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md");
        let told = std::fs::read_to_string(path).unwrap();
        let text = Figures::default().text(0);
        let families: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
            .collect();
        assert!(families.len() > 15, "{text}");
        for (name, kind) in families {
            let suffix = if kind == "counter" { "_total" } else { "" };
            assert!(told.contains(&format!("`{name}{suffix}")), "{name}");
        }
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(61_005), "61.005");
        assert_eq!(seconds(-1), "0.000");
    }
}
