//! Examples of a plan and its parts: shown in the schema and in the documentation, and tested.

use serde_json::{Value, json};

/// A whole plan.
pub(crate) fn plan() -> Value {
    json!({
        "site": "cloud-kicks",
        "timezone": "Asia/Tokyo",
        "currency": "JPY",
        "hosts": ["shop.example"],
        "session": { "timeout": "30m" },
        "groups": [{ "id": "service", "name": "Service" }],
        "outcomes": [
            { "id": "product-purchase", "when": { "commerce": "purchase" } },
            { "id": "close-won", "when": "server", "value": { "fixed": "120000" } },
            { "id": "warranty", "group": "service", "when": { "event": "warranty_bought" },
              "count": "once_per_order", "value": { "property": "price" } },
            { "id": "close-cancelled", "off": true }
        ],
        "goals": [
            { "id": "watch-video", "when": { "media": "play" }, "count": "once_per_session", "points": 5 },
            { "id": "call-us", "when": { "click": { "link": "tel" } }, "points": 10 },
            { "id": "newsletter", "when": { "submit": "form#newsletter" },
              "count": "once_per_contact", "points": 10 }
        ],
        "funnels": [
            { "id": "checkout", "steps": [
                { "commerce": "add_to_cart" }, { "page": "/checkout/" }, { "definition": "product-purchase" } ] }
        ]
    })
}

/// Examples by the name of their type.
pub(crate) fn definitions() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        (
            "Session",
            vec![
                json!({ "timeout": "1h" }),
                json!({ "split_at_midnight": true, "split_by_campaign": true }),
            ],
        ),
        ("Group", vec![json!({ "id": "service", "name": "Service" })]),
        (
            "Outcome",
            vec![
                json!({ "id": "product-purchase", "when": { "commerce": "purchase" } }),
                json!({ "id": "test-drive", "name": "Test drive", "group": "lead-funnel",
                        "when": { "submit": "form#test-drive" }, "count": "once_per_contact",
                        "value": { "fixed": "8000" } }),
            ],
        ),
        (
            "Goal",
            vec![
                json!({ "id": "watch-each-video", "when": { "media": "play" },
                        "count": "once_per_session", "dedup": "video", "points": 1 }),
                json!({ "id": "size-guide", "points": 2, "when": { "any": [
                    { "page": "/guides/:topic", "and": [{ "property": "topic", "is": "sizes" }] },
                    { "page": "/ja/guides/:topic", "and": [{ "property": "topic", "is": "sizes" }] }
                ] } }),
            ],
        ),
        (
            "ValueSource",
            vec![
                json!({ "fixed": "19.90", "currency": "USD" }),
                json!({ "property": "revenue" }),
            ],
        ),
        (
            "PageTrigger",
            vec![
                json!({ "page": "/guides/:topic" }),
                json!({ "page": "/*", "query": { "utm_medium": "email" } }),
            ],
        ),
        (
            "ClickTrigger",
            vec![
                json!({ "click": "a.cta, button.cta" }),
                json!({ "click": { "link": "tel" } }),
            ],
        ),
        ("SubmitTrigger", vec![json!({ "submit": "form#newsletter" })]),
        (
            "MediaTrigger",
            vec![
                json!({ "media": "play" }),
                json!({ "media": { "progress": 50 } }),
            ],
        ),
        (
            "ScrollTrigger",
            vec![
                json!({ "scroll": 75 }),
                json!({ "scroll": 50, "and": [{ "property": "path", "starts_with": "/guides/" }] }),
            ],
        ),
        ("DwellTrigger", vec![json!({ "dwell": "30s" })]),
        ("EventTrigger", vec![json!({ "event": "demo_requested" })]),
        ("CommerceTrigger", vec![json!({ "commerce": "purchase" })]),
        (
            "Channel",
            vec![
                json!({ "channel": "Partners", "source": ["partner.example", "*.partner.example"] }),
                json!({ "channel": "Summer letters", "medium": ["email"], "campaign": ["summer*"] }),
            ],
        ),
        (
            "Funnel",
            vec![
                json!({ "id": "checkout", "name": "Checkout", "window": "1d", "steps": [
                    { "commerce": "view_item" }, { "commerce": "add_to_cart" },
                    { "page": "/checkout/" }, { "definition": "product-purchase" } ] }),
                json!({ "id": "letter-to-order", "unit": "contact", "steps": [
                    { "arrival": "Email" }, { "event": "size_found" }, { "definition": "product-purchase" } ],
                    "exclude": [{ "commerce": "refund" }] }),
            ],
        ),
        ("Carts", vec![json!({ "abandoned_after": "2h" })]),
        ("Attribution", vec![json!({ "lookback": "7d" })]),
        ("Retention", vec![json!({ "observations": "400d", "quarantine": "90d" })]),
        (
            "Rate",
            vec![json!({ "currency": "USD", "rate": "149.50", "from": "2026-11-01" })],
        ),
        (
            "Segment",
            vec![
                json!({ "id": "regulars", "name": "Regulars",
                        "when": { "done": "product-purchase", "at_least": 3, "within": "365d" } }),
                json!({ "id": "long-gone", "name": "Long gone", "when": { "all": [
                    { "stage": "customer" }, { "not": { "group": "purchase", "within": "180d" } } ] } }),
            ],
        ),
        (
            "PastCondition",
            vec![json!({ "done": "product-purchase", "at_least": 2, "within": "90d" })],
        ),
        ("PastOfGroup", vec![json!({ "group": "purchase", "exactly": 1 })]),
        ("StageCondition", vec![json!({ "stage": "customer" })]),
        ("NoCondition", vec![json!({ "not": { "done": "product-purchase" } })]),
        (
            "AllOfPerson",
            vec![json!({ "all": [{ "stage": "visitor" }, { "done": "marketing-lead" }] })],
        ),
        (
            "AnyOfPerson",
            vec![json!({ "any": [{ "stage": "lost" }, { "stage": "cancelled" }] })],
        ),
        (
            "ConditionSource",
            tests().into_iter().map(|(_, test)| test).chain([
                json!({ "any": [{ "property": "shop", "is": "tokyo" }, { "property": "shop", "is": "osaka" }] }),
            ]).collect(),
        ),
    ]
}

