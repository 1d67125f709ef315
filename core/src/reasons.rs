//! Why each definition of a plan did or did not happen for one observation.
//!
//! The texts are those of the page's debug mode, so that page, edge and dashboard tell one story.

use crate::{
    Context, Conversion, Counting, Explanation, Id, Observation, Rules, Zone, evaluate,
    evaluate::examined, fate::Quarantine,
};
use alloc::{string::String, vec::Vec};

/// What a plan makes of one observation, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reasons {
    /// One for each definition, in the plan's order.
    pub definitions: Vec<Reason>,
    /// Why the whole observation cannot be accepted: then nothing happened, whatever matched.
    pub problem: Option<(Quarantine, String)>,
}

/// Why one definition did or did not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The definition's id.
    pub definition: String,
    /// How far the observation came.
    pub explanation: Explanation,
    /// How often the definition counts.
    pub count: Counting,
    /// What happened, with its counting key; `None` if nothing did.
    pub conversion: Option<Conversion>,
}

impl Reason {
    /// The reason as people read it.
    pub fn text(&self) -> String {
        self.explanation.sentence(self.count)
    }
}

/// Explains an observation under a plan.
///
/// ```
/// use goalpost_core::{Context, Id, Observation, Properties, Seen, reasons};
/// # let rules = goalpost_core::testing::rules();
/// let observation = Observation {
///     id: Id::new(1_795_000_000_000, [1; 10]),
///     seq: 0,
///     path: "/thanks/".into(),
///     seen: Seen::Event { name: "demo_requested".into() },
///     properties: Properties::default(),
/// };
/// let reasons = reasons::of(&rules, &observation, &Context::default());
/// let demo = reasons.definitions.iter().find(|reason| reason.definition == "demo-request");
/// assert_eq!(demo.unwrap().text(), "matched, counts every");
/// ```
pub fn of(rules: &Rules, observation: &Observation, context: &Context<'_>) -> Reasons {
    let verdict = evaluate(rules, observation, context);
    let mut conversions = verdict.conversions.into_iter().peekable();
    let definitions = rules
        .definitions
        .iter()
        .map(|definition| Reason {
            definition: definition.id.clone(),
            explanation: examined(rules, definition, observation, context.server),
            count: definition.count,
            conversion: conversions.next_if(|conversion| conversion.definition == definition.id),
        })
        .collect();
    Reasons {
        definitions,
        problem: verdict.problem,
    }
}

/// What is said of a conversion whose key another observation has already: in which session and
/// when, by the site's own clock.
///
/// ```
/// use goalpost_core::{Zone, reasons::already_counted};
/// let text = already_counted(None, 1_795_000_000_000, &Zone::fixed(9 * 3_600));
/// assert_eq!(text, "already counted at 2026-11-18 20:06:40");
/// ```
pub fn already_counted(session: Option<Id>, time: i64, zone: &Zone) -> String {
    let mut text = String::from("already counted");
    if let Some(session) = session {
        text.push_str(" in session ");
        text.push_str(&session.text());
    }
    text.push_str(" at ");
    text.push_str(&zone.clock(time));
    text
}
