//! What a request asks of a report: every parameter by a closed list, and what is on no list is
//! refused with the choices.

use super::{
    Query, bad_parameter,
    catalogue::{Kind, Report},
    channels,
    dimension::{Dimension, NONE},
    figure::Figure,
    kept,
    measure::{Measure, What},
    period::Period,
    source::{MOST, SOURCES, Shape, Source},
};
use crate::{plans::Known, problem::Problem};
use goalpost_core::{Zone, contact::Stage};
use serde_json::{Map, Value, json};

/// A report as it was asked for.
pub(super) struct Ask {
    pub(super) report: &'static Report,
    pub(super) period: Period,
    /// The days right before, as many, to be compared with.
    pub(super) previous: Option<Period>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) filters: Vec<(Dimension, String)>,
    pub(super) measures: Vec<&'static Measure>,
    pub(super) denominator: Figure,
    pub(super) on_refund_day: bool,
    /// Whether amounts are exchanged into the plan's currency.
    pub(super) exchanged: bool,
    /// The plan's currency.
    pub(super) currency: String,
    pub(super) csv: bool,
    pub(super) limit: usize,
    pub(super) offset: usize,
}

/// A statement with what its answer is about.
pub(super) struct Question {
    pub(super) source: &'static Source,
    /// Whether it is about the days before.
    pub(super) previous: bool,
    /// Whether it is about everything instead of each row.
    pub(super) total: bool,
    pub(super) sql: String,
    pub(super) values: [String; 4],
}

const DENOMINATORS: [Figure; 5] = [
    Figure::Sessions,
    Figure::Visitors,
    Figure::Contacts,
    Figure::Clicks,
    Figure::Impressions,
];

const DEVICES: [&str; 4] = ["desktop", "mobile", "tablet", NONE];

/// Parameters that every report has, beside its filters.
const COMMON: [&str; 11] = [
    "from",
    "to",
    "compare",
    "by",
    "columns",
    "denominator",
    "dates",
    "currency",
    "format",
    "limit",
    "offset",
];

/// Rows of an answer at most.
pub(super) const MOST_ROWS: u32 = 10_000;

/// Rows of an answer that asks for no number of them.
pub(super) const USUAL_ROWS: u32 = 1_000;

impl Ask {
    /// Reads a request.
    ///
    /// # Errors
    /// A parameter or a value that is on no list; the text names the choices.
    pub(super) fn read(
        query: &Query,
        report: &'static Report,
        known: &Known,
        zone: &Zone,
        now: i64,
    ) -> Result<Self, Problem> {
        let filters: Vec<&str> = report.filters.iter().map(|own| own.id()).collect();
        let names: Vec<&str> = COMMON.into_iter().chain(filters).collect();
        query.only(&names)?;
        let period = Period::of(query, zone, now)?;
        let compare = query.choice("compare", &["none", "previous"])?;
        let dimensions = dimensions(query, report)?;
        let filters = report
            .filters
            .iter()
            .filter_map(|own| Some((*own, query.get(own.id())?)))
            .map(|(own, value)| Ok((own, filter(own, value, known)?)))
            .collect::<Result<Vec<_>, Problem>>()?;
        let denominators = DENOMINATORS.map(Figure::id);
        let wanted = query.choice("denominator", &denominators)?;
        let denominator = DENOMINATORS
            .into_iter()
            .find(|own| own.id() == wanted)
            .unwrap_or(Figure::Sessions);
        let currency = known.plan.currency.code();
        let mut ask = Self {
            report,
            previous: (compare == "previous").then(|| period.before()),
            period,
            dimensions,
            filters,
            measures: Vec::new(),
            denominator,
            on_refund_day: query.choice("dates", &["purchase", "refund"])? == "refund",
            currency: String::from(currency),
            exchanged: query.get("currency").is_some() && {
                query.choice("currency", &[currency])?;
                true
            },
            csv: query.choice("format", &["json", "csv"])? == "csv",
            limit: count(query.number("limit", USUAL_ROWS, (1, MOST_ROWS))?),
            offset: count(query.number("offset", 0, (0, 1_000_000))?),
        };
        ask.measures = report
            .measures
            .iter()
            .copied()
            .flatten()
            .filter(|own| ask.can_tell(own.what))
            .collect();
        if let Some(columns) = query.get("columns") {
            ask.choose(columns)?;
        }
        Ok(ask)
    }

