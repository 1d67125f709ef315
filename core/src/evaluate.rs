//! The one evaluator: what an observation means under a plan.
//!
//! Pure: the page calls it to act at once, the edge calls it to decide what is true, and a replay
//! of last month calls it again. The same arguments give the same answer in all three.

use crate::{
    counting::{CountingKey, Occasion, Person},
    decimal::Decimal,
    fate::Quarantine,
    id::Id,
    money::{Currency, Money, MoneyError},
    observation::{Observation, Seen, Value},
    rules::{Amount, Condition, Definition, LinkKind, Rule, Rules, Test, Trigger, Worth},
    selector::contains,
};
use alloc::{string::String, vec::Vec};

/// What evaluation knows beside the observation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// When it happened: Unix milliseconds, the device's clock already corrected.
    pub time: i64,
    /// The session it belongs to.
    pub session: Option<Id>,
    /// Whose it is.
    pub person: Person<'a>,
}

/// A goal or outcome that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Which definition.
    pub definition: String,
    /// What it is the same as.
    pub key: CountingKey,
    /// Engagement value; 0 for an outcome.
    pub points: u32,
    /// Financial value, as claimed; `None` for a goal and for an outcome without one.
    pub money: Option<Money>,
}

/// What evaluation says of one observation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What happened, in the plan's order.
    pub conversions: Vec<Conversion>,
    /// Why the observation cannot be accepted as it is, in words that name the field; the item goes
    /// to quarantine, to be replayed once plan or page is put right.
    pub problem: Option<(Quarantine, String)>,
}

/// Why a definition did or did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "every explanation has its text")]
pub enum Explanation {
    /// It happened.
    Matched,
    /// It has no rule: only a call of `trigger` with its id makes it happen.
    Inert,
    /// Only a server may make it happen.
    ServerOnly,
    /// It waits for another kind of observation.
    OtherKind,
    /// The kind is right, but path, selector, name or step is another.
    OtherSubject,
    /// The trigger fits, but a condition does not hold.
    Condition,
}

impl Explanation {
    /// The reason as people read it, in the page's debug mode and at the edge.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Inert => "has no rule: only trigger() with its id makes it happen",
            Self::ServerOnly => "only a server may report it",
            Self::OtherKind => "waits for another kind of observation",
            Self::OtherSubject => "path, selector, name or step differs",
            Self::Condition => "a condition does not hold",
        }
    }
}

/// Decides what an observation means.
///
/// ```
/// use goalpost_core::{Context, Id, Observation, Properties, Seen, evaluate};
/// # let rules = goalpost_core::testing::rules();
/// let observation = Observation {
///     id: Id::new(1_795_000_000_000, [1; 10]),
///     seq: 0,
///     path: "/thanks/".into(),
///     seen: Seen::Event { name: "demo_requested".into() },
///     properties: Properties::default(),
/// };
/// let verdict = evaluate(&rules, &observation, &Context::default());
/// assert_eq!(verdict.conversions[0].definition, "demo-request");
/// ```
pub fn evaluate(rules: &Rules, observation: &Observation, context: &Context<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    if let Seen::Trigger { definition } = &observation.seen {
        if rules
            .definition(definition)
            .is_none_or(|found| found.server_only)
        {
            let mut problem = String::from("'");
            problem.push_str(definition);
            problem.push_str("' is not a definition of this plan that a page may trigger");
            verdict.problem = Some((Quarantine::Unregistered, problem));
            return verdict;
        }
    }
    for definition in &rules.definitions {
        if explain(rules, definition, observation) != Explanation::Matched {
            continue;
        }
        match convert(rules, definition, observation, context) {
            Ok(conversion) => verdict.conversions.push(conversion),
            Err(problem) => {
                return Verdict {
                    conversions: Vec::new(),
                    problem: Some((Quarantine::Value, problem)),
                };
            }
        }
    }
    verdict
}

/// Says why a definition did or did not happen.
pub fn explain(rules: &Rules, definition: &Definition, observation: &Observation) -> Explanation {
    if let Seen::Trigger { definition: id } = &observation.seen {
        return match (*id == definition.id, definition.server_only) {
            (true, false) => Explanation::Matched,
            (true, true) => Explanation::ServerOnly,
            (false, _) => Explanation::OtherSubject,
        };
    }
    if definition.server_only {
        return Explanation::ServerOnly;
    }
    let mut best = Explanation::Inert;
    for rule in &definition.when {
        let this = rule.explain(rules, observation);
        if this == Explanation::Matched {
            return this;
        }
        // The nearest miss explains most.
        let closer = matches!(
            (best, this),
            (Explanation::Inert, _)
                | (
                    Explanation::OtherKind,
                    Explanation::OtherSubject | Explanation::Condition
                )
                | (Explanation::OtherSubject, Explanation::Condition)
        );
        if closer {
            best = this;
        }
    }
    best
}

