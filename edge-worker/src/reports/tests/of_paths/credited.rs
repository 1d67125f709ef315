//! What each model gives, and how long it took: stories told by hand.

use super::*;

#[test]
fn each_model_gives_the_whole_value_to_the_touches_before() {
    let shop = three_touches();
    let of = |model: &str| {
        let body = shop.told(Which::Attribution, &format!("model={model}"));
        assert_eq!(shown(&body["totals"]["net"]), "10000");
        assert_eq!(shown(&body["totals"]["conversions"]), "1.000000");
        lines(&body, &["conversions", "net"])
    };
    assert_eq!(of("first"), ["Paid Search | 1.000000 | 10000"]);
    assert_eq!(of("last"), ["Direct | 1.000000 | 10000"]);
    assert_eq!(of("last_non_direct"), ["Email | 1.000000 | 10000"]);
    assert_eq!(
        of("linear"),
        [
            "Paid Search | 0.333334 | 3334",
            "Direct | 0.333333 | 3333",
            "Email | 0.333333 | 3333"
        ]
    );
    assert_eq!(
        of("position"),
        [
            "Direct | 0.400000 | 4000",
            "Paid Search | 0.400000 | 4000",
            "Email | 0.200000 | 2000"
        ]
    );
    assert_eq!(
        of("time_decay"),
        [
            "Direct | 0.571429 | 5714",
            "Email | 0.285714 | 2857",
            "Paid Search | 0.142857 | 1429"
        ]
    );
    // Every path that there is goes through each of the three.
    assert_eq!(
        of("data_driven"),
        [
            "Direct | 0.333334 | 3334",
            "Email | 0.333333 | 3333",
            "Paid Search | 0.333333 | 3333"
        ]
    );
    let all = shop.told(Which::Attribution, "model=all");
    assert_eq!(
        lines(
            &all,
            &["first_net", "last_net", "linear_net", "data_driven_net"]
        ),
        [
            "Paid Search | 10000 |  | 3334 | 3333",
            "Direct |  | 10000 | 3333 | 3334",
            "Email |  |  | 3333 | 3333",
        ]
    );
}

#[test]
fn a_touch_that_is_too_old_gets_nothing() {
    let shop = three_touches();
    let week = shop.told(Which::Attribution, "model=linear&lookback=7d");
    assert_eq!(lines(&week, &["net"]), ["Direct | 5000", "Email | 5000"]);
    assert_eq!(week["filters"]["lookback"], "7d");
}

#[test]
fn money_without_a_touch_is_a_row_of_its_own() {
    let shop = three_touches();
    shop.convert(&Copy {
        id: 90,
        definition: "product-purchase",
        order: Some(9),
        visitor: None,
        session: 0,
        hour: 300,
        minor: Some(500),
        currency: "USD",
        verified: false,
    });
    let body = shop.told(Which::Attribution, "model=last");
    assert_eq!(
        lines(&body, &["conversions", "net", "claimed_net"]),
        [
            "Direct | 1.000000 | 10000 | ",
            "(unattributed) | 1.000000 |  | 5.00"
        ]
    );
}

#[test]
fn a_contact_takes_the_touches_of_all_devices_along() {
    let shop = three_touches();
    shop.walk((2, 4), 30, "Email", &["/"]);
    shop.buy(2, (2, 4), 31, 400);
    let first = |shop: &Shop| lines(&shop.told(Which::Attribution, "model=first"), &["net"]);
    assert_eq!(first(&shop), ["Email | 400", "Paid Search | 10000"]);
    shop.keep(9);
    shop.identify(1, 1);
    shop.identify(2, 1);
    assert_eq!(first(&shop), ["Paid Search | 10400"]);
}

#[test]
fn a_refund_takes_back_what_was_given() {
    let shop = three_touches();
    let before = shop.told(Which::Attribution, "model=all");
    shop.walk((2, 5), 40, "Email", &["/"]);
    shop.walk((2, 6), 80, "Paid Search", &["/"]);
    shop.buy(2, (2, 6), 81, 999);
    shop.keep(9);
    let linear = |shop: &Shop| {
        lines(
            &shop.told(Which::Attribution, "model=linear"),
            &["conversions", "net"],
        )
    };
    assert_eq!(
        linear(&shop)[..2],
        ["Paid Search | 0.833334 | 3833", "Email | 0.833333 | 3833"].map(String::from)
    );
    shop.refund(1, 2, Some(99), 90);
    assert_eq!(
        shown(&shop.told(Which::Attribution, "model=position")["totals"]["net"]),
        "10900"
    );
    shop.refund(2, 2, None, 91);
    let after = shop.told(Which::Attribution, "model=all");
    for model in Model::ALL {
        for what in ["conversions", "net"] {
            let id = format!("{}_{what}", model.name());
            let of = |body: &Value| {
                let rows = body["rows"].as_array().unwrap().iter();
                rows.map(|row| (row["channel"]["id"].to_string(), shown(&row[&id])))
                    .collect::<std::collections::BTreeMap<_, _>>()
            };
            for (channel, value) in of(&before) {
                let left = of(&after).remove(&channel).unwrap();
                let left = if left == "0" { String::new() } else { left };
                assert_eq!(left, value, "{id} {channel}");
            }
        }
    }
}