    /// Keeps these columns alone: what none of them is computed from is not asked for.
    fn choose(&mut self, columns: &str) -> Result<(), Problem> {
        let names: Vec<&str> = self.measures.iter().map(|own| own.id).collect();
        let chosen: Vec<&str> = columns.split(',').collect();
        for column in &chosen {
            super::choice("columns", column, &names)?;
        }
        self.measures.retain(|own| chosen.contains(&own.id));
        Ok(())
    }

    /// Whether a column can be filled for these rows: what is counted must be told apart by them;
    /// what it is divided by may be the same for all of them.
    fn can_tell(&self, what: What) -> bool {
        let filters: Vec<Dimension> = self.filters.iter().map(|(own, _)| *own).collect();
        let shape = self.shape(&self.dimensions, &filters);
        let needed = needed(what, self.denominator);
        needed.counts.iter().all(|(figure, divisor)| {
            SOURCES.iter().any(|source| {
                source.figures.contains(figure)
                    && source.answers(&shape)
                    && (*divisor || source.apart(&self.dimensions))
            })
        }) && needed.coins.iter().all(|coin| {
            SOURCES.iter().any(|source| {
                source.coins.contains(coin)
                    && source.answers(&shape)
                    && source.apart(&self.dimensions)
            })
        })
    }

    /// Whether the column of what is not shown is the total's less the rows': people are not, for
    /// one may be in several rows, nor is what is divided by what rows share.
    pub(super) fn adds_up(&self, what: What) -> bool {
        needed(what, self.denominator)
            .counts
            .iter()
            .all(|(figure, _)| {
                !figure.unique()
                    && SOURCES
                        .iter()
                        .filter(|source| source.figures.contains(figure))
                        .all(|source| source.apart(&self.dimensions))
            })
    }

    fn shape<'a>(&self, dimensions: &'a [Dimension], filters: &'a [Dimension]) -> Shape<'a> {
        Shape {
            dimensions,
            filters,
            kind: self.kind(),
            by_day: self.exchanged,
            on_refund_day: self.on_refund_day,
        }
    }

    /// Which conversions count: of a definition that is named, all.
    pub(super) fn kind(&self) -> Option<Kind> {
        let named = self
            .filters
            .iter()
            .any(|(own, _)| *own == Dimension::Definition);
        (!named).then_some(self.report.kind)
    }

    /// What has to be asked of the database, in one transaction.
    pub(super) fn questions(&self, known: &Known) -> Vec<Question> {
        let filters: Vec<Dimension> = self.filters.iter().map(|(own, _)| *own).collect();
        let rows = self.shape(&self.dimensions, &filters);
        let total = self.shape(&[], &filters);
        let narrowed = self.narrowed(known);
        let mut questions = Vec::new();
        for source in SOURCES {
            if !self.needs(source) || !source.answers(&rows) {
                continue;
            }
            let days = [(false, Some(&self.period)), (true, self.previous.as_ref())];
            for (previous, period) in days {
                let Some(period) = period else { continue };
                let mut push = |shape: &Shape<'_>, total| {
                    questions.push(Question {
                        source,
                        previous,
                        total,
                        sql: (source.sql)(shape),
                        values: [
                            known.plan.site.clone(),
                            period.from.clone(),
                            period.to.clone(),
                            narrowed.clone(),
                        ],
                    });
                };
                push(&rows, false);
                // Whoever is counted once in each of two rows is counted once in all.
                if source.unique() && !self.dimensions.is_empty() {
                    push(&total, true);
                }
            }
        }
        questions
    }

    /// Why more rows than a source may answer with are refused, and the way out.
    pub(super) fn too_many_rows(&self) -> Problem {
        let mut way = String::from("ask for fewer days");
        if self.dimensions.len() > 1 {
            way.push_str(", leave 'by' out");
        }
        let filters: Vec<&str> = self.report.filters.iter().map(|own| own.id()).collect();
        if !filters.is_empty() {
            way = format!(
                "{way}, or narrow the report by one of {}",
                filters.join(", ")
            );
        }
        let detail = format!(
            "these days have more than {MOST} rows, and all of them are put in order for one \
             answer; {way}"
        );
        bad_parameter("from", &detail)
    }

    fn needs(&self, source: &Source) -> bool {
        // Where refunds have their own day, they are no part of the purchase's.
        if std::ptr::eq(source, super::source::REFUNDS) && !self.on_refund_day {
            return false;
        }
        self.measures.iter().any(|own| {
            let needed = needed(own.what, self.denominator);
            needed
                .counts
                .iter()
                .any(|(figure, _)| source.figures.contains(figure))
                || needed.coins.iter().any(|coin| source.coins.contains(coin))
        })
    }

    fn narrowed(&self, known: &Known) -> String {
        let mut narrowed: Map<String, Value> = self
            .filters
            .iter()
            .map(|(own, value)| (String::from(own.id()), json!(value)))
            .collect();
        if let Some(kind) = self.kind() {
            narrowed.insert(String::from("kind"), json!(kind.id()));
        }
        if self.dimensions.contains(&Dimension::Group) {
            let groups = kept::groups(&known.plan);
            narrowed.insert(String::from("groups"), Value::Object(groups));
        }
        Value::Object(narrowed).to_string()
    }
}

