//! Contacts as a list: found, walked through, and ranked.

use super::*;
use crate::contacts::list::{Row, sort};

#[test]
fn a_search_takes_what_is_at_hand() {
    let mut shop = Shop::new();
    shop.sees(
        visitor(1),
        id(NOW, 1),
        &[(NOW, identify(&anna())), (NOW + 1, buys("A-100", "5"))],
    );
    shop.told(
        NOW,
        &[json!({ "id": "1", "time": NOW, "identify": true,
                  "contact": { "customer": "700", "phone": "+81 3 1234 5678" } })],
    );
    for customer in ["701", "71"] {
        shop.told(NOW, &[outcome(customer, NOW, "marketing-lead", customer)]);
    }
    assert_eq!(shop.found(" ANNA@shop.example"), [anna()]);
    assert_eq!(shop.found(&anna()), [anna()]);
    assert_eq!(shop.found("A-100"), [anna()]);
    assert_eq!(shop.found("+81 (3) 1234-5678"), ["customer:700"]);
    assert_eq!(shop.found("70"), ["customer:700", "customer:701"]);
    assert_eq!(
        shop.found("customer:7"),
        ["customer:700", "customer:701", "customer:71"]
    );
    assert!(shop.found("8").is_empty() && shop.found("ben@shop.example").is_empty());
}

#[test]
fn a_walk_meets_every_contact_once() {
    let mut shop = Shop::new();
    let mut expected = Vec::new();
    for n in 0..23 {
        let customer = format!("{n:02}");
        let time = NOW + n;
        shop.told(
            time,
            &[outcome(&customer, time, "marketing-lead", &customer)],
        );
        shop.told(
            time,
            &[outcome(
                &format!("{n} again"),
                time,
                "sales-lead",
                &customer,
            )],
        );
        if n % 3 == 0 {
            let email = format!("{n}@shop.example");
            let linked = json!({ "customer": customer, "email": email });
            shop.told(
                time,
                &[json!({ "id": email, "time": time, "identify": true, "contact": linked })],
            );
            // Known by the other name too, which is no contact of its own.
            let alone = json!({ "email": email });
            shop.told(
                time,
                &[json!({ "id": format!("{n} alone"), "time": time, "identify": true, "contact": alone })],
            );
        }
        expected.push(format!("customer:{customer}"));
    }
    for steps in [1, 2, 5, 23, 31, 100] {
        for limit in [1, 4, 100] {
            assert_eq!(shop.walked(steps, limit), expected, "{steps} {limit}");
        }
    }
    assert_eq!(shop.in_stage(Stage::of([("sales-lead", 0)])), expected);
}

#[test]
fn a_ranking_begins_with_whoever_brought_most() {
    let mut shop = Shop::new();
    shop.told(
        NOW,
        &[
            json!({ "id": "1", "time": NOW, "commerce": "purchase", "order": "S1", "revenue": "900",
                  "currency": "JPY", "contact": { "customer": "verified" } }),
        ],
    );
    let session = |n| id(NOW + n, 10);
    shop.sees(
        visitor(1),
        session(1),
        &[
            (NOW + 1, identify("customer:claims")),
            (NOW + 2, buys("P1", "5000")),
        ],
    );
    shop.sees(
        visitor(2),
        session(3),
        &[(NOW + 3, identify("customer:plays")), (NOW + 4, play())],
    );
    assert_eq!(
        shop.ranked("value"),
        ["customer:verified", "customer:claims"]
    );
    assert_eq!(shop.ranked("points")[0], "customer:plays");
    assert_eq!(
        shop.ranked("last"),
        ["customer:plays", "customer:claims", "customer:verified"]
    );
    let all = shop.walked(10, 9);
    let rows = shop.rows(&details(), &[SITE, &serde_json::to_string(&all).unwrap()]);
    let mut rows: Vec<Row> = rows
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    sort(&mut rows, &shop.known.plan, "value");
    let shown: Vec<Value> = rows.into_iter().map(Row::shown).collect();
    assert_eq!(shown[0]["contact"], "customer:verified");
    assert_eq!(shown[1]["value"][0]["claimed"]["net"]["minor"], 5_000);
    assert_eq!(
        (&shown[2]["points"], &shown[2]["sessions"]),
        (&json!(5), &json!(1))
    );
}

#[test]
fn of_several_databases_the_best_come_first_wherever_they_are() {
    let mut several = [Shop::new(), Shop::new(), Shop::new()];
    for n in 0..9_u64 {
        let time = NOW + i64::try_from(n).unwrap();
        let seen = [
            (time, identify(&format!("customer:{n}"))),
            (time + 1, buys(&format!("A{n}"), &(n * 100 + 1).to_string())),
        ];
        several[usize::try_from(n / 3).unwrap()].sees(visitor(n), id(time, n), &seen);
    }
    // Somebody who is in two of them.
    several[0].told(NOW + 90, &[outcome("8", NOW + 90, "marketing-lead", "8")]);
    for order in ["value", "last"] {
        let places = several
            .iter()
            .flat_map(|shop| shop.places(order, 2))
            .collect();
        assert_eq!(best(places, 2), ["customer:8", "customer:7"], "{order}");
    }
}
