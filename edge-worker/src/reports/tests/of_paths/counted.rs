//! Funnels and what-ifs: stories told by hand.

use super::*;

#[test]
fn a_funnel_counts_sessions_or_people_by_how_far_they_came() {
    let shop = four_walks();
    let columns = [
        "reached",
        "rate_from_first",
        "rate_from_before",
        "median_time",
    ];
    for kept in [false, true] {
        if kept {
            shop.keep(99);
        }
        let steps = |query: &str| {
            let body = shop.told(Which::Funnels, query);
            (
                lines(&body, &columns),
                shown(&body["totals"]["rate_from_first"]),
            )
        };
        let (sessions, through) = steps("funnel=way");
        assert_eq!(
            sessions,
            [
                "/shoes/:id | 2 | 1.0000 | null | null",
                "definition cart | 2 | 1.0000 | 1.0000 | 90.000",
                "/thanks | 1 | 0.5000 | 0.5000 | 60.000",
            ]
        );
        assert_eq!(through, "0.5000");
        // The second began on the phone and came through on the desk.
        let (people, _) = steps("funnel=people");
        assert_eq!(
            people[2],
            "/thanks | 2 | 1.0000 | 1.0000 | 45030.000".to_string()
        );
        assert_eq!(steps("funnel=way&unit=contact").0, people);
        let (strict, _) = steps("funnel=way&order=strict");
        assert_eq!(strict[1], "definition cart | 1 | 0.5000 | 0.5000 | 60.000");
        let (any, _) = steps("funnel=way&order=any");
        assert_eq!(any[0], "any 1 | 3 | 1.0000 | null | null");
        let (apart, _) = steps("funnel=way&by=channel");
        assert_eq!(apart[0], "/shoes/:id | Direct | 1 | 1.0000 | null | null");
        assert_eq!(apart[5], "/thanks | Email | 1 | 1.0000 | 1.0000 | 60.000");
    }
    let body = shop.told(Which::Funnels, "");
    assert_eq!(
        lines(
            &body,
            &["began", "completed", "completion_rate", "excluded"]
        ),
        ["way | 2 | 1 | 0.5000 | 1", "people | 2 | 2 | 1.0000 | 1"]
    );
}

#[test]
fn what_a_server_tells_of_a_person_is_a_step_of_their_way() {
    let won = |unit| Funnel {
        exclude: vec![Step::Definition("order-returned".into())],
        ..funnel(
            if unit == Unit::Contact {
                "people"
            } else {
                "way"
            },
            Order::Strict,
            unit,
            vec![page("/shoes/:id"), Step::Definition("close-won".into())],
        )
    };
    let mut others = won(Unit::Contact);
    others.id = "others".into();
    others.name = "others".into();
    others.steps = vec![page("/shoes/:id"), page("/thanks")];
    others.exclude = vec![Step::Definition("sales-lead".into())];
    let shop = Shop::new().with_funnels(vec![won(Unit::Contact), won(Unit::Session), others]);
    let told = |id, definition, visitor, hour| {
        shop.convert(&Copy {
            id,
            definition,
            order: None,
            visitor: Some(visitor),
            session: 99,
            hour,
            minor: None,
            currency: "JPY",
            verified: true,
        });
    };
    // The first is seen on two devices and known; the second goes on to another page.
    shop.walk((1, 1), 0, "Email", &["/shoes/1"]);
    shop.walk((2, 2), 5, "Direct", &["/shoes/1"]);
    shop.identify(1, 1);
    shop.identify(2, 1);
    told(1, "close-won", 2, 30);
    shop.walk((3, 3), 0, "Email", &["/shoes/1", "/thanks"]);
    told(2, "close-won", 3, 30);
    // What is told to have been before is not after.
    shop.walk((4, 4), 40, "Email", &["/shoes/1"]);
    told(3, "close-won", 4, 30);
    // The fifth sends it back.
    shop.walk((5, 5), 0, "Email", &["/shoes/1"]);
    told(4, "order-returned", 5, 30);
    let ask = |query| lines(&shop.told(Which::Funnels, query), &["reached"]);
    let people = ["/shoes/:id | 3", "definition close-won | 1"];
    assert_eq!(ask("funnel=people"), people);
    assert_eq!(
        ask("funnel=way"),
        ["/shoes/:id | 5", "definition close-won | 0"]
    );
    assert_eq!(ask("funnel=way&unit=contact"), people);
    let all = shop.told(Which::Funnels, "");
    assert_eq!(
        lines(&all, &["began", "completed", "excluded"]),
        [
            "people | 3 | 1 | 1",
            "way | 5 | 0 | 0",
            "others | 4 | 1 | 0"
        ]
    );
}