/// A goal for videos that somebody chose to watch.
pub(crate) fn wanted_video() -> Value {
    json!({ "id": "watch-video", "when": { "media": "play", "and": [
        { "property": "autoplay", "exists": false }, { "property": "loop", "exists": false } ] } })
}

/// Every operator with an example of a condition.
pub(crate) fn tests() -> Vec<(&'static str, Value)> {
    vec![
        ("is", json!({ "property": "plan", "is": "pro" })),
        ("is_not", json!({ "property": "plan", "is_not": "free" })),
        (
            "contains",
            json!({ "property": "title", "contains": "sale" }),
        ),
        (
            "not_contains",
            json!({ "property": "title", "not_contains": "draft" }),
        ),
        (
            "starts_with",
            json!({ "property": "referrer", "starts_with": "https://news." }),
        ),
        (
            "ends_with",
            json!({ "property": "href", "ends_with": ".pdf" }),
        ),
        (
            "one_of",
            json!({ "property": "size", "one_of": [24, 25, "26.5"] }),
        ),
        (
            "none_of",
            json!({ "property": "shop", "none_of": ["test", "staff"] }),
        ),
        ("less", json!({ "property": "revenue", "less": 5000 })),
        ("at_most", json!({ "property": "revenue", "at_most": 5000 })),
        (
            "greater",
            json!({ "property": "revenue", "greater": "99.99" }),
        ),
        (
            "at_least",
            json!({ "property": "revenue", "at_least": 100 }),
        ),
        (
            "between",
            json!({ "property": "revenue", "between": [100, 500] }),
        ),
        ("exists", json!({ "property": "coupon", "exists": true })),
    ]
}

/// A plan with this example of a type in it.
pub(crate) fn within_a_plan(name: &str, example: Value) -> Value {
    let mut plan = json!({ "site": "cloud-kicks", "currency": "JPY", "hosts": ["shop.example"],
                           "groups": [{ "id": "service" }] });
    let goal = |when: Value| json!([{ "id": "example", "when": when }]);
    match name {
        "Session" => plan["session"] = example,
        "Group" => plan["groups"] = json!([example]),
        "Outcome" => plan["outcomes"] = json!([example]),
        "Channel" => plan["channels"] = json!([example]),
        "Funnel" => plan["funnels"] = json!([example]),
        "Carts" => plan["carts"] = example,
        "Attribution" => plan["attribution"] = example,
        "Retention" => plan["retention"] = example,
        "Rate" => plan["rates"] = json!([example]),
        "Segment" => plan["segments"] = json!([example]),
        "PastCondition" | "PastOfGroup" | "StageCondition" | "NoCondition" | "AllOfPerson"
        | "AnyOfPerson" => plan["segments"] = json!([{ "id": "example", "when": example }]),
        "Goal" => plan["goals"] = json!([example]),
        "ValueSource" => {
            plan["outcomes"] = json!([{ "id": "example", "group": "service", "value": example }]);
        }
        "ConditionSource" => plan["goals"] = goal(json!({ "event": "e", "and": [example] })),
        _ => plan["goals"] = goal(example),
    }
    plan
}
