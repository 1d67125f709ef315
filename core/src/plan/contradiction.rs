//! Conditions that can never hold together.

use super::triggers::{ConditionSource, PropertyCondition};
use crate::{condition::Test, decimal::Decimal, fact::Fact};
use alloc::{format, string::String, vec::Vec};

/// Why these conditions can never all hold; nested lists of `and` count as part of the list.
pub(super) fn find(conditions: &[ConditionSource]) -> Option<String> {
    let mut tests = Vec::new();
    flatten(conditions, &mut tests);
    tests.iter().enumerate().find_map(|(index, later)| {
        tests
            .iter()
            .take(index)
            .filter(|earlier| earlier.property == later.property)
            .find(|earlier| {
                exclude(&earlier.test, &later.test) || exclude(&later.test, &earlier.test)
            })
            .map(|earlier| {
                format!(
                    "'{}' cannot pass both '{}' and '{}' as they are written; remove one, or list them under 'any'",
                    later.property,
                    earlier.test.name(),
                    later.test.name()
                )
            })
    })
}

fn flatten<'a>(conditions: &'a [ConditionSource], tests: &mut Vec<&'a PropertyCondition>) {
    for condition in conditions {
        match condition {
            ConditionSource::Property(condition) => tests.push(condition),
            ConditionSource::All(list) => flatten(&list.and, tests),
            ConditionSource::Any(_) => {}
        }
    }
}

/// Whether no value passes both.
fn exclude(one: &Test, other: &Test) -> bool {
    match one {
        Test::Exists(false) => !other.holds(None),
        Test::Is(value) => fails(value, other),
        Test::OneOf(values) => values.iter().all(|value| fails(value, other)),
        _ => match (range(one).low, range(other).high) {
            (Some((low, open)), Some((high, also_open))) => {
                low > high || (low == high && (open || also_open))
            }
            _ => false,
        },
    }
}

/// Whether a property with this value fails the test, be it a text or a number.
fn fails(value: &str, test: &Test) -> bool {
    // "1" and "1.0" are one number and two texts, so only tests of numbers decide about numbers.
    let of_text = matches!(
        test,
        Test::Contains(_) | Test::NotContains(_) | Test::StartsWith(_) | Test::EndsWith(_)
    );
    if of_text && Decimal::parse(value).is_some() {
        return false;
    }
    !test.holds(Some(Fact::Text(value))) && !test.holds(Some(Fact::Number(value)))
}

/// The numbers that pass a test: each end with whether it is itself left out.
#[derive(Default)]
struct Range {
    low: Option<(Decimal, bool)>,
    high: Option<(Decimal, bool)>,
}

fn range(of: &Test) -> Range {
    let end = |text: &str, open| Decimal::parse(text).map(|number| (number, open));
    match of {
        Test::Less(text) => Range {
            high: end(text, true),
            ..Range::default()
        },
        Test::AtMost(text) => Range {
            high: end(text, false),
            ..Range::default()
        },
        Test::Greater(text) => Range {
            low: end(text, true),
            ..Range::default()
        },
        Test::AtLeast(text) => Range {
            low: end(text, false),
            ..Range::default()
        },
        Test::Between(low, high) => Range {
            low: end(low, false),
            high: end(high, false),
        },
        _ => Range::default(),
    }
}