/// The figures that a column is computed from; a count that is only divided by is marked.
struct Needed {
    counts: Vec<(Figure, bool)>,
    coins: Vec<super::figure::Coin>,
}

fn needed(what: What, denominator: Figure) -> Needed {
    let coins = |sums: &[super::measure::Sum]| {
        sums.iter()
            .copied()
            .flatten()
            .map(|(coin, _)| *coin)
            .collect()
    };
    let (counts, coins) = match what {
        What::Count(own) => (vec![(own, false)], Vec::new()),
        What::Less(own, less) => (vec![(own, false), (less, false)], Vec::new()),
        What::Money(sum) => (Vec::new(), coins(&[sum])),
        What::Rate(own, per) | What::Seconds(own, per) => {
            (vec![(own, false), (per, true)], Vec::new())
        }
        What::RateOf(own) => (vec![(own, false), (denominator, true)], Vec::new()),
        What::MoneyPer(sum, per) => (vec![(per, false)], coins(&[sum])),
        What::MoneyRate(sum, per) => (Vec::new(), coins(&[sum, per])),
    };
    Needed { counts, coins }
}

fn dimensions(query: &Query, report: &Report) -> Result<Vec<Dimension>, Problem> {
    let mut dimensions: Vec<Dimension> = report.dimension.into_iter().collect();
    if query.get("by").is_some() {
        let choices: Vec<Dimension> = report
            .by
            .iter()
            .copied()
            .filter(|own| Some(*own) != report.dimension)
            .collect();
        let names: Vec<&str> = choices.iter().map(|own| own.id()).collect();
        let wanted = query.choice("by", &names)?;
        dimensions.extend(choices.into_iter().find(|own| own.id() == wanted));
    }
    Ok(dimensions)
}

/// The value that a report is narrowed to, as rows have it.
fn filter(dimension: Dimension, value: &str, known: &Known) -> Result<String, Problem> {
    let of = |choices: &[&str]| {
        super::choice(dimension.id(), value, choices).map(|()| String::from(value))
    };
    let value = match dimension {
        Dimension::Channel => {
            let names = channels::names(&known.reporting);
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.push(NONE);
            of(&names)?
        }
        Dimension::Device => of(&DEVICES)?,
        Dimension::Stage => of(&Stage::ALL.map(Stage::name))?,
        Dimension::Country if value != NONE && !is_country(value) => {
            let detail = format!("'{value}' is no country; send two letters such as JP, or {NONE}");
            return Err(bad_parameter("country", &detail));
        }
        Dimension::Landing if value != NONE && !value.starts_with('/') => {
            let detail = format!("'{value}' is no path; send one such as /shoes/, or {NONE}");
            return Err(bad_parameter("landing", &detail));
        }
        Dimension::Definition => {
            let outcomes = known.plan.live_outcomes().map(|own| own.id.as_str());
            let goals = known.plan.goals.iter().map(|own| own.id.as_str());
            of(&outcomes.chain(goals).collect::<Vec<_>>())?
        }
        _ => String::from(value),
    };
    Ok(if value == NONE { String::new() } else { value })
}

fn is_country(value: &str) -> bool {
    value.len() == 2
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() && !byte.is_ascii_lowercase())
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
