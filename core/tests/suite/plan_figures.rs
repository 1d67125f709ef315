//! What a plan says of its figures, and every mistake in it with its fix.

use goalpost_core::{limits, plan::Plan};

fn problems(fields: &str) -> String {
    let json = format!(
        r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"],
             "outcomes": [{{ "id": "close-lost", "off": true }}],
             "goals": [{{ "id": "newsletter" }}], {fields} }}"#
    );
    let problems = Plan::parse(&json).expect_err("problems");
    let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn each(name: &str, list: &[&str]) -> String {
    let all: Vec<_> = list
        .iter()
        .map(|one| problems(&format!(r#""{name}": {one}"#)))
        .collect();
    all.join("\n")
}

#[test]
fn a_channel_says_what_it_can_be() {
    let list = [
        r#"[{ "chanel": "Partners", "source": ["a"] }]"#,
        r#"[{ "channel": "Partners" }]"#,
        r#"[{ "channel": "", "source": [] }]"#,
        r#"[{ "channel": "P", "source": ["*"], "medium": ["a*b"], "campaign": "x" }]"#,
        r#"[{ "channel": "P", "source": ["a"] }, { "channel": "P", "source": ["a"] }]"#,
    ];
    insta::assert_snapshot!(each("channels", &list), @r#"
    channels[0].chanel: is not a field of a channel; did you mean 'channel'?
    channels[0].channel: is missing; write its name, such as "Partners"
    channels[0]: says of no arrival that it belongs here; write 'source', 'medium' or 'campaign'
    channels[0].channel: is empty; write a channel's name
    channels[0].source: is empty; write values
    channels[0].source[0]: fits anything; leave the list out
    channels[0].medium[0]: 'a*b' has '*' inside; it may stand only at the end or the beginning
    channels[0].campaign: is text; write a list of values
    channels[1]: repeats channels[0]; remove it
    "#);
}

#[test]
fn a_host_that_is_no_referrer_is_a_host() {
    insta::assert_snapshot!(each("not_referrers", &[r#"["https://pay.example/x"]"#, r#""pay.example""#]), @r#"
    not_referrers[0]: 'https://pay.example/x' is not a host name; write 'pay.example'
    not_referrers: is text; write a list of host names
    "#);
}

#[test]
fn a_funnel_says_what_it_can_be() {
    let list = [
        r#"[{ "steps": [{ "event": "a" }] }]"#,
        r#"[{ "id": "f" }]"#,
        r#"[{ "id": "f", "step": [] }]"#,
        r#"[{ "id": "f", "order": "lose", "unit": "visitor", "window": "30s", "steps": [{ "event": "a" }, { "event": "b" }] }]"#,
        r#"[{ "id": "f", "window": "91d", "steps": [{ "event": "a" }, { "event": "b" }] }]"#,
        r#"[{ "id": "f", "steps": [{ "definition": "newsleter" }, { "definition": "close-lost" }] }]"#,
        r#"[{ "id": "f", "steps": [{ "page": "shoes" }, { "commerce": "add_to_card" }] }]"#,
        r#"[{ "id": "f", "steps": [{ "event": "Order Completed" }, { "page": "/", "event": "a" }] }]"#,
        r#"[{ "id": "f", "steps": [{}, { "goal": "newsletter" }] }]"#,
        r#"[{ "id": "f", "steps": [{ "event": "a" }, { "event": "b" }], "exclude": [{ "event": "b" }] }]"#,
        r#"[{ "id": "f", "steps": [{ "event": "a" }, { "event": "b" }] }, { "id": "f", "steps": [{ "event": "a" }, { "event": "b" }] }]"#,
    ];
    insta::assert_snapshot!(each("funnels", &list), @r#"
    funnels[0].id: is missing; write an id such as "checkout"
    funnels[0].steps: has at least 2 steps, this has 1
    funnels[0].steps: is missing; write its steps, such as [{ "page": "/shoes/:id/" }, { "commerce": "purchase" }]
    funnels[0].step: is not a field of a funnel; did you mean 'steps'?
    funnels[0].steps: is missing; write its steps, such as [{ "page": "/shoes/:id/" }, { "commerce": "purchase" }]
    funnels[0].order: 'lose' is not an order of a funnel; did you mean 'loose'?
    funnels[0].unit: 'visitor' is not a unit of a funnel; one of session, contact
    funnels[0].window: '30s' is not from 1m to 90d, the shortest and the longest that is taken
    funnels[0].window: '91d' is not from 1m to 90d, the shortest and the longest that is taken
    funnels[0].steps[0].definition: 'newsleter' is not a goal or outcome of this plan; did you mean 'newsletter'?
    funnels[0].steps[1].definition: 'close-lost' is not a goal or outcome of this plan; did you mean 'close-won'?
    funnels[0].steps[0].page: 'shoes' does not begin with '/'; write the path without host, such as '/guides/:topic'
    funnels[0].steps[1].commerce: 'add_to_card' is not a step of a purchase; did you mean 'add_to_cart'?
    funnels[0].steps[0].event: 'Order Completed' is a step of a purchase, which is no custom event; write { "commerce": "purchase" }
    funnels[0].steps[1]: is not one step; write one of page, commerce, definition, event, arrival
    funnels[0].steps[0]: is not one step; write one of page, commerce, definition, event, arrival
    funnels[0].steps[1].goal: is not a field of a step; its fields are page, commerce, definition, event, arrival
    funnels[0].exclude[0]: is a step of this funnel too, and nobody could finish it; remove one of them
    funnels[1].id: 'f' is the id of an earlier funnel; give each its own
    "#);
}

#[test]
fn a_funnel_arrives_through_a_channel_that_there_is() {
    let funnel = |channels: &str, name: &str| {
        format!(
            r#""channels": {channels}, "funnels": [{{ "id": "f",
               "steps": [{{ "arrival": "{name}" }}, {{ "event": "a" }}] }}]"#
        )
    };
    let wrong = |channels: &str, name: &str| problems(&funnel(channels, name));
    let partners = r#"[{ "channel": "Partners", "source": ["partner.example"] }]"#;
    insta::assert_snapshot!([
        wrong("[]", "Emial"),
        wrong("[]", "email"),
        wrong("[]", "Partners"),
        wrong(partners, "partner"),
        wrong(partners, "Newsletters of friends"),
        wrong("[]", ""),
    ].join("\n"), @r#"
    funnels[0].steps[0].arrival: 'Emial' is not a channel of this plan; did you mean 'Email'?
    funnels[0].steps[0].arrival: 'email' is not a channel of this plan; did you mean 'Email'?
    funnels[0].steps[0].arrival: 'Partners' is not a channel of this plan; add it to 'channels'
    funnels[0].steps[0].arrival: 'partner' is not a channel of this plan; did you mean 'Partners'?
    funnels[0].steps[0].arrival: 'Newsletters of friends' is not a channel of this plan; add it to 'channels'
    funnels[0].steps[0].arrival: is empty; write a channel's name such as "Email"
    "#);
    for (channels, name) in [
        ("[]", "Email"),
        ("[]", "Unassigned"),
        (partners, "Partners"),
        (partners, "Direct"),
    ] {
        let json = format!(
            r#"{{ "site": "s", "currency": "JPY", "hosts": ["shop.example"], {} }}"#,
            funnel(channels, name)
        );
        assert!(Plan::parse(&json).is_ok(), "{name}");
    }
}

#[test]
fn carts_and_attribution_have_bounds() {
    insta::assert_snapshot!(each("carts", &[r#"{ "after": "1h" }"#, r#"{ "abandoned_after": "59s" }"#, r#"{ "abandoned_after": "31d" }"#]), @r#"
    carts.after: is not a field of 'carts'; its fields are abandoned_after
    carts.abandoned_after: '59s' is not from 1m to 30d, the shortest and the longest that is taken
    carts.abandoned_after: '31d' is not from 1m to 30d, the shortest and the longest that is taken
    "#);
    insta::assert_snapshot!(each("attribution", &[r#"{ "lookback": "23h" }"#, r#"{ "lookback": "36h" }"#, r#"{ "lookback": "91d" }"#, r#"{ "lookback": 30 }"#]), @r#"
    attribution.lookback: '23h' is not from 1d to 90d, the shortest and the longest that is taken
    attribution.lookback: '36h' is not a whole number of days; write one such as "30d"
    attribution.lookback: '91d' is not from 1d to 90d, the shortest and the longest that is taken
    attribution.lookback: is a number; write a length of time such as "30m" as text
    "#);
}

#[test]
fn retention_has_bounds() {
    insta::assert_snapshot!(each("retention", &[r#"{ "logs": "9d" }"#, r#"{ "observations": "59d" }"#, r#"{ "quarantine": "23h" }"#, r#"{ "observations": "9999d" }"#]), @r#"
    retention.logs: is not a field of 'retention'; its fields are observations, quarantine
    retention.observations: '59d' is not from 60d to 3650d, the shortest and the longest that is taken
    retention.quarantine: '23h' is not from 1d to 3650d, the shortest and the longest that is taken
    retention.observations: '9999d' is not from 60d to 3650d, the shortest and the longest that is taken
    "#);
}

#[test]
fn a_rate_says_what_it_can_be() {
    let list = [
        r"[{}]",
        r#"[{ "currency": "JPY", "rate": "1", "from": "2026-11-01" }]"#,
        r#"[{ "currency": "DOLLAR", "rate": 149.5, "from": "2026-02-30" }]"#,
        r#"[{ "currency": "USD", "rate": "0", "from": "1.11.2026" }]"#,
        r#"[{ "currency": "USD", "rate": "-1", "from": "2026-11-01" }]"#,
        r#"[{ "currency": "USD", "rate": "1e3", "from": "2026-11-01" }]"#,
        r#"[{ "currency": "USD", "rate": "1", "from": "2026-11-01" }, { "currency": "usd", "rate": "2", "from": "2026-11-01" }]"#,
    ];
    insta::assert_snapshot!(each("rates", &list), @r#"
    rates[0].currency: is missing; write the other currency, such as "USD"
    rates[0].rate: is missing; write what one unit of it is worth in the plan's currency, such as "149.50"
    rates[0].from: is missing; write the first day on which it holds, such as "2026-11-01"
    rates[0].currency: is the plan's own currency, which needs no rate; remove it
    rates[0].currency: 'DOLLAR' is not a currency code of ISO 4217, such as JPY or USD
    rates[0].rate: is a number; write it as text, "149.5", so that no digit changes
    rates[0].from: '2026-02-30' is not a day of the calendar from 1970 on; write one such as "2026-11-21"
    rates[0].rate: '0' is not above 0
    rates[0].from: '1.11.2026' is not a day of the calendar from 1970 on; write one such as "2026-11-21"
    rates[0].rate: '-1' is not above 0
    rates[0].rate: '1e3' is not a plain decimal number of at most 18 digits, such as 149.50
    rates[1]: is a second rate of USD from 2026-11-01, beside rates[0]; keep one
    "#);
}

#[test]
fn a_first_day_is_a_day() {
    insta::assert_snapshot!(each("since", &[r#""2020-13-01""#, r#""1969-12-31""#, "2020"]), @r#"
    since: '2020-13-01' is not a day of the calendar from 1970 on; write one such as "2026-11-21"
    since: '1969-12-31' is not a day of the calendar from 1970 on; write one such as "2026-11-21"
    since: is a number; write a day such as "2026-11-21" as text
    "#);
}

#[test]
fn what_figures_need_is_bounded() {
    let many = |one: &str, count: usize| format!("[{}]", vec![one; count].join(","));
    let last = |name: &str, one: &str, count: usize| {
        let all = problems(&format!(r#""{name}": {}"#, many(one, count)));
        all.lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!([
        last("funnels", r#"{ "id": "f", "steps": [{ "event": "a" }, { "event": "b" }] }"#, limits::FUNNELS + 1),
        last("channels", r#"{ "channel": "c", "source": ["a"] }"#, limits::CHANNEL_RULES + 1),
        last("not_referrers", r#""a.example""#, limits::NOT_REFERRERS + 1),
        last("rates", r#"{ "currency": "USD", "rate": "1", "from": "2026-11-01" }"#, limits::RATES + 1),
        problems(&format!(r#""funnels": [{{ "id": "f", "steps": {} }}]"#, many(r#"{ "event": "a" }"#, 17))),
    ].join("\n"), @r#"
    funnels: has at most 32 funnels, this has 33
    channels: has at most 64 channels, this has 65
    not_referrers: has at most 64 host names, this has 65
    rates: has at most 512 rates, this has 513
    funnels[0].steps: has at most 16 steps, this has 17
    "#);
}

#[test]
fn a_segment_says_what_it_can_be() {
    let list = [
        r#"[{ "when": { "done": "newsletter" } }]"#,
        r#"[{ "id": "a" }]"#,
        r#"[{ "id": "a", "when": {} }]"#,
        r#"[{ "id": "a", "when": { "dome": "newsletter" } }]"#,
        r#"[{ "id": "a", "when": { "done": "newsleter" } }]"#,
        r#"[{ "id": "a", "when": { "done": "close-lost" } }]"#,
        r#"[{ "id": "a", "when": { "done": "purchase" } }]"#,
        r#"[{ "id": "a", "when": { "group": "purchases" } }]"#,
        r#"[{ "id": "a", "when": { "stage": "client" } }]"#,
        r#"[{ "id": "a", "when": { "done": "newsletter", "stage": "lost" } }]"#,
        r#"[{ "id": "a", "when": { "stage": "lost", "within": "30d" } }]"#,
        r#"[{ "id": "a", "when": { "done": "newsletter", "at_least": 0, "within": "30 days" } }]"#,
        r#"[{ "id": "a", "when": { "done": "newsletter", "exactly": 1, "at_most": 2 } }]"#,
        r#"[{ "id": "a", "when": { "done": "newsletter", "at_least": 3, "at_most": 2 } }]"#,
        r#"[{ "id": "a", "when": { "done": "newsletter", "within": "11y" } }]"#,
        r#"[{ "id": "a", "when": { "all": [] } }]"#,
        r#"[{ "id": "a", "when": { "any": [{ "stage": "lost" }, { "stage": "lost" }] } }]"#,
        r#"[{ "id": "a", "when": { "not": { "not": { "not": { "not": { "not": { "stage": "lost" } } } } } } }]"#,
        r#"[{ "id": "newsletter", "when": { "done": "newsletter" } }]"#,
        r#"[{ "id": "a", "when": { "stage": "lost" } }, { "id": "a", "when": { "stage": "lost" } }]"#,
    ];
    insta::assert_snapshot!(each("segments", &list), @r#"
    segments[0].id: is missing; write an id such as "regulars"
    segments[0].when: is missing; write who belongs to it, such as { "done": "product-purchase", "within": "90d" }
    segments[0].when: has no condition; write one of done, group, stage, not, all, any
    segments[0].when.dome: is not a field of a condition; did you mean 'done'?
    segments[0].when.done: 'newsleter' is not a goal or outcome of this plan; did you mean 'newsletter'?
    segments[0].when.done: 'close-lost' is not a goal or outcome of this plan; did you mean 'close-won'?
    segments[0].when.done: 'purchase' is not a goal or outcome of this plan; for any outcome of that group write { "group": "purchase" }
    segments[0].when.group: 'purchases' is not a group of this plan; did you mean 'purchase'?
    segments[0].when.stage: 'client' is not a stage; one of visitor, marketing_lead, sales_lead, opportunity, customer, lost, cancelled
    segments[0].when: is not one condition; write one of done, group, stage, not, all, any
    segments[0].when.within: is not a field of a condition; its fields are stage
    segments[0].when.at_least: 0 is not a whole number from 1 to 1000
    segments[0].when.within: '30 days' is not a length of time; write seconds, minutes, hours or days, such as "90s", "30m", "1h" or "7d"
    segments[0].when.exactly: says it all; remove 'at_least' and 'at_most'
    segments[0].when.at_most: is 2, which is fewer than 'at_least', 3: nobody can be meant
    segments[0].when.within: '11y' is not a length of time; write seconds, minutes, hours or days, such as "90s", "30m", "1h" or "7d"
    segments[0].when.all: is empty; write conditions
    segments[0].when.any[1]: repeats an earlier condition of this list; remove it
    segments[0].when.not.not.not.not.not: 'not', 'all' and 'any' nest at most 4 deep; flatten them
    segments[0].id: 'newsletter' is the id of a goal or outcome too, and content could not tell them apart; give it its own
    segments[1].id: 'a' is the id of an earlier segment; give each its own
    "#);
}

#[test]
fn a_segment_is_bounded() {
    let one = |n: usize| format!(r#"{{ "done": "newsletter", "exactly": {n} }}"#);
    let of = |from: usize| (from..from + 16).map(one).collect::<Vec<_>>().join(",");
    let two = format!(
        r#"{{ "any": [{{ "any": [{}] }}, {{ "any": [{}] }}] }}"#,
        of(0),
        of(16)
    );
    insta::assert_snapshot!(problems(&format!(r#""segments": [{{ "id": "a", "when": {two} }}]"#)), @"segments[0].when: has at most 32 conditions, this has 35; split the segment");
    let many: Vec<String> = (0..=limits::SEGMENTS)
        .map(|n| format!(r#"{{ "id": "s{n}", "when": {{ "stage": "lost" }} }}"#))
        .collect();
    insta::assert_snapshot!(problems(&format!(r#""segments": [{}]"#, many.join(","))), @"segments: has at most 32 segments, this has 33");
}