#[test]
fn what_was_spent_stands_beside_what_it_brought() {
    let shop = three_touches();
    shop.cost(1, "Email", 4_000, "JPY");
    shop.cost(1, "Display", 100, "JPY");
    let body = shop.told(Which::Attribution, "");
    assert_eq!(
        lines(&body, &["net", "cost", "return_on_spend"]),
        ["Email | 10000 | 4000 | 2.5000", "Display |  | 100 | 0.0000"]
    );
    assert_eq!(shown(&body["totals"]["return_on_spend"]), "2.4390");
}

#[test]
fn steps_of_those_who_did_not_buy_weigh_too() {
    let shop = three_touches();
    // Of four who come by Paid Search and go no further, nothing comes.
    for visitor in 10..14 {
        shop.walk((visitor, visitor + 20), 50, "Paid Search", &["/"]);
    }
    // And one who comes by Email alone buys.
    shop.walk((20, 60), 50, "Email", &["/"]);
    shop.buy(2, (20, 60), 51, 5_000);
    // Without Paid Search or Direct one of two is lost, without Email both.
    let body = shop.told(Which::Attribution, "model=data_driven");
    assert_eq!(
        lines(&body, &["net"]),
        ["Email | 7500", "Direct | 3750", "Paid Search | 3750"]
    );
}

#[test]
fn time_and_visits_until_an_outcome_count_from_the_first_touch() {
    let shop = three_touches();
    shop.walk((2, 4), 30, "Email", &["/"]);
    shop.buy(2, (2, 4), 31, 400);
    for (order, hour) in [(3, 60), (4, 61)] {
        shop.walk((order, order + 10), 60, "Email", &["/"]);
        shop.buy(order, (order, order + 10), hour, 400);
    }
    for kept in [false, true] {
        if kept {
            shop.keep(99);
        }
        let body = shop.told(Which::Velocity, "definition=product-purchase");
        let all = [
            "outcomes",
            "untouched",
            "median_time",
            "mean_time",
            "median_visits",
            "mean_visits",
        ];
        // 0 s, 1 h, 1 h and 14 days; in 1, 1, 1 and 3 visits. Times keep three digits.
        assert_eq!(
            lines(&body, &all),
            ["Product purchase | 4 | 0 | 3600.000 | 304200.000 | 1.00 | 1.50"]
        );
        let days = shop.told(Which::Velocity, "definition=product-purchase&by=days");
        let some: Vec<String> = lines(&days, &["outcomes"])
            .into_iter()
            .filter(|own| !own.ends_with(" 0"))
            .collect();
        assert_eq!(
            some,
            ["Product purchase | 0 | 3", "Product purchase | 8-14 | 1"]
        );
        let visits = shop.told(Which::Velocity, "definition=product-purchase&by=visits");
        assert_eq!(
            lines(&visits, &["outcomes"])[..3],
            [
                "Product purchase | 1 | 3",
                "Product purchase | 2 | 0",
                "Product purchase | 3 | 1"
            ]
            .map(String::from)
        );
    }
}

#[test]
fn what_arrives_while_a_day_is_kept_is_not_missed() {
    let shop = three_touches();
    shop.keep(99);
    let part = credit::kept::part(SITE, 30);
    let claim = now(part.claim(&shop, "2026-11-15".into(), "one".into())).unwrap();
    // Rows have been read by now.
    shop.buy(2, (1, 3), 14 * 24, 5);
    let net = |shop: &Shop| shown(&shop.told(Which::Attribution, "")["totals"]["net"]);
    now(claim.fill(&shop, Vec::new())).unwrap();
    assert_eq!(net(&shop), "10005");
    // A claim that was taken over writes nothing.
    let first = now(part.claim(&shop, "2026-11-15".into(), "one".into())).unwrap();
    let second = now(part.claim(&shop, "2026-11-15".into(), "two".into())).unwrap();
    now(first.fill(&shop, Vec::new())).unwrap();
    assert_eq!(net(&shop), "10005");
    drop(second);
    assert_eq!(shop.keep(99), 1, "what nobody finished is due");
    assert_eq!(net(&shop), "10005");
    assert_eq!(shop.keep(99), 0);
}