fn convert(
    rules: &Rules,
    definition: &Definition,
    observation: &Observation,
    context: &Context<'_>,
) -> Result<Conversion, String> {
    let (points, money) = match &definition.worth {
        Worth::Points(points) => (*points, None),
        Worth::Value(amount) => (
            0,
            amount.of(observation).map_err(|(field, problem)| {
                let mut text = definition.id.clone();
                text.push_str(": property '");
                text.push_str(field);
                text.push_str("' ");
                text.push_str(problem.text());
                text
            })?,
        ),
    };
    let subject = Subject {
        observation,
        captures: &[],
    };
    let dedup = subject.fact(&definition.dedup).map_or("", Fact::text);
    let occasion = Occasion {
        observation: observation.id,
        session: context.session,
        person: context.person,
        date: rules.zone.date(context.time),
        order: observation.properties.text("order"),
    };
    let key = CountingKey::of(definition.count, &occasion, dedup);
    Ok(Conversion {
        definition: definition.id.clone(),
        key,
        points,
        money,
    })
}

impl Amount {
    fn of<'a>(&'a self, observation: &Observation) -> Result<Option<Money>, (&'a str, MoneyError)> {
        match self {
            Self::None => Ok(None),
            Self::Fixed(minor, currency) => Ok(Some(Money {
                minor: *minor,
                currency: *currency,
            })),
            Self::Property(name, currency) => {
                let Some(amount) = observation.properties.text(name) else {
                    return Ok(None);
                };
                let currency = match observation.properties.text("currency") {
                    Some(code) => Currency::parse(code).map_err(|problem| ("currency", problem))?,
                    None => *currency,
                };
                Money::parse(amount, currency)
                    .map(Some)
                    .map_err(|problem| (name.as_str(), problem))
            }
        }
    }
}

impl Rule {
    fn explain(&self, rules: &Rules, observation: &Observation) -> Explanation {
        let mut captures = Vec::new();
        let fits = match (&self.trigger, &observation.seen) {
            (Trigger::Page(pattern, wanted), Seen::Page { query, .. }) => {
                match pattern.captures(&observation.path) {
                    Some(found) => {
                        captures = found;
                        wanted.iter().all(|pair| query.contains(pair))
                    }
                    None => false,
                }
            }
            (Trigger::Click(selectors), Seen::Click { elements })
            | (Trigger::Submit(selectors), Seen::Submit { elements }) => {
                selectors.iter().any(|selector| selector.matches(elements))
            }
            (Trigger::Link(kind), Seen::Click { elements }) => elements
                .iter()
                .find_map(|element| {
                    Some((
                        element.attribute("href")?,
                        element.attribute("download").is_some(),
                    ))
                })
                .is_some_and(|(href, download)| kind.fits(href, download, &rules.hosts)),
            (Trigger::Media(wanted), Seen::Media { step, .. }) => wanted == step,
            (Trigger::Event(wanted), Seen::Event { name }) => wanted == name,
            (Trigger::Commerce(wanted), Seen::Commerce { step }) => wanted == step,
            _ => return Explanation::OtherKind,
        };
        let subject = Subject {
            observation,
            captures: &captures,
        };
        match (
            fits,
            self.conditions
                .iter()
                .all(|condition| condition.holds(&subject)),
        ) {
            (false, _) => Explanation::OtherSubject,
            (true, false) => Explanation::Condition,
            (true, true) => Explanation::Matched,
        }
    }
}

/// Endings of files that people download rather than visit.
const FILE_ENDINGS: [&str; 16] = [
    "pdf", "zip", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "epub", "dmg", "exe", "apk",
    "mp3", "mp4", "gz",
];

impl LinkKind {
    fn fits(self, href: &str, download: bool, hosts: &[String]) -> bool {
        let scheme = |name: &str| {
            href.as_bytes()
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        };
        match self {
            Self::Tel => scheme("tel:"),
            Self::Mailto => scheme("mailto:"),
            Self::Sms => scheme("sms:"),
            Self::Download => {
                download
                    || FILE_ENDINGS
                        .iter()
                        .any(|ending| path_ends_with(href, ending))
            }
            Self::Outbound => {
                (scheme("http:") || scheme("https:") || scheme("//"))
                    && host_of(href)
                        .is_some_and(|host| !hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
            }
        }
    }
}

fn path_ends_with(href: &str, ending: &str) -> bool {
    let end = href
        .bytes()
        .position(|byte| matches!(byte, b'?' | b'#'))
        .unwrap_or(href.len());
    let path = href.as_bytes().get(..end).unwrap_or_default();
    let start = path.len().saturating_sub(ending.len());
    let dot = start.checked_sub(1).and_then(|at| path.get(at));
    dot == Some(&b'.')
        && path
            .get(start..)
            .is_some_and(|found| found.eq_ignore_ascii_case(ending.as_bytes()))
}

fn host_of(href: &str) -> Option<&str> {
    let start = href
        .as_bytes()
        .windows(2)
        .position(|pair| pair == b"//")?
        .saturating_add(2);
    let rest = href.get(start..)?;
    let end = rest
        .bytes()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#' | b':'))
        .unwrap_or(rest.len());
    rest.get(..end)
}

/// What a condition may ask about.
struct Subject<'a> {
    observation: &'a Observation,
    captures: &'a [(&'a str, &'a str)],
}

