//! From what an author wrote to what is evaluated.

use super::{
    source::{Goal, Outcome, Plan, ValueSource},
    timeout,
    triggers::{ClickTarget, ConditionSource, TriggerSource, When},
    zone_table,
};
use crate::{
    channel::Channels,
    condition::Condition,
    limits,
    money::{Currency, Money},
    page_pattern::PagePattern,
    reporting::Reporting,
    rules::{Amount, Definition, Rule, Rules, Trigger, Worth},
    selector::Selector,
    sessionize::SessionRules,
};
use alloc::vec::Vec;

impl Plan {
    /// The rules of this plan: outcomes in effect, then goals.
    ///
    /// It cannot fail, because only [`Self::parse`] makes a plan, and refuses what does not compile;
    /// a part that did not compile all the same would be left out.
    pub fn compile(&self) -> Rules {
        let outcomes = self
            .live_outcomes()
            .map(|outcome| outcome.compile(self.currency));
        Rules {
            site: self.site.clone(),
            plan: self.hash(),
            session_timeout_ms: timeout::milliseconds(&self.session.timeout)
                .unwrap_or(limits::SESSION_TIMEOUT_MS.1),
            hosts: self.hosts.clone(),
            currency: self.currency,
            zone: zone_table::compile(&self.timezone),
            definitions: outcomes
                .chain(self.goals.iter().map(Goal::compile))
                .collect(),
        }
    }
}

impl Plan {
    /// What only the edge needs of this plan.
    pub fn reporting(&self) -> Reporting {
        let timeout =
            timeout::milliseconds(&self.session.timeout).unwrap_or(limits::SESSION_TIMEOUT_MS.1);
        Reporting {
            channels: Channels {
                hosts: self.hosts.clone(),
                not_referrers: Vec::new(),
                own: Vec::new(),
            },
            sessions: SessionRules {
                timeout_ms: i64::from(timeout),
                split_at_midnight: false,
                split_by_campaign: false,
            },
            funnels: Vec::new(),
            cart_abandoned_after_ms: 3_600_000,
            lookback_days: 30,
            rates: Vec::new(),
        }
    }
}

impl Outcome {
    fn compile(&self, currency: Currency) -> Definition {
        Definition {
            id: self.id.clone(),
            worth: Worth::Value(match &self.value {
                None => Amount::None,
                Some(value) => value.compile(currency),
            }),
            count: self.count,
            dedup: self.dedup.clone().unwrap_or_default(),
            when: rules(self.when.as_ref()),
            server_only: matches!(self.when, Some(When::Server(_))),
        }
    }
}

impl Goal {
    fn compile(&self) -> Definition {
        Definition {
            id: self.id.clone(),
            worth: Worth::Points(self.points),
            count: self.count,
            dedup: self.dedup.clone().unwrap_or_default(),
            when: rules(self.when.as_ref()),
            server_only: matches!(self.when, Some(When::Server(_))),
        }
    }
}

impl ValueSource {
    fn compile(&self, plan: Currency) -> Amount {
        match self {
            Self::Fixed(value) => Money::parse(&value.fixed, value.currency.unwrap_or(plan))
                .map_or(Amount::None, |money| {
                    Amount::Fixed(money.minor, money.currency)
                }),
            Self::Property(value) => {
                Amount::Property(value.property.clone(), value.currency.unwrap_or(plan))
            }
        }
    }
}

fn rules(when: Option<&When>) -> Vec<Rule> {
    when.map(When::triggers)
        .unwrap_or_default()
        .iter()
        .filter_map(TriggerSource::compile)
        .collect()
}

impl TriggerSource {
    fn compile(&self) -> Option<Rule> {
        let trigger = match self {
            Self::Page(trigger) => Trigger::Page(
                PagePattern::parse(&trigger.page).ok()?,
                trigger.query.clone().into_iter().collect(),
            ),
            Self::Click(trigger) => match &trigger.click {
                ClickTarget::Selector(text) => Trigger::Click(Selector::parse_list(text).ok()?),
                ClickTarget::Link(target) => Trigger::Link(target.link),
            },
            Self::Submit(trigger) => Trigger::Submit(Selector::parse_list(&trigger.submit).ok()?),
            Self::Media(trigger) => Trigger::Media(trigger.media),
            Self::Event(trigger) => Trigger::Event(trigger.event.clone()),
            Self::Commerce(trigger) => Trigger::Commerce(trigger.commerce),
        };
        let (and, any) = self.conditions();
        let mut conditions = compile_all(and);
        if !any.is_empty() {
            conditions.push(Condition::Any(compile_all(any)));
        }
        Some(Rule {
            trigger,
            conditions,
        })
    }
}

fn compile_all(list: &[ConditionSource]) -> Vec<Condition> {
    list.iter().map(ConditionSource::compile).collect()
}

impl ConditionSource {
    fn compile(&self) -> Condition {
        match self {
            Self::Property(condition) => {
                Condition::Property(condition.property.clone(), condition.test.clone())
            }
            Self::All(list) => Condition::All(compile_all(&list.and)),
            Self::Any(list) => Condition::Any(compile_all(&list.any)),
        }
    }
}
