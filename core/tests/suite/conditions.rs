//! Operators, and what they say of a value that is missing.

use crate::{event, number, rules, seen, text, with};
use goalpost_core::{Context, Value, evaluate};
use proptest::prelude::*;

/// Whether `{ "property": "p", <test> }` holds of this value.
fn holds(test: &str, value: Option<Value>) -> bool {
    let goal = format!(
        r#"{{ "id": "g", "when": {{ "event": "e", "and": [{{ "property": "p", {test} }}] }} }}"#
    );
    let rules = rules("", &goal);
    let properties: Vec<_> = value.into_iter().map(|value| ("p", value)).collect();
    let observation = with(seen(event("e")), &properties);
    !evaluate(&rules, &observation, &Context::default())
        .conversions
        .is_empty()
}

#[test]
fn a_missing_value_passes_only_what_denies() {
    for test in [
        r#""is_not": "x""#,
        r#""not_contains": "x""#,
        r#""none_of": ["x"]"#,
        r#""exists": false"#,
    ] {
        assert!(holds(test, None), "{test}");
    }
    for test in [
        r#""is": "x""#,
        r#""contains": "x""#,
        r#""starts_with": "x""#,
        r#""ends_with": "x""#,
        r#""one_of": ["x"]"#,
        r#""less": 1"#,
        r#""at_most": 1"#,
        r#""greater": 1"#,
        r#""at_least": 1"#,
        r#""between": [1, 2]"#,
        r#""exists": true"#,
    ] {
        assert!(!holds(test, None), "{test}");
    }
}

#[test]
fn each_operator_is_what_its_name_says() {
    for (test, yes, no) in [
        (r#""is": "pro""#, text("pro"), text("Pro")),
        (r#""is": 1"#, number("1.0"), number("1.01")),
        (r#""is": "1""#, text("1"), text("1.0")),
        (r#""is": true"#, Value::Bool(true), Value::Bool(false)),
        (r#""is_not": "pro""#, text("free"), text("pro")),
        (r#""contains": "カ""#, text("スニーカー"), text("スニ")),
        (r#""not_contains": "x""#, text("abc"), text("axc")),
        (r#""starts_with": "ab""#, text("abc"), text("cab")),
        (r#""ends_with": "ab""#, text("cab"), text("abc")),
        (r#""one_of": ["a", 2]"#, number("2.00"), number("3")),
        (r#""none_of": ["a", 2]"#, text("b"), text("a")),
        (r#""less": "10""#, number("9.99"), number("10")),
        (r#""at_most": 10"#, number("10.0"), number("10.01")),
        (r#""greater": -1"#, number("0"), number("-1")),
        (r#""at_least": 0.5"#, text("0.5"), text("a lot")),
        (r#""between": [1, 5]"#, number("5"), number("5.1")),
        (r#""exists": true"#, text(""), Value::List(Vec::new())),
    ] {
        assert!(holds(test, Some(yes)), "{test}");
        assert!(!holds(test, Some(no)), "{test}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_test_and_its_denial_never_agree(value in prop::option::of("[ab]{0,3}"), wanted in "[ab]{1,2}") {
        let value = value.map(|value| text(&value));
        for (test, denial) in [("is", "is_not"), ("contains", "not_contains")] {
            let one = holds(&format!(r#""{test}": "{wanted}""#), value.clone());
            let other = holds(&format!(r#""{denial}": "{wanted}""#), value.clone());
            prop_assert_ne!(one, other);
        }
    }

    #[test]
    fn numbers_are_compared_as_numbers(value in -2_000i32..2_000, bound in -2_000i32..2_000) {
        let decimal = |n: i32| format!("{}{}.{:02}", if n < 0 { "-" } else { "" }, n.abs() / 100, n.abs() % 100);
        let value = Some(number(&decimal(value)));
        let bound_text = decimal(bound);
        let test = |name: &str| holds(&format!(r#""{name}": "{bound_text}""#), value.clone());
        let value = match &value { Some(Value::Number(text)) => text.clone(), _ => unreachable!() };
        let order = value.parse::<f64>().unwrap().partial_cmp(&bound_text.parse().unwrap()).unwrap();
        prop_assert_eq!(test("less"), order.is_lt());
        prop_assert_eq!(test("at_most"), order.is_le());
        prop_assert_eq!(test("greater"), order.is_gt());
        prop_assert_eq!(test("at_least"), order.is_ge());
    }
}
