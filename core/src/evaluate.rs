//! The one evaluator: what an observation means under a plan.
//!
//! Pure: the page calls it to act at once, the edge calls it to decide what is true, and a replay
//! of last month calls it again. The same arguments give the same answer in all three.

use crate::{
    counting::{Counting, CountingKey, Occasion, Person},
    fact::{Fact, Subject},
    fate::Quarantine,
    id::Id,
    money::{Currency, Money, MoneyError},
    observation::{Observation, Seen},
    rules::{Amount, Definition, Rule, Rules, Trigger, Worth},
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
    /// Whether one of the site's own servers reports it: it may trigger what a page may not.
    pub server: bool,
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
    /// The kind is right, but path, selector, name, step or mark is another.
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
            Self::OtherSubject => "path, selector, name, step or mark differs",
            Self::Condition => "a condition does not hold",
        }
    }

    /// The reason with what follows from it: what happened also says how often it counts.
    ///
    /// ```
    /// use goalpost_core::{Counting, Explanation};
    /// let text = Explanation::Matched.sentence(Counting::OncePerDay);
    /// assert_eq!(text, "matched, counts once_per_day");
    /// ```
    pub fn sentence(self, count: Counting) -> String {
        let mut text = String::from(self.text());
        if self == Self::Matched {
            text.push_str(", counts ");
            text.push_str(count.name());
        }
        text
    }

    /// What stands for the sentence where every byte counts: its place in [`Explanation::sentences`].
    /// `None` where the observation is none of the definition's business.
    pub const fn code(self, count: Counting) -> Option<u8> {
        match self {
            Self::Matched => Some(count as u8),
            Self::OtherSubject => Some(5),
            Self::Condition => Some(6),
            Self::Inert | Self::ServerOnly | Self::OtherKind => None,
        }
    }

    /// Every sentence that has a code, in the codes' order.
    pub fn sentences() -> Vec<String> {
        let missed = [Self::OtherSubject, Self::Condition];
        let matched = Counting::ALL.map(|count| (Self::Matched, count));
        matched
            .into_iter()
            .chain(missed.map(|explanation| (explanation, Counting::Every)))
            .map(|(explanation, count)| explanation.sentence(count))
            .collect()
    }

    /// How far an observation came before it failed.
    const fn nearness(self) -> u8 {
        match self {
            Self::Inert | Self::ServerOnly => 0,
            Self::OtherKind => 1,
            Self::OtherSubject => 2,
            Self::Condition => 3,
            Self::Matched => 4,
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
    match happened(rules, observation, context.server) {
        Ok(list) => Verdict {
            conversions: list
                .iter()
                .map(|one| one.conversion(rules, observation, context))
                .collect(),
            problem: None,
        },
        Err(problem) => Verdict {
            conversions: Vec::new(),
            problem: Some(problem),
        },
    }
}

/// The definitions that [`evaluate`] would say happened, for a page: what they are the same as is
/// the edge's to tell, so a page carries no code for it.
///
/// # Errors
/// The problem that [`evaluate`] would name.
pub fn claims<'a>(
    rules: &'a Rules,
    observation: &'a Observation,
) -> Result<Vec<&'a str>, (Quarantine, String)> {
    let list = happened(rules, observation, false)?;
    Ok(list.iter().map(|one| one.definition.id.as_str()).collect())
}

/// A definition that happened, before anybody asks how often it counts.
struct Happened<'a> {
    definition: &'a Definition,
    captures: Captures<'a>,
    money: Option<Money>,
}

fn happened<'a>(
    rules: &'a Rules,
    observation: &'a Observation,
    server: bool,
) -> Result<Vec<Happened<'a>>, (Quarantine, String)> {
    if let Seen::Trigger { definition } = &observation.seen
        && rules
            .definition(definition)
            .is_none_or(|found| found.server_only && !server)
    {
        let mut problem = String::from("'");
        problem.push_str(definition);
        problem.push_str("' is not a definition of this plan that may be triggered here");
        return Err((Quarantine::Unregistered, problem));
    }
    let mut list = Vec::new();
    for definition in &rules.definitions {
        if let Ok(captures) = examine(rules, definition, observation, server) {
            list.push(Happened {
                definition,
                captures,
                money: definition
                    .money(observation)
                    .map_err(|problem| (Quarantine::Value, problem))?,
            });
        }
    }
    Ok(list)
}

