//! From what an author wrote to what is evaluated.

use super::{
    calendar,
    figures::{Channel, Funnel, FunnelStep, Rate},
    source::{Goal, Outcome, Plan, ValueSource},
    span,
    triggers::{ClickTarget, ConditionSource, TriggerSource, When},
    zone_table,
};
use crate::{
    channel::{ChannelRule, Channels},
    condition::Condition,
    funnel::{self, Step},
    limits,
    money::{Currency, Money},
    page_pattern::PagePattern,
    reporting::{self, Reporting},
    rules::{Amount, Definition, Rule, Rules, Trigger, Worth},
    selector::Selector,
    sessionize::SessionRules,
};
use alloc::{borrow::ToOwned as _, vec::Vec};

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
            session_timeout_ms: self.session_timeout_ms(),
            split_at_midnight: self.session.split_at_midnight,
            split_by_campaign: self.session.split_by_campaign,
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
        Reporting {
            channels: Channels {
                hosts: self.hosts.clone(),
                not_referrers: self.not_referrers.clone(),
                own: self.channels.iter().map(Channel::compile).collect(),
            },
            sessions: SessionRules {
                timeout_ms: i64::from(self.session_timeout_ms()),
                split_at_midnight: self.session.split_at_midnight,
                split_by_campaign: self.session.split_by_campaign,
            },
            funnels: self.funnels.iter().map(Funnel::compile).collect(),
            segments: self.segments.iter().map(|own| own.compile(self)).collect(),
            cart_abandoned_after_ms: length(
                &self.carts.abandoned_after,
                limits::CART_ABANDONED_MS.1,
            ),
            lookback_days: u32::try_from(length(&self.attribution.lookback, 0) / DAY_MS)
                .unwrap_or(limits::LOOKBACK_DAYS.1),
            rates: self.rates.iter().map(Rate::compile).collect(),
            since: self.since.as_deref().and_then(calendar::day),
            retention: reporting::Retention {
                observations_ms: kept(self.retention.observations.as_deref()),
                quarantine_ms: kept(self.retention.quarantine.as_deref()),
            },
        }
    }

    fn session_timeout_ms(&self) -> u32 {
        let usual = limits::SESSION_TIMEOUT_MS.1;
        u32::try_from(length(&self.session.timeout, i64::from(usual))).unwrap_or(usual)
    }
}

const DAY_MS: i64 = 86_400_000;

/// The milliseconds of a text whose bounds are checked already.
fn length(text: &str, otherwise: i64) -> i64 {
    span::milliseconds(text, 0, i64::MAX).unwrap_or(otherwise)
}

/// How long something is kept; what is not said is for ever.
fn kept(text: Option<&str>) -> Option<i64> {
    text.and_then(|text| span::milliseconds(text, 0, i64::MAX).ok())
}

impl Channel {
    fn compile(&self) -> ChannelRule {
        ChannelRule {
            channel: self.channel.clone(),
            source: self.source.clone(),
            medium: self.medium.clone(),
            campaign: self.campaign.clone(),
        }
    }
}

impl Rate {
    fn compile(&self) -> reporting::Rate {
        reporting::Rate {
            currency: self.currency,
            rate: self.rate.clone(),
            from: self.from.clone(),
        }
    }
}

impl Funnel {
    fn compile(&self) -> funnel::Funnel {
        let steps = |list: &[FunnelStep]| list.iter().filter_map(FunnelStep::compile).collect();
        funnel::Funnel {
            id: self.id.clone(),
            name: self.name.as_ref().unwrap_or(&self.id).clone(),
            steps: steps(&self.steps),
            exclude: steps(&self.exclude),
            order: self.order,
            window_ms: length(&self.window, limits::FUNNEL_WINDOW_MS.1),
            unit: self.unit,
        }
    }
}

impl FunnelStep {
    fn compile(&self) -> Option<Step> {
        Some(match self {
            Self::Page(pattern) => Step::Page(PagePattern::parse(pattern).ok()?),
            Self::Commerce(step) => Step::Commerce(step.name().to_owned()),
            Self::Definition(id) => Step::Definition(id.clone()),
            Self::Event(name) => Step::Event(name.clone()),
            Self::Arrival(channel) => Step::Arrival(channel.clone()),
        })
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
            Self::Scroll(trigger) => Trigger::Scroll(trigger.scroll),
            Self::Dwell(trigger) => {
                let seconds = length(&trigger.dwell, 0).checked_div(1_000)?;
                Trigger::Dwell(u32::try_from(seconds).ok()?)
            }
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
