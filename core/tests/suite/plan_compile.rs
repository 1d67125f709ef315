//! What a plan becomes.

use goalpost_core::{
    Amount, Counting, Definition, LinkKind, Rules, Trigger, Worth,
    plan::{Plan, predefined},
};

const STOREFRONT: &str = include_str!("../../../examples/storefront/plan.json");
const SMALLEST: &str = r#"{ "site": "s", "currency": "JPY", "hosts": ["localhost"] }"#;

fn plan(json: &str) -> Plan {
    match Plan::parse(json) {
        Ok(plan) => plan,
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn with(fields: &str) -> Plan {
    plan(&format!(
        "{}, {fields} }}",
        SMALLEST.trim_end_matches([' ', '}'])
    ))
}

fn definition<'a>(rules: &'a Rules, id: &str) -> &'a Definition {
    rules.definition(id).unwrap()
}

#[test]
fn the_storefronts_plan_is_a_plan() {
    let plan = plan(STOREFRONT);
    let rules = plan.compile();
    assert_eq!(rules.plan, plan.hash());
    assert_eq!(rules.session_timeout_ms, 1_800_000);
    let call = &definition(&rules, "call-us").when[0].trigger;
    assert_eq!(*call, Trigger::Link(LinkKind::Tel));
    assert_eq!(definition(&rules, "size-guide").when.len(), 2);
    assert!(definition(&rules, "close-won").server_only);
    assert!(definition(&rules, "size-found").when.is_empty());
}

#[test]
fn every_plan_has_the_predefined_groups_and_outcomes() {
    let plan = plan(SMALLEST);
    let groups: Vec<_> = plan.groups.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(groups, ["identification", "purchase", "lead-funnel"]);
    let rules = plan.compile();
    assert_eq!(rules.definitions.len(), predefined::OUTCOMES.len());
    assert!(
        rules
            .definitions
            .iter()
            .all(|definition| definition.when.is_empty())
    );
    let purchase = definition(&rules, "product-purchase");
    assert_eq!(purchase.count, Counting::OncePerOrder);
    assert!(
        matches!(&purchase.worth, Worth::Value(Amount::Property(name, _)) if name == "revenue")
    );
    assert_eq!(
        definition(&rules, "contact-acquired").count,
        Counting::OncePerContact
    );
    assert_eq!(
        definition(&rules, "close-lost").worth,
        Worth::Value(Amount::None)
    );
}

#[test]
fn an_own_outcome_changes_only_what_it_names() {
    let plan = with(
        r#""groups": [{ "id": "deals", "name": "Deals" }, { "id": "purchase", "name": "Bought" }],
           "outcomes": [
             { "id": "product-purchase", "when": { "commerce": "purchase" } },
             { "id": "close-won", "name": "Signed", "group": "deals", "value": { "fixed": "120000" }, "count": "every" },
             { "id": "close-lost", "off": true } ]"#,
    );
    let rules = plan.compile();
    assert_eq!(rules.definition("close-lost"), None);
    assert_eq!(rules.definitions.len(), 7);
    let purchase = definition(&rules, "product-purchase");
    assert_eq!(
        (purchase.count, purchase.when.len()),
        (Counting::OncePerOrder, 1)
    );
    assert!(matches!(purchase.worth, Worth::Value(Amount::Property(..))));
    let won = definition(&rules, "close-won");
    assert_eq!(won.count, Counting::Every);
    assert!(matches!(won.worth, Worth::Value(Amount::Fixed(120_000, _))));
    assert_eq!(plan.definition_name("close-won"), "Signed");
    assert_eq!(plan.definition_name("product-purchase"), "Product purchase");
    assert_eq!(plan.definition_name("unheard-of"), "unheard-of");
    let names: Vec<_> = plan
        .groups
        .iter()
        .filter_map(|group| group.name.as_deref())
        .collect();
    assert_eq!(names, ["Deals", "Bought", "Identification", "Lead funnel"]);
    let won = plan
        .live_outcomes()
        .find(|outcome| outcome.id == "close-won")
        .unwrap();
    assert_eq!(won.group.as_deref(), Some("deals"));
}

#[test]
fn what_is_not_written_has_its_default() {
    let plan = with(r#""goals": [{ "id": "g" }]"#);
    assert_eq!(
        (plan.timezone.as_str(), plan.session.timeout.as_str()),
        ("UTC", "30m")
    );
    let rules = plan.compile();
    let goal = definition(&rules, "g");
    assert_eq!(
        (goal.count, &goal.worth),
        (Counting::Every, &Worth::Points(0))
    );
}

#[test]
fn a_plan_is_known_by_its_content_and_not_by_its_spelling() {
    let one = plan(
        r#"{ "site": "s", "currency": "JPY", "hosts": ["localhost"],
                        "goals": [{ "id": "g", "points": 1, "when": { "page": "/", "query": { "b": "1", "a": "2" } } }] }"#,
    );
    let same = plan(
        r#"{"goals":[{"when":{"query":{"a":"2","b":"1"},"page":"/"},"count":"every","id":"g","points":1}],
                        "timezone":"UTC","session":{},"hosts":["LOCALHOST"],"currency":"jpy","site":"s"}"#,
    );
    let other = plan(&SMALLEST.replace("\"s\"", "\"t\""));
    assert_eq!(one.hash(), same.hash());
    assert_ne!(one.hash(), other.hash());
    assert_eq!(one.hash().len(), 32);
    assert!(
        one.hash()
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    );
}

#[test]
fn the_json_of_a_plan_is_that_plan() {
    let switched = with(r#""outcomes": [{ "id": "close-lost", "off": true }]"#);
    for plan in [plan(STOREFRONT), plan(SMALLEST), switched] {
        let again = self::plan(&plan.json());
        assert_eq!(again, plan);
        assert_eq!(again.hash(), plan.hash());
        assert_eq!(again.compile(), plan.compile());
    }
}

#[test]
fn conditions_join_as_the_plan_says() {
    let rules = with(
        r#""goals": [{ "id": "g", "when": { "event": "e",
             "and": [{ "property": "a", "is": 1 }],
             "any": [{ "property": "b", "is": true }, { "and": [{ "property": "c", "exists": true }, { "property": "d", "less": 5 }] }] } }]"#,
    )
    .compile();
    insta::assert_compact_debug_snapshot!(definition(&rules, "g").when[0].conditions, @r#"[Property("a", Is("1")), Any([Property("b", Is("true")), All([Property("c", Exists(true)), Property("d", Less("5"))])])]"#);
}
