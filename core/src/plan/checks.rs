//! What a plan says as a whole: rules that can never matter, and a page's part that is too large.

use super::{
    source::Plan,
    triggers::{TriggerSource, When},
};
use crate::{browser_plan::BrowserPlan, limits};
use alloc::{format, string::String};

/// Whether something that makes a definition happen can name an order.
pub(super) fn may_carry_order(when: Option<&When>) -> bool {
    match when {
        // Code or a server triggers it with any properties.
        None | Some(When::Server(_)) => true,
        Some(when) => when.triggers().iter().any(|trigger| {
            matches!(
                trigger,
                TriggerSource::Commerce(_) | TriggerSource::Event(_)
            )
        }),
    }
}

/// Why the last of these triggers, each with its place, can never matter.
pub(super) fn unreachable(all: &[(TriggerSource, String)]) -> Option<String> {
    let ((last, _), earlier) = all.split_last()?;
    earlier.iter().find_map(|(trigger, path)| {
        if trigger == last {
            Some(format!("repeats {path}; remove it"))
        } else if *trigger == without_conditions(last) {
            Some(format!(
                "can never matter, because {path} has the same trigger without conditions; remove one of them"
            ))
        } else {
            None
        }
    })
}

fn without_conditions(trigger: &TriggerSource) -> TriggerSource {
    let mut bare = trigger.clone();
    let (and, any) = match &mut bare {
        TriggerSource::Page(trigger) => (&mut trigger.and, &mut trigger.any),
        TriggerSource::Click(trigger) => (&mut trigger.and, &mut trigger.any),
        TriggerSource::Submit(trigger) => (&mut trigger.and, &mut trigger.any),
        TriggerSource::Media(trigger) => (&mut trigger.and, &mut trigger.any),
        TriggerSource::Scroll(trigger) => (&mut trigger.and, &mut trigger.any),
        TriggerSource::Dwell(trigger) => (&mut trigger.and, &mut trigger.any),
        TriggerSource::Event(trigger) => (&mut trigger.and, &mut trigger.any),
        TriggerSource::Commerce(trigger) => (&mut trigger.and, &mut trigger.any),
    };
    and.clear();
    any.clear();
    bare
}

/// Why a page would refuse to read its part of this plan.
pub(super) fn page_part(plan: &Plan) -> Option<String> {
    // The first byte is the version, which is no part of the bounded rest.
    let bytes = BrowserPlan::encode(&plan.compile()).len().saturating_sub(1);
    (bytes > limits::BROWSER_PLAN_BYTES).then(|| {
        format!(
            "the part that a page needs has {bytes} bytes, and a page reads at most {}; shorten selectors and conditions, or remove definitions",
            limits::BROWSER_PLAN_BYTES
        )
    })
}
