//! Every mistake is found at once, with its place and its fix.

use goalpost_core::{limits, plan::Plan};
use proptest::prelude::*;

fn problems(json: &str) -> Vec<String> {
    Plan::parse(json)
        .expect_err("problems")
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn of_goals(goals: &str) -> Vec<String> {
    problems(&format!(
        r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"], "goals": [{goals}] }}"#
    ))
}

fn of_when(when: &str) -> Vec<String> {
    of_goals(&format!(r#"{{ "id": "g", "when": {when} }}"#))
}

fn of_and(conditions: &str) -> Vec<String> {
    of_when(&format!(r#"{{ "event": "e", "and": [{conditions}] }}"#))
}

/// The only problem of a list.
fn only(problems: Vec<String>) -> String {
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.into_iter().next().unwrap()
}

#[test]
fn ten_mistakes_are_ten_problems() {
    let plan = r#"{
      "site": "cloud-kicks", "timezone": "Asia/Tokio", "currency": "JPY",
      "hosts": ["https://shop.example/"], "session": { "timeout": "30 minutes" },
      "outcomes": [
        { "id": "deal", "group": "lead-funel", "value": { "fixed": "12.50" } },
        { "id": "close-won", "when": "server", "count": "once" }
      ],
      "goals": [
        { "id": "cta", "when": { "click": "a:hover" }, "pionts": 1 },
        { "id": "deal", "when": { "page": "guides" }, "points": 1 }
      ]
    }"#;
    insta::assert_snapshot!(problems(plan).join("\n"), @r#"
    timezone: 'Asia/Tokio' is not a time zone of the IANA database; did you mean 'Asia/Tokyo'?
    hosts[0]: 'https://shop.example/' is not a host name; write 'shop.example'
    session.timeout: '30 minutes' is not a length of time; write seconds, minutes, hours or days, such as "90s", "30m", "1h" or "7d"
    outcomes[0].value.fixed: '12.50' has more decimals than its currency; JPY has 0
    outcomes[0].group: 'lead-funel' is not a group of this plan; did you mean 'lead-funnel'?
    outcomes[1].count: 'once' is not a counting policy; one of every, once_per_session, once_per_day, once_per_contact, once_per_order
    goals[0].pionts: is not a field of a goal; did you mean 'points'?
    goals[0].when.click: 'a:hover' uses ':', which Goalpost's selectors do not have; use a type, '#id', '.class', '[attribute=value]', a space for descendants and ',' for alternatives
    goals[1].id: 'deal' is the id of an earlier outcome; give each definition its own
    goals[1].when.page: 'guides' does not begin with '/'; write the path without host, such as '/guides/:topic'
    "#);
}

#[test]
fn a_text_that_is_no_json_says_where() {
    insta::assert_snapshot!(only(problems("{ \"site\": \"s\",\n  \"goals\": [}")), @"line 2, column 13: is not JSON: expected value");
    insta::assert_snapshot!(only(problems("[]")), @"plan: is a list; write a plan as an object");
    insta::assert_snapshot!(
        problems(r#"{ "site": "s", "currency": "JPY", "hosts": ["a"], "goals": [{ "id": "x", "id": "y" }], "site": "t" }"#).join("\n"), @r"
    goals[0].id: is written twice, and only the later one would count; keep one
    site: is written twice, and only the later one would count; keep one
    ");
    let long = " ".repeat(limits::PLAN_BYTES + 1);
    insta::assert_snapshot!(only(problems(&long)), @"plan: has at most 262144 bytes, this has 262145; shorten it");
}

#[test]
fn what_is_missing_is_asked_for() {
    insta::assert_snapshot!(problems("{}").join("\n"), @r#"
    site: is missing; write the id that the snippet's data-site names
    currency: is missing; write the ISO 4217 code of amounts that name none, such as "JPY"
    hosts: is missing; write the site's own host names, such as ["shop.example"]
    "#);
    insta::assert_snapshot!(problems(r#"{ "site": "s", "currency": "JPY", "hosts": [], "outcomes": [{}, { "id": "x" }] }"#).join("\n"), @r#"
    hosts: is empty; write host names
    outcomes[0].id: is missing; write an id such as "newsletter"
    outcomes[1].group: is missing; write one of identification, purchase, lead-funnel, post-purchase
    "#);
}

#[test]
fn a_wrong_type_is_named() {
    insta::assert_snapshot!(
        problems(r#"{ "site": 1, "timezone": null, "currency": true, "hosts": "shop.example", "session": "30m",
                      "groups": {}, "outcomes": [7], "goals": [{ "id": "g", "points": "5", "when": [], "count": 1, "dedup": [] }] }"#).join("\n"), @r#"
    site: is a number; write an id such as "newsletter" as text
    timezone: is null; leave the field out, or write a time zone such as "Asia/Tokyo" as text
    currency: is true or false; write an ISO 4217 code such as "JPY" as text
    hosts: is text; write a list of host names
    session: is text; write a session as an object
    groups: is an object; write a list of groups
    outcomes[0]: is a number; write an outcome as an object
    goals[0].when: is a list; write { "any": [ … ] } for several triggers
    goals[0].count: is a number; write a counting policy: every, once_per_session, once_per_day, once_per_contact, once_per_order
    goals[0].dedup: is a list; write a property's name as text
    goals[0].points: is text; write a whole number from 0 to 1000000
    "#);
}

#[test]
fn a_trigger_says_what_it_can_be() {
    let list = [
        r#""sever""#,
        "{}",
        r#"{ "clik": "a" }"#,
        r#"{ "page": "/", "click": "a" }"#,
        r#"{ "event": "e", "query": { "a": "b" } }"#,
        r#"{ "click": { "link": "phone" } }"#,
        r#"{ "click": { "link": "tell" } }"#,
        r#"{ "media": "pause" }"#,
        r#"{ "media": { "progress": 0 } }"#,
        r#"{ "scroll": "75%" }"#,
        r#"{ "scroll": 0 }"#,
        r#"{ "scroll": 101 }"#,
        r#"{ "dwell": 30 }"#,
        r#"{ "dwell": "30" }"#,
        r#"{ "dwell": "2h" }"#,
        r#"{ "scroll": 75, "dwell": "30s" }"#,
        r#"{ "event": "Order Completed" }"#,
        r#"{ "commerce": "Order Completed" }"#,
        r#"{ "page": "/a/(b)" }"#,
        r#"{ "page": "/", "query": { "a": 1 } }"#,
        r#"{ "any": [] }"#,
        r#"{ "any": ["server"] }"#,
    ];
    let all: Vec<_> = list.iter().map(|when| of_when(when).join("\n")).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    goals[0].when: 'sever' is not a trigger; write "server", or an object such as { "page": "/thanks/" }
    goals[0].when: says of no kind what must be seen; write one of page, click, submit, media, scroll, dwell, event, commerce
    goals[0].when.clik: is not a field of a trigger; did you mean 'click'?
    goals[0].when: has several triggers in one object, page and click; write { "any": [ … ] } with one object for each
    goals[0].when.query: is not a field of a trigger of 'event'; its fields are and, any, event
    goals[0].when.click.link: 'phone' is not a kind of link; one of tel, mailto, sms, download, outbound
    goals[0].when.click.link: 'tell' is not a kind of link; did you mean 'tel'?
    goals[0].when.media: 'pause' is not a media step (or { "progress": 50 }); one of play, complete
    goals[0].when.media.progress: 0 is not a whole number from 1 to 100
    goals[0].when.scroll: is text; write a whole number from 1 to 100
    goals[0].when.scroll: 0 is not a whole number from 1 to 100
    goals[0].when.scroll: 101 is not a whole number from 1 to 100
    goals[0].when.dwell: is a number; write a length of time such as "30m" as text
    goals[0].when.dwell: '30' is not a length of time; write seconds, minutes, hours or days, such as "90s", "30m", "1h" or "7d"
    goals[0].when.dwell: '2h' is not from 1s to 1h, the shortest and the longest that is taken
    goals[0].when: has several triggers in one object, scroll and dwell; write { "any": [ … ] } with one object for each
    goals[0].when.event: 'Order Completed' is a step of a purchase, which is no custom event; write { "commerce": "purchase" }
    goals[0].when.commerce: is called 'purchase' in a plan
    goals[0].when.page: '/a/(b)' uses '(', which page patterns do not have; use ':name' for one segment and '*' for anything
    goals[0].when.query.a: is a number; write the value that the query must have as text
    goals[0].when.any: is empty; write triggers
    goals[0].when.any[0]: is text; write a trigger as an object. "server" stands alone: "when": "server"
    "#);
}

#[test]
fn a_rule_that_can_never_matter_is_a_problem() {
    insta::assert_snapshot!(only(of_when(r#"{ "any": [{ "page": "/a" }, { "event": "e" }, { "page": "/a" }] }"#)), @"goals[0].when.any[2]: repeats goals[0].when.any[0]; remove it");
    insta::assert_snapshot!(only(of_when(r#"{ "any": [{ "page": "/a" }, { "page": "/a", "and": [{ "property": "p", "is": 1 }] }] }"#)), @"goals[0].when.any[1]: can never matter, because goals[0].when.any[0] has the same trigger without conditions; remove one of them");
    insta::assert_snapshot!(only(of_when(r#"{ "event": "e", "any": [{ "property": "p", "is": 1 }, { "property": "p", "is": 1 }] }"#)), @"goals[0].when.any[1]: repeats an earlier condition of this list; remove it");
    insta::assert_snapshot!(only(of_goals(r#"{ "id": "g", "when": { "page": "/a" }, "count": "once_per_order" }"#)), @r#"goals[0].count: 'once_per_order' needs an order number, and no trigger of this goal carries one; use 'commerce', 'event' or "server", or another counting policy"#);
    insta::assert_snapshot!(only(of_goals(r#"{ "id": "g", "when": { "event": "e" }, "dedup": "p" }"#)), @r#"goals[0].dedup: changes nothing where every time counts; give the goal a 'count' such as "once_per_session""#);
}

#[test]
fn conditions_that_exclude_each_other_are_a_problem() {
    for (one, other) in [
        (r#""is": "x""#, r#""is": "y""#),
        (r#""is": "x""#, r#""is_not": "x""#),
        (r#""is": "x""#, r#""none_of": ["x", "y"]"#),
        (r#""is": "x""#, r#""one_of": ["y"]"#),
        (r#""is": "x""#, r#""starts_with": "y""#),
        (r#""is": 5"#, r#""less": 5"#),
        (r#""one_of": ["x", "y"]"#, r#""one_of": ["z"]"#),
        (r#""exists": false"#, r#""is": "x""#),
        (r#""exists": false"#, r#""exists": true"#),
        (r#""exists": false"#, r#""at_least": 1"#),
        (r#""less": 5"#, r#""at_least": 5"#),
        (r#""between": [1, 2]"#, r#""between": [3, 4]"#),
    ] {
        for (one, other) in [(one, other), (other, one)] {
            let conditions = format!(
                r#"{{ "property": "p", {one} }}, {{ "and": [{{ "property": "p", {other} }}] }}"#
            );
            let problem = only(of_and(&conditions));
            assert!(
                problem.starts_with("goals[0].when.and: 'p' cannot pass both"),
                "{problem}"
            );
        }
    }
}

#[test]
fn conditions_that_can_hold_together_are_none() {
    for (one, other) in [
        (r#""is": "1""#, r#""is": "1.0""#),
        (r#""is": "1""#, r#""contains": ".""#),
        (r#""is_not": "x""#, r#""is_not": "y""#),
        (r#""exists": false"#, r#""is_not": "x""#),
        (r#""at_most": 5"#, r#""at_least": 5"#),
        (r#""contains": "x""#, r#""contains": "y""#),
    ] {
        let json = format!(
            r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"], "goals": [{{ "id": "g", "when":
               {{ "event": "e", "and": [{{ "property": "p", {one} }}, {{ "property": "p", {other} }}] }} }}] }}"#
        );
        assert!(Plan::parse(&json).is_ok(), "{one} and {other}");
    }
}

#[test]
fn a_condition_says_what_it_can_be() {
    let list = [
        r"{}",
        r#"{ "property": "p" }"#,
        r#"{ "property": "p", "equals": 1 }"#,
        r#"{ "property": "p", "contain": "x" }"#,
        r#"{ "property": "p", "is": 1, "less": 5 }"#,
        r#"{ "property": "p", "less": "many" }"#,
        r#"{ "property": "p", "between": [5, 1] }"#,
        r#"{ "property": "p", "between": [1] }"#,
        r#"{ "property": "p", "contains": "" }"#,
        r#"{ "property": "p", "one_of": [] }"#,
        r#"{ "property": "p", "exists": "yes" }"#,
        r#"{ "and": [], "any": [] }"#,
        r#"{ "any": [{ "any": [{ "any": [{ "any": [] }] }] }] }"#,
    ];
    let all: Vec<_> = list.iter().map(|one| of_and(one).join("\n")).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    goals[0].when.and[0]: names no property; write { "property": "plan", "is": "pro" }
    goals[0].when.and[0]: has no test; write one of is, is_not, contains, not_contains, starts_with, ends_with, one_of, none_of, less, at_most, greater, at_least, between, exists
    goals[0].when.and[0].equals: is not a field of a condition; its fields are is, is_not, contains, not_contains, starts_with, ends_with, one_of, none_of, less, at_most, greater, at_least, between, exists, property
    goals[0].when.and[0].contain: is not a field of a condition; did you mean 'contains'?
    goals[0].when.and[0]: has several tests, is and less; write one condition for each
    goals[0].when.and[0].less: 'many' is not a plain decimal number, such as 129 or "129.00"
    goals[0].when.and[0].between: is from 5 to 1, and nothing is between them; write the lower number first
    goals[0].when.and[0].between: is not two numbers; write the lowest and the highest, such as [1, 5]
    goals[0].when.and[0].contains: is empty; write the text to look for
    goals[0].when.and[0].one_of: is empty; write values
    goals[0].when.and[0].exists: is text; write true or false
    goals[0].when.and[0]: has both 'and' and 'any'; write one condition for each
    goals[0].when.and[0].any[0].any[0].any[0].any: 'and' and 'any' nest at most 4 deep; flatten them
    "#);
}

#[test]
fn an_amount_says_what_it_can_be() {
    let of_value = |value: &str| {
        problems(&format!(
            r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"],
                  "outcomes": [{{ "id": "x", "group": "purchase", "value": {value} }}] }}"#
        ))
        .join("\n")
    };
    let list = [
        "{}",
        r#"{ "fixed": 12.5 }"#,
        r#"{ "fixed": "1e3" }"#,
        r#"{ "fixed": "12.345", "currency": "USD" }"#,
        r#"{ "fixed": "12.50", "currency": "YEN" }"#,
        r#"{ "fixed": "1", "property": "revenue" }"#,
        r#"{ "propety": "revenue" }"#,
    ];
    let all: Vec<_> = list.iter().map(|value| of_value(value)).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    outcomes[0].value: has no amount; write { "fixed": "19.90" } or { "property": "revenue" }
    outcomes[0].value.fixed: is a number; write it as text, "12.5", so that no digit changes
    outcomes[0].value.fixed: '1e3' is not a plain decimal number, such as 129.00
    outcomes[0].value.fixed: '12.345' has more decimals than its currency; USD has 2
    outcomes[0].value.currency: 'YEN' is not a currency code of ISO 4217, such as JPY or USD
    outcomes[0].value: has both 'fixed' and 'property'; leave one of them out
    outcomes[0].value.propety: is not a field of a value; did you mean 'property'?
    "#);
}

#[test]
fn an_id_belongs_to_one() {
    insta::assert_snapshot!(
        problems(r#"{ "site": "s", "currency": "JPY", "hosts": ["shop.example"],
                      "groups": [{ "id": "a" }, { "id": "a" }],
                      "outcomes": [{ "id": "x", "group": "a", "off": true }, { "id": "x", "group": "a" }],
                      "goals": [{ "id": "x" }, { "id": "close-lost" }, { "id": "y" }, { "id": "y" }, { "id": "A b" }, { "id": "ü" }] }"#).join("\n"), @r"
    groups[1].id: 'a' is the id of an earlier group; give each its own
    outcomes[0].off: switches only predefined outcomes off; delete this one instead
    outcomes[1].id: 'x' is the id of an earlier outcome; give each definition its own
    goals[0].id: 'x' is the id of an earlier outcome; give each definition its own
    goals[1].id: 'close-lost' is the id of a predefined outcome, even where it is switched off; give each definition its own
    goals[3].id: 'y' is the id of an earlier goal; give each definition its own
    goals[4].id: 'A b' is not an id, which has only small letters, digits and hyphens; write 'a-b'
    goals[5].id: 'ü' is not an id, which has only small letters, digits and hyphens
    ");
}

#[test]
fn a_plan_is_bounded() {
    let goals: Vec<_> = (0..limits::DEFINITIONS)
        .map(|number| format!(r#"{{ "id": "g{number}" }}"#))
        .collect();
    insta::assert_snapshot!(only(of_goals(&goals.join(","))), @"goals: with the outcomes there are 264 definitions, and a plan has at most 256; remove some, or switch predefined outcomes off");
    let long: Vec<_> = (0..200)
        .map(|number| {
            format!(
                r#"{{ "id": "g{number}", "when": {{ "click": "a.{}" }} }}"#,
                "x".repeat(500)
            )
        })
        .collect();
    insta::assert_snapshot!(only(of_goals(&long.join(","))), @"plan: the part that a page needs has 105526 bytes, and a page reads at most 65536; shorten selectors and conditions, or remove definitions");
    insta::assert_snapshot!(of_goals(r#"{ "id": "g", "points": 1000001 }, { "id": "h", "points": -1 }, { "id": "i", "points": 1.5 }"#).join("\n"), @r"
    goals[0].points: 1000001 is not a whole number from 0 to 1000000
    goals[1].points: -1 is not a whole number from 0 to 1000000
    goals[2].points: 1.5 is not a whole number from 0 to 1000000
    ");
}

#[test]
fn a_session_says_how_it_ends() {
    let of_session = |session: &str| {
        problems(&format!(
            r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"], "session": {session} }}"#
        ))
        .join("\n")
    };
    let list = [
        r#"{ "timeout": "25h" }"#,
        r#"{ "timeout": 30 }"#,
        r#"{ "split_at_midnigth": true }"#,
        r#"{ "split_by_campaign": "yes" }"#,
    ];
    let all: Vec<_> = list.iter().map(|session| of_session(session)).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    session.timeout: '25h' is not from 1s to 1d, the shortest and the longest that is taken
    session.timeout: is a number; write a length of time such as "30m" as text
    session.split_at_midnigth: is not a field of a session; did you mean 'split_at_midnight'?
    session.split_by_campaign: is text; write true or false
    "#);
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let key = || {
        prop::sample::select(vec![
            "site", "goals", "outcomes", "id", "when", "any", "and", "property", "is", "page",
            "count", "value", "x",
        ])
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        key().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_a_plan_or_has_problems(json in any_json()) {
        match Plan::parse(&json.to_string()) {
            Ok(plan) => prop_assert_eq!(Plan::parse(&plan.json()), Ok(plan)),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
