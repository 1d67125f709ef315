//! Segments: who belongs together, by what they have done.
//!
//! Pure, as everything here: the same history, in any order and with any copies, at the same moment
//! gives the same members. Nothing is counted twice, because a conversion is known by its counting
//! key, and nothing counts that was voided.

use crate::{
    contact::Stage,
    counting::{Counting, CountingKey},
    rules::Definition,
};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, btree_map::Entry},
    string::String,
    vec::Vec,
};

/// People of whom the same is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its id in the plan.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Who belongs to it.
    pub when: Condition,
}

/// What must be true of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "evaluation must decide about each")]
pub enum Condition {
    /// What they have done, and how often.
    Done(Past),
    /// They stand at this stage.
    Stage(Stage),
    /// The condition does not hold.
    Not(Box<Self>),
    /// Each holds.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
}

/// How many conversions there must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Of which definitions, all taken together.
    pub definitions: Vec<String>,
    /// The fewest.
    pub at_least: usize,
    /// The most; `None`: as many as there are.
    pub at_most: Option<usize>,
    /// How many milliseconds ago they are at most, that one included; `None`: however long ago.
    pub within_ms: Option<i64>,
}

/// A conversion of a person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Of which definition.
    pub definition: String,
    /// What it is the same as: copies have one key.
    pub key: CountingKey,
    /// When: Unix milliseconds.
    pub time: i64,
    /// Whether all of it was given back.
    pub voided: bool,
}

/// What a person has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// By definition, when: what was voided left its definition here, and no time. In rising order.
    times: BTreeMap<String, Vec<i64>>,
}

impl History {
    /// The history of these conversions. Of copies the earliest says when, and what is voided in one
    /// is voided.
    pub fn of(conversions: impl IntoIterator<Item = Done>) -> Self {
        let mut known: BTreeMap<(String, CountingKey), (i64, bool)> = BTreeMap::new();
        for done in conversions {
            match known.entry((done.definition, done.key)) {
                Entry::Vacant(place) => {
                    place.insert((done.time, done.voided));
                }
                Entry::Occupied(mut place) => {
                    let (time, voided) = place.get_mut();
                    *time = done.time.min(*time);
                    *voided |= done.voided;
                }
            }
        }
        let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for ((definition, _), (time, voided)) in known {
            let own = times.entry(definition).or_default();
            if !voided {
                own.push(time);
            }
        }
        for own in times.values_mut() {
            own.sort_unstable();
        }
        Self { times }
    }

    fn times(&self, definition: &str) -> &[i64] {
        self.times.get(definition).map_or(&[], Vec::as_slice)
    }
}

/// The moment of a question, and what it supposes beside the history.
#[derive(Clone, Copy)]
struct Moment<'a> {
    now: i64,
    /// One more conversion of this definition, just now.
    more: Option<&'a str>,
}

impl Condition {
    fn holds(&self, history: &History, at: Moment<'_>) -> bool {
        match self {
            Self::Done(past) => past.holds(history, at),
            Self::Stage(stage) => stage_of(history, at) == *stage,
            Self::Not(condition) => !condition.holds(history, at),
            Self::All(list) => list.iter().all(|own| own.holds(history, at)),
            Self::Any(list) => list.iter().any(|own| own.holds(history, at)),
        }
    }

    /// Whether conversions of this definition can change who belongs.
    pub fn asks(&self, definition: &str) -> bool {
        match self {
            Self::Done(past) => past.definitions.iter().any(|own| own == definition),
            Self::Stage(_) => Stage::OUTCOMES.contains(&definition),
            Self::Not(condition) => condition.asks(definition),
            Self::All(list) | Self::Any(list) => list.iter().any(|own| own.asks(definition)),
        }
    }
}

impl Past {
    fn holds(&self, history: &History, at: Moment<'_>) -> bool {
        let count = self
            .definitions
            .iter()
            .map(|definition| {
                let times = history.times(definition);
                let before = self.within_ms.map_or(0, |within| {
                    let first = at.now.saturating_sub(within);
                    times.partition_point(|time| *time < first)
                });
                let more = usize::from(at.more == Some(definition));
                times.len().saturating_sub(before).saturating_add(more)
            })
            .fold(0, usize::saturating_add);
        count >= self.at_least && self.at_most.is_none_or(|most| count <= most)
    }
}

fn stage_of(history: &History, at: Moment<'_>) -> Stage {
    Stage::of(Stage::OUTCOMES.into_iter().filter_map(|id| {
        let last = history.times(id).last().copied();
        let more = (at.more == Some(id)).then_some(at.now);
        Some((id, last.max(more)?))
    }))
}

/// The ids of the segments that a person with this history belongs to at `now`, in their own order.
///
/// ```
/// use goalpost_core::segment::{Condition, History, Past, Segment, members};
/// let nobody_yet = Segment {
///     id: "new".into(),
///     name: "New here".into(),
///     when: Condition::Not(Box::new(Condition::Done(Past {
///         definitions: vec!["product-purchase".into()],
///         at_least: 1,
///         at_most: None,
///         within_ms: None,
///     }))),
/// };
/// assert_eq!(members(&[nobody_yet], &History::default(), 0), ["new"]);
/// ```
pub fn members<'a>(segments: &'a [Segment], history: &History, now: i64) -> Vec<&'a str> {
    supposing(segments, history, Moment { now, more: None })
}

fn supposing<'a>(segments: &'a [Segment], history: &History, at: Moment<'_>) -> Vec<&'a str> {
    segments
        .iter()
        .filter(|segment| segment.when.holds(history, at))
        .map(|segment| segment.id.as_str())
        .collect()
}

/// For each definition that a page can make happen and that segments ask about: what
/// [`members`] would be if it happened now, so that a page need not ask. `None` where that cannot be
/// told without looking at its counting key, because it may be the same as one of before.
pub fn foreseen<'a>(
    segments: &'a [Segment],
    definitions: &'a [Definition],
    history: &History,
    now: i64,
) -> Vec<(&'a str, Option<Vec<&'a str>>)> {
    definitions
        .iter()
        .filter(|definition| !definition.server_only)
        .filter(|definition| asked(segments, &definition.id))
        .map(|definition| {
            let id = definition.id.as_str();
            let is_new = definition.count == Counting::Every || !history.times.contains_key(id);
            let at = Moment {
                now,
                more: Some(id),
            };
            (id, is_new.then(|| supposing(segments, history, at)))
        })
        .collect()
}

/// Whether some segment asks about this definition.
pub fn asked(segments: &[Segment], definition: &str) -> bool {
    segments.iter().any(|segment| segment.when.asks(definition))
}