/// Says why a definition did or did not happen.
pub fn explain(rules: &Rules, definition: &Definition, observation: &Observation) -> Explanation {
    examined(rules, definition, observation, false)
}

/// [`explain`], and whether one of the site's own servers reports it.
pub(crate) fn examined(
    rules: &Rules,
    definition: &Definition,
    observation: &Observation,
    server: bool,
) -> Explanation {
    examine(rules, definition, observation, server)
        .map_or_else(|miss| miss, |_| Explanation::Matched)
}

/// Parts of a page's path with the names that a pattern gives them.
type Captures<'a> = Vec<(&'a str, &'a str)>;

/// What the path says where the definition happened, else why it did not happen.
fn examine<'a>(
    rules: &Rules,
    definition: &'a Definition,
    observation: &'a Observation,
    server: bool,
) -> Result<Captures<'a>, Explanation> {
    if let Seen::Trigger { definition: id } = &observation.seen {
        return match (*id == definition.id, definition.server_only && !server) {
            (true, false) => Ok(Vec::new()),
            (true, true) => Err(Explanation::ServerOnly),
            (false, _) => Err(Explanation::OtherSubject),
        };
    }
    if definition.server_only {
        return Err(Explanation::ServerOnly);
    }
    let mut nearest = Explanation::Inert;
    for rule in &definition.when {
        match rule.examine(rules, observation) {
            Ok(captures) => return Ok(captures),
            // The nearest miss explains most.
            Err(miss) if miss.nearness() > nearest.nearness() => nearest = miss,
            Err(_) => {}
        }
    }
    Err(nearest)
}

impl Happened<'_> {
    fn conversion(
        &self,
        rules: &Rules,
        observation: &Observation,
        context: &Context<'_>,
    ) -> Conversion {
        let Self {
            definition,
            captures,
            money,
        } = self;
        let subject = Subject {
            observation,
            captures,
        };
        let dedup = subject.fact(&definition.dedup).map_or("", Fact::text);
        let occasion = Occasion {
            observation: observation.id,
            session: context.session,
            person: context.person,
            date: rules.zone.date(context.time),
            order: observation.properties.text("order"),
        };
        Conversion {
            definition: definition.id.clone(),
            key: CountingKey::of(definition.count, &occasion, dedup),
            points: match definition.worth {
                Worth::Points(points) => points,
                Worth::Value(_) => 0,
            },
            money: *money,
        }
    }
}

impl Definition {
    fn money(&self, observation: &Observation) -> Result<Option<Money>, String> {
        let Worth::Value(amount) = &self.worth else {
            return Ok(None);
        };
        amount.of(observation).map_err(|(field, problem)| {
            let mut text = self.id.clone();
            text.push_str(": property '");
            text.push_str(field);
            text.push_str("' ");
            text.push_str(problem.text());
            text
        })
    }
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
    fn examine<'a>(
        &'a self,
        rules: &Rules,
        observation: &'a Observation,
    ) -> Result<Captures<'a>, Explanation> {
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
            (Trigger::Scroll(wanted), Seen::Scroll { percent }) => wanted == percent,
            (Trigger::Dwell(wanted), Seen::Dwell { seconds }) => wanted == seconds,
            (Trigger::Event(wanted), Seen::Event { name }) => wanted == name,
            (Trigger::Commerce(wanted), Seen::Commerce { step }) => wanted == step,
            _ => return Err(Explanation::OtherKind),
        };
        let subject = Subject {
            observation,
            captures: &captures,
        };
        if !fits {
            Err(Explanation::OtherSubject)
        } else if self
            .conditions
            .iter()
            .all(|condition| condition.holds(&subject))
        {
            Ok(captures)
        } else {
            Err(Explanation::Condition)
        }
    }
}