#[test]
fn a_busy_day_that_is_kept_does_not_count_against_those_that_have_changed() {
    let shop = four_walks();
    shop.walk((1, 9), 50, "Direct", &["/shoes/1"]);
    let ask = || shop.made(Which::Funnels, "funnel=way&from=2026-11-01&to=2026-11-03");
    let told = |made: Made| answer::json(&made.face, &shop.known, &made.table);
    let before = told(ask().unwrap());
    shop.keep(99);
    // As if these had been there when it was kept: nothing marks the day.
    shop.sqlite
        .execute_batch(
            "DROP TRIGGER session_begins;
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100001)
             INSERT INTO sessions (
               site, visitor, session, day, started_at, ended_at, pages, interactions, matches,
               entry, trail)
             SELECT 'cloud-kicks', x'', unhex(printf('019%029x', n)), '2026-11-02', 1, 1, 0, 0, 0,
               '00000000001{}', ''
             FROM n;",
        )
        .unwrap();
    shop.walk((1, 1), 0, "Email", &["/shoes/1", "cart", "/thanks"]);
    shop.walk((1, 9), 50, "Direct", &["/shoes/1"]);
    assert_eq!(told(ask().unwrap()), before);
    shop.run(
        "INSERT INTO stale_days VALUES ('cloud-kicks', 'funnels', '2026-11-02')",
        &[],
    );
    insta::assert_snapshot!(
        ask().err().unwrap_or_default(),
        @"from: there are 100006 sessions of days that have changed, and this report reads each of them; at most 100000 can be read at once, so ask for fewer days"
    );
}

#[test]
fn another_plan_makes_kept_days_due_again() {
    let mut shop = four_walks();
    shop.buy(1, (1, 1), 1, 100);
    assert!(shop.keep(99) > 0);
    assert_eq!(shop.keep(99), 0);
    let mut reporting = (*shop.known.reporting).clone();
    reporting.funnels[0].order = Order::Strict;
    shop.known.reporting = Arc::new(reporting);
    let body = shop.told(Which::Funnels, "funnel=way");
    assert_eq!(lines(&body, &["reached"])[1], "definition cart | 1");
    let funnel_days = shop.keep(99);
    assert_eq!(funnel_days, 2);
    let mut reporting = (*shop.known.reporting).clone();
    reporting.lookback_days = 14;
    shop.known.reporting = Arc::new(reporting);
    assert_eq!(shop.keep(99), 1);
    assert_eq!(
        shop.told(Which::Attribution, "")["filters"]["lookback"],
        "14d"
    );
}

#[test]
fn each_product_has_its_own_figures_of_the_same_visits() {
    let shop = Shop::new();
    // Two page views 30 minutes apart: one session for Plausible, two for the others.
    shop.walk((1, 1), 0, "Email", &["/"]);
    shop.walk((1, 2), 1, "Email", &["/"]);
    shop.sqlite
        .execute_batch(
            "UPDATE sessions SET trail = replace(trail, '1793494800000', '1793493000000')",
        )
        .unwrap();
    shop.walk((2, 3), 3, "Direct", &["/", "play", "play"]);
    let body = shop.told(Which::WhatIf, "");
    assert_eq!(
        lines(
            &body,
            &[
                "visitors",
                "sessions",
                "bounces",
                "bounce_rate",
                "conversions:play"
            ]
        ),
        [
            "goalpost | 2 | 3 | 2 | 0.6667 | 2",
            "ga4 | 2 | 3 | 2 | 0.6667 | 2",
            "ua | 2 | 3 | 2 | 0.6667 | 1",
            "matomo | 2 | 3 | 2 | 0.6667 | 1",
            "plausible | 2 | 2 | 0 | 0.0000 | 1",
        ]
    );
    let longer = shop.told(Which::WhatIf, "preset=ga4&timeout=60");
    assert_eq!(lines(&longer, &["timeout", "sessions"]), ["ga4 | 60 | 2"]);
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_choices() {
    let shop = four_walks();
    let refused = |which, query: &str| shop.made(which, query).err().unwrap_or_default();
    insta::assert_snapshot!(
        [
            refused(Which::Attribution, "model=best"),
            refused(Which::Attribution, "lookback=8d"),
            refused(Which::Attribution, "definition=product-purchase,play"),
            refused(Which::Attribution, "funnel=way"),
            refused(Which::Funnels, "funnel=nowhere"),
            refused(Which::Velocity, "by=weeks"),
            refused(Which::Velocity, "limit=3"),
            refused(Which::WhatIf, "preset=umami"),
            refused(Which::WhatIf, "limit=3"),
        ]
        .join("\n"),
        @r"
    model: 'best' is none of: last_non_direct, first, last, linear, position, time_decay, data_driven, all
    lookback: '8d' is none of: 7d, 30d, 60d, 90d
    definition: 'play' is none of: contact-acquired, product-purchase, marketing-lead, sales-lead, sales-opportunity, close-won, close-lost, close-cancelled, order-confirmed, order-shipped, order-delivered, support-contact, service-used, review-written, survey-answered, add-on-purchase, repeat-purchase, shop-recommended, order-returned, order-exchanged, item-resold
    funnel: is no parameter of this report; it takes from, to, compare, model, lookback, definition, by, format, limit
    funnel: 'nowhere' is none of: way, people
    by: 'weeks' is none of: none, days, visits
    limit: is no parameter of this report; it takes from, to, compare, lookback, definition, by, format
    preset: 'umami' is none of: all, goalpost, ga4, ua, matomo, plausible
    limit: is no parameter of this report; it takes from, to, compare, preset, timeout, format
    "
    );
}