/// A property's value, as a condition sees it.
#[derive(Clone, Copy)]
enum Fact<'a> {
    Bool(bool),
    Number(&'a str),
    Text(&'a str),
}

impl<'a> Subject<'a> {
    /// The page's own property of that name, else a named part of the path, else what was seen.
    fn fact(&self, name: &str) -> Option<Fact<'a>> {
        if name.is_empty() {
            return None;
        }
        match self.observation.properties.get(name) {
            Some(Value::Bool(value)) => return Some(Fact::Bool(*value)),
            Some(Value::Number(value)) => return Some(Fact::Number(value)),
            Some(Value::Text(value)) => return Some(Fact::Text(value)),
            Some(Value::List(_)) | None => {}
        }
        if let Some((_, value)) = self.captures.iter().find(|(key, _)| *key == name) {
            return Some(Fact::Text(value));
        }
        if name == "path" {
            return Some(Fact::Text(&self.observation.path));
        }
        match &self.observation.seen {
            Seen::Page {
                host,
                query,
                title,
                referrer,
            } => match name {
                "host" => Some(Fact::Text(host)),
                "title" => Some(Fact::Text(title)),
                "referrer" => Some(Fact::Text(referrer)),
                _ => query
                    .iter()
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| Fact::Text(value)),
            },
            Seen::Click { elements } | Seen::Submit { elements } => elements
                .iter()
                .find_map(|element| element.attribute(name))
                .map(Fact::Text),
            Seen::Media { video, .. } if name == "video" => Some(Fact::Text(video)),
            _ => None,
        }
    }
}

impl<'a> Fact<'a> {
    const fn text(self) -> &'a str {
        match self {
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::Text(text) => text,
        }
    }

    fn equals(self, wanted: &str) -> bool {
        match self {
            Self::Number(text) => match (Decimal::parse(text), Decimal::parse(wanted)) {
                (Some(number), Some(wanted)) => number == wanted,
                _ => text == wanted,
            },
            _ => self.text() == wanted,
        }
    }

    fn compare(self, wanted: &str) -> Option<core::cmp::Ordering> {
        Some(Decimal::parse(self.text())?.cmp(&Decimal::parse(wanted)?))
    }
}

impl Condition {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Property(name, test) => test.holds(subject.fact(name)),
            Self::All(list) => list.iter().all(|condition| condition.holds(subject)),
            Self::Any(list) => list.iter().any(|condition| condition.holds(subject)),
        }
    }
}

impl Test {
    fn holds(&self, fact: Option<Fact<'_>>) -> bool {
        let Some(fact) = fact else {
            return matches!(
                self,
                Self::IsNot(_) | Self::NotContains(_) | Self::NoneOf(_) | Self::Exists(false)
            );
        };
        let bytes = fact.text().as_bytes();
        match self {
            Self::Is(wanted) => fact.equals(wanted),
            Self::IsNot(wanted) => !fact.equals(wanted),
            Self::Contains(wanted) => contains(bytes, wanted.as_bytes()),
            Self::NotContains(wanted) => !contains(bytes, wanted.as_bytes()),
            Self::StartsWith(wanted) => bytes.starts_with(wanted.as_bytes()),
            Self::EndsWith(wanted) => bytes.ends_with(wanted.as_bytes()),
            Self::OneOf(wanted) => wanted.iter().any(|wanted| fact.equals(wanted)),
            Self::NoneOf(wanted) => !wanted.iter().any(|wanted| fact.equals(wanted)),
            Self::Less(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_lt),
            Self::AtMost(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_le),
            Self::Greater(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_gt),
            Self::AtLeast(wanted) => fact.compare(wanted).is_some_and(core::cmp::Ordering::is_ge),
            Self::Between(low, high) => {
                fact.compare(low).is_some_and(core::cmp::Ordering::is_ge)
                    && fact.compare(high).is_some_and(core::cmp::Ordering::is_le)
            }
            Self::Exists(wanted) => *wanted,
        }
    }
}
