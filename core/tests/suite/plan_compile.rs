//! What a plan becomes.

use goalpost_core::{
    Amount, BrowserPlan, Counting, Date, Definition, LinkKind, Rules, Trigger, Worth,
    funnel::{Order, Step, Unit},
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
    assert_eq!(
        groups,
        ["identification", "purchase", "lead-funnel", "post-purchase"]
    );
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
    assert_eq!(rules.definitions.len(), predefined::OUTCOMES.len() - 1);
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
    assert_eq!(
        names,
        [
            "Deals",
            "Bought",
            "Identification",
            "Lead funnel",
            "After the purchase"
        ]
    );
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
fn a_plan_from_before_keeps_its_hash() {
    // What these two were before channels, funnels and all that is predefined after a purchase.
    assert_eq!(plan(SMALLEST).hash(), "f001d66fe707a22139ed419b430465d7");
    let written_out = with(
        r#""session": { "timeout": "30m", "split_at_midnight": false, "split_by_campaign": false },
           "channels": [], "not_referrers": [],
           "funnels": [], "carts": { "abandoned_after": "1h" }, "attribution": {}, "rates": []"#,
    );
    assert_eq!(written_out.hash(), plan(SMALLEST).hash());
    let other = with(r#""session": { "split_at_midnight": true }"#);
    assert_ne!(other.hash(), plan(SMALLEST).hash());
}

#[test]
fn what_is_written_of_the_steps_after_a_purchase_is_kept_in_its_order() {
    let own = r#"{ "id": "order-returned" }, { "id": "item-resold", "off": true },
        { "id": "review-written", "when": { "event": "reviewed" } }, { "id": "order-shipped" }"#;
    let plan = with(&format!(r#""outcomes": [{own}]"#));
    assert_eq!(self::plan(&plan.json()), plan);
    let ids: Vec<_> = plan.outcomes.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(
        ids[..4],
        [
            "order-returned",
            "item-resold",
            "review-written",
            "order-shipped"
        ]
    );
    assert!(plan.json().contains("order-returned"));
    assert!(!plan.json().contains("order-confirmed"));
}

#[test]
fn the_steps_after_a_purchase_are_a_servers_unless_the_plan_says_otherwise() {
    let rules = plan(SMALLEST).compile();
    let steps: Vec<_> = predefined::OUTCOMES
        .iter()
        .filter(|outcome| outcome.group == "post-purchase")
        .map(|outcome| outcome.id)
        .collect();
    insta::assert_snapshot!(steps.join(" "), @"order-confirmed order-shipped order-delivered support-contact service-used review-written survey-answered add-on-purchase repeat-purchase shop-recommended order-returned order-exchanged item-resold");
    for id in steps {
        let step = definition(&rules, id);
        assert!(
            step.server_only && step.worth == Worth::Value(Amount::None),
            "{id}"
        );
        let per_order = id.starts_with("order-") || id.ends_with("-purchase");
        assert_eq!(step.count == Counting::OncePerOrder, per_order, "{id}");
    }
    let page = BrowserPlan::decode(&BrowserPlan::encode(&rules)).unwrap();
    assert_eq!(page.definitions.len(), 8);

    let own = with(
        r#""outcomes": [{ "id": "review-written", "when": { "event": "reviewed" } },
                        { "id": "order-shipped", "name": "Sent" }]"#,
    );
    let rules = own.compile();
    assert!(!definition(&rules, "review-written").server_only);
    assert!(definition(&rules, "order-shipped").server_only);
    let page = BrowserPlan::decode(&BrowserPlan::encode(&rules)).unwrap();
    assert!(page.definition("review-written").is_some());
    assert_eq!(page.definition("order-shipped"), None);
}

#[test]
fn figures_have_their_defaults() {
    let reporting = plan(SMALLEST).reporting();
    assert_eq!(reporting.sessions.timeout_ms, 1_800_000);
    assert!(!reporting.sessions.split_at_midnight && !reporting.sessions.split_by_campaign);
    assert_eq!(reporting.cart_abandoned_after_ms, 3_600_000);
    assert_eq!(reporting.lookback_days, 30);
    assert_eq!(reporting.since, None);
    assert!(reporting.funnels.is_empty() && reporting.rates.is_empty());
    assert_eq!(reporting.channels.hosts, ["localhost"]);
}

#[test]
fn figures_are_made_as_the_plan_says() {
    let plan = with(
        r#""timezone": "Asia/Tokyo", "since": "2020-01-01",
           "session": { "timeout": "1h", "split_at_midnight": true, "split_by_campaign": true },
           "channels": [{ "channel": "Partners", "source": ["partner.example"], "campaign": ["summer*"] }],
           "not_referrers": ["PAY.example"], "carts": { "abandoned_after": "2d" },
           "attribution": { "lookback": "7d" },
           "goals": [{ "id": "looked", "when": { "page": "/shoes/*" } }],
           "funnels": [
             { "id": "checkout", "name": "Checkout", "order": "strict", "unit": "contact", "window": "12h",
               "steps": [{ "arrival": "Email" }, { "page": "/shoes/:id/" }, { "commerce": "add_to_cart" },
                         { "definition": "looked" }, { "definition": "product-purchase" }],
               "exclude": [{ "event": "left" }] },
             { "id": "short", "steps": [{ "event": "a" }, { "event": "b" }] } ],
           "rates": [{ "currency": "USD", "rate": "149.50", "from": "2026-11-01" }]"#,
    );
    let rules = plan.compile();
    assert!(rules.split_at_midnight && rules.split_by_campaign);
    let page = BrowserPlan::decode(&BrowserPlan::encode(&rules)).unwrap();
    assert_eq!(page.zone, rules.zone);
    let reporting = plan.reporting();
    assert_eq!(reporting.sessions.timeout_ms, 3_600_000);
    assert!(reporting.sessions.split_at_midnight && reporting.sessions.split_by_campaign);
    assert_eq!(reporting.cart_abandoned_after_ms, 172_800_000);
    assert_eq!(reporting.lookback_days, 7);
    assert_eq!(
        reporting.since.map(Date::text).as_deref(),
        Some("2020-01-01")
    );
    assert_eq!(reporting.channels.not_referrers, ["pay.example"]);
    assert_eq!(reporting.channels.own[0].campaign, ["summer*"]);
    assert_eq!(reporting.rates[0].rate, "149.50");
    let [checkout, short] = &reporting.funnels[..] else {
        panic!("two funnels")
    };
    assert_eq!(
        (checkout.order, checkout.unit),
        (Order::Strict, Unit::Contact)
    );
    assert_eq!(checkout.window_ms, 43_200_000);
    assert_eq!(checkout.steps[0], Step::Arrival("Email".into()));
    assert_eq!(checkout.steps[2], Step::Commerce("add_to_cart".into()));
    assert_eq!(checkout.steps.len(), 5);
    assert_eq!(checkout.exclude, [Step::Event("left".into())]);
    assert_eq!((short.order, short.unit), (Order::Loose, Unit::Session));
    assert_eq!(
        (short.name.as_str(), short.window_ms),
        ("short", 2_592_000_000)
    );
    assert_eq!(self::plan(&plan.json()), plan);
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

#[test]
fn a_page_pattern_in_letters_is_what_a_page_sends() {
    let rules = with(
        r#""goals": [{ "id": "guide", "when": { "page": "/ガイド/:topic" }, "points": 1 }],
           "funnels": [{ "id": "way", "steps": [{ "page": "/ガイド/*" }, { "commerce": "purchase" }] }]"#,
    );
    let sent = "/%E3%82%AC%E3%82%A4%E3%83%89/1";
    let Trigger::Page(pattern, _) = &definition(&rules.compile(), "guide").when[0]
        .trigger
        .clone()
    else {
        panic!("a page");
    };
    assert_eq!(pattern.captures(sent), Some(vec![("topic", "1")]));
    let Step::Page(step) = &rules.reporting().funnels[0].steps[0] else {
        panic!("a page");
    };
    assert!(step.captures(sent).is_some());
    assert_eq!(step.text(), "/ガイド/*");
}

#[test]
fn a_day_of_long_ago_is_the_shops_own_and_costs_a_page_nothing() {
    let rules =
        with(r#""timezone": "Europe/Berlin", "session": { "split_at_midnight": true }"#).compile();
    let page = BrowserPlan::decode(&BrowserPlan::encode(&rules))
        .unwrap()
        .zone;
    // 1 July, 22:30 UTC: summer time, so the next day.
    for (time, date) in [
        (489_105_000_000, "1985-07-02"),
        (1_562_020_200_000_i64, "2019-07-02"),
        (1_593_642_600_000, "2020-07-02"),
        (1_782_945_000_000, "2026-07-02"),
    ] {
        assert_eq!(rules.zone.date(time).text(), date);
        assert_eq!(page.date(time).text() == date, time > 1_577_836_800_000);
    }
}
