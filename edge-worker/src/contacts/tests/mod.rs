//! Contacts over a real database, filled through the sink.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

mod lists;
mod stages;

use super::{
    document::{self, Facts},
    list::{Ranked, best, details, ranking},
    names::{WALK, merged},
    person::{Named, Person},
    search::{FOUND, Wanted},
    stage::{OUTCOMES, Reached, at, ids},
    timeline,
};
use crate::testing::*;
use goalpost_core::{Id, contact::Stage};
use serde_json::{Value, json};

/// SHA-256 of `anna@shop.example`.
fn anna() -> String {
    let identity = goalpost_core::contact::Identity::email("anna@shop.example").unwrap();
    identity.text().to_owned()
}

impl Shop {
    fn person(&self, text: &str) -> Person {
        let named = Named::read(text).unwrap();
        let (sql, value) = named.question();
        let contact = self
            .rows(sql, &[SITE, &value])
            .first()
            .map(|row| serde_json::from_str(row).unwrap());
        named.answered(contact)
    }

    fn page(&self, text: &str, before: &str, limit: usize) -> Option<Value> {
        let person = self.person(text);
        let key = person.key();
        let rows = self.rows(&document::question(), &[SITE, &key]);
        let facts: Facts = serde_json::from_str(&rows[0]).unwrap();
        if !facts.are_some() {
            return None;
        }
        let wanted = (limit + 1).to_string();
        let lines = self
            .rows(&timeline::question(), &[SITE, &key, before, &wanted])
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let document = facts.document(&self.known, &person, lines, limit, NOW + 4_000 * DAY);
        Some(document.map_err(|failure| failure.to_string()).unwrap())
    }

    fn contact(&self, text: &str) -> Value {
        self.page(text, "", 200).unwrap()
    }

    fn found(&self, text: &str) -> Vec<String> {
        let wanted = Wanted::read(text);
        let identities = serde_json::to_string(&wanted.identities).unwrap();
        let (first, beyond) = &wanted.customers;
        let values = [SITE, &identities, first, beyond, &wanted.order, "50"];
        names(&self.rows(FOUND, &values))
    }

    fn in_stage(&self, stage: Stage) -> Vec<String> {
        let ids = ids().map_err(|failure| failure.to_string()).unwrap();
        let reached: Vec<Reached> = self
            .rows(OUTCOMES, &[SITE, &ids])
            .iter()
            .map(|row| serde_json::from_str(row).unwrap())
            .collect();
        at(reached, stage).into_iter().collect()
    }

    fn walked(&self, walked: u32, limit: u32) -> Vec<String> {
        let (mut all, mut after) = (Vec::new(), Some(String::new()));
        while let Some(from) = after {
            let steps = self.rows(WALK, &[SITE, &from, &walked.to_string()]);
            let steps = steps.iter().map(|row| serde_json::from_str(row).unwrap());
            let names = merged(steps.collect(), walked, limit);
            all.extend(names.names);
            after = names.next;
        }
        all
    }

    fn ranked(&self, order: &str) -> Vec<String> {
        best(self.places(order, 50), 50)
    }

    fn places(&self, order: &str, most: usize) -> Vec<Ranked> {
        self.parsed(ranking(order), &[SITE, "JPY", &most.to_string()])
    }
}

fn names(rows: &[String]) -> Vec<String> {
    rows.iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect()
}

fn types(contact: &Value) -> Vec<String> {
    let lines = contact["timeline"].as_array().unwrap();
    lines
        .iter()
        .map(|line| {
            format!(
                "{} {}",
                line["type"].as_str().unwrap(),
                line["time"].as_i64().unwrap() - NOW
            )
        })
        .collect()
}

fn outcome(id: &str, time: i64, outcome: &str, customer: &str) -> Value {
    json!({ "id": id, "time": time, "outcome": outcome, "contact": { "customer": customer } })
}

#[test]
fn two_browsers_of_one_person_are_one_contact() {
    let mut shop = Shop::new();
    let (first, second) = (id(NOW, 1), id(NOW + DAY, 2));
    let (phone, laptop) = (visitor(1), visitor(2));
    shop.sees(phone, first, &[(NOW, view()), (NOW + 1, play())]);
    shop.sees(phone, first, &[(NOW + 2, identify(&anna()))]);
    shop.sees(laptop, second, &[(NOW + DAY, identify(&anna()))]);
    let buys = buys("A1", "14800");
    shop.sees(laptop, second, &[(NOW + DAY + 1, buys)]);

    let contact = shop.contact(&anna());
    assert_eq!(contact["contact"], anna());
    assert_eq!(contact["visitors"], json!([phone.text(), laptop.text()]));
    assert_eq!(contact["stage"], "customer");
    assert_eq!(
        (&contact["points"], &contact["sessions"]),
        (&json!(5), &json!(2))
    );
    assert_eq!(contact["value"][0]["claimed"]["net"]["decimal"], "14800");
    assert_eq!(contact["first_seen"], NOW);
    assert_eq!(contact["last_seen"], NOW + DAY + 1);
    assert_eq!(contact["first_touch"]["campaign"], "spring");
    assert_eq!(
        contact["last_touch"]["session"],
        first.text(),
        "the other saw no page"
    );
    assert_eq!(
        types(&contact),
        [
            format!("conversion {}", DAY + 1),
            format!("session {DAY}"),
            format!("event {DAY}"),
            "event 2".into(),
            "conversion 1".into(),
            "session 0".into(),
        ]
    );
    for other in [phone.text(), laptop.text()] {
        assert_eq!(shop.contact(&other), contact, "a visitor is its contact");
    }
}

#[test]
fn what_a_server_tells_years_later_adds_value_to_the_same_contact() {
    let mut shop = Shop::new();
    shop.sees(visitor(1), id(NOW, 1), &[(NOW, identify(&anna()))]);
    shop.told(
        NOW + 1,
        &[
            json!({ "id": "a", "time": NOW + 1, "commerce": "purchase", "order": "CAR-1",
            "revenue": "3000000", "currency": "JPY",
            "contact": { "email": "Anna@shop.example", "customer": "77" } }),
        ],
    );
    let later = NOW + 3 * 365 * DAY;
    shop.told(later, &[outcome("b", later, "warranty", "77")]);
    let contact = shop.contact(&anna());
    assert_eq!(contact["contact"], "customer:77");
    assert_eq!(contact["identities"], json!(["customer:77", anna()]));
    assert_eq!(contact["value"][0]["verified"]["net"]["minor"], 3_030_000);
    assert_eq!(contact["last_seen"], later);
    assert_eq!(shop.contact("customer:77"), contact);
    assert_eq!(shop.contact(&visitor(1).text()), contact);
}

#[test]
fn a_stage_follows_what_servers_say() {
    let mut shop = Shop::new();
    shop.sees(visitor(1), id(NOW, 1), &[(NOW, identify("customer:7"))]);
    let mut stages = vec![shop.contact("customer:7")["stage"].clone()];
    for (at, id) in [
        "marketing-lead",
        "sales-lead",
        "sales-opportunity",
        "close-won",
        "close-cancelled",
    ]
    .into_iter()
    .enumerate()
    {
        let time = NOW + i64::try_from(at).unwrap() * DAY + 1;
        shop.told(time, &[outcome(id, time, id, "7")]);
        stages.push(shop.contact("customer:7")["stage"].clone());
    }
    assert_eq!(
        stages,
        [
            "visitor",
            "marketing_lead",
            "sales_lead",
            "opportunity",
            "customer",
            "cancelled"
        ]
    );
    assert_eq!(shop.in_stage(Stage::Cancelled), ["customer:7"]);
    assert!(shop.in_stage(Stage::Customer).is_empty());
}

#[test]
fn a_refund_lowers_the_value_and_may_take_the_stage() {
    let mut shop = Shop::new();
    let order = |id: &str| {
        json!({ "id": id, "time": NOW, "commerce": "purchase", "order": id, "revenue": "10000",
                "currency": "JPY", "contact": { "customer": "7" } })
    };
    shop.told(NOW, &[order("A1"), order("A2")]);
    let back = |order: &str, rest: Value| {
        let mut event = json!({ "id": format!("back-{order}"), "time": NOW + 5,
                                "commerce": "refund", "order": order });
        event
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        event
    };
    shop.told(
        NOW + 5,
        &[back("A1", json!({ "amount": "2500", "currency": "JPY" }))],
    );
    let contact = shop.contact("customer:7");
    let value = &contact["value"][0];
    assert_eq!(value["gross"]["minor"], 20_000);
    assert_eq!(
        (&value["refunded"]["minor"], &value["net"]["minor"]),
        (&json!(2_500), &json!(17_500))
    );
    assert_eq!(contact["timeline"][0]["type"], "refund");
    assert_eq!(contact["timeline"][0]["amount"]["minor"], 2_500);

    shop.told(NOW + 5, &[back("A2", json!({ "reason": "cancellation" }))]);
    shop.told(
        NOW + 6,
        &[
            json!({ "id": "rest", "time": NOW + 6, "commerce": "refund", "order": "A1",
                  "contact": { "customer": "7" } }),
        ],
    );
    let contact = shop.contact("customer:7");
    assert_eq!(contact["value"][0]["net"]["minor"], 0);
    assert_eq!(
        (&contact["stage"], &contact["voided"]),
        (&json!("visitor"), &json!(2))
    );
    assert_eq!(
        (&contact["orders"], &contact["orders_voided"]),
        (&json!(0), &json!(2))
    );
    let voided = contact["timeline"].as_array().unwrap().iter();
    assert_eq!(voided.filter(|line| line["state"] == "voided").count(), 2);
    let refunds = contact["timeline"].as_array().unwrap().iter();
    assert_eq!(
        refunds.filter(|line| line["type"] == "refund").count(),
        3,
        "each once"
    );
    assert!(shop.in_stage(Stage::Customer).is_empty());
}

#[test]
fn a_timeline_has_pages_that_join() {
    let mut shop = Shop::new();
    for day in 0..7 {
        let time = NOW + day * DAY;
        // Everything at one time, so that only the rest of the place tells lines apart.
        let session = id(time, 50 + u64::try_from(day).unwrap());
        shop.sees(
            visitor(1),
            session,
            &[(time, play()), (time, identify("customer:7"))],
        );
    }
    let whole = shop.contact("customer:7");
    assert_eq!(whole["timeline"].as_array().unwrap().len(), 21);
    for limit in [1, 2, 5, 20, 21] {
        let (mut lines, mut before) = (Vec::new(), String::new());
        loop {
            let page = shop.page("customer:7", &before, limit).unwrap();
            lines.extend(page["timeline"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else {
                break;
            };
            before = timeline::place(next).unwrap();
        }
        assert_eq!(Value::Array(lines), whole["timeline"], "{limit}");
    }
}

#[test]
fn nobody_is_known_who_left_nothing() {
    let mut shop = Shop::new();
    assert!(shop.page("customer:7", "", 50).is_none());
    assert!(shop.page(&visitor(1).text(), "", 50).is_none());
    shop.sees(visitor(1), id(NOW, 1), &[(NOW, view())]);
    let anonymous = shop.contact(&visitor(1).text());
    assert_eq!(anonymous["contact"], Value::Null);
    assert_eq!(
        (&anonymous["stage"], &anonymous["sessions"]),
        (&json!("visitor"), &json!(1))
    );
}

#[test]
fn two_sites_never_mix() {
    let mut shop = Shop::new();
    shop.open_site("other");
    let session = id(NOW, 1);
    let seen = [
        (NOW, identify("customer:7")),
        (NOW + 1, buys("A1", "100")),
        (NOW + 2, view()),
    ];
    shop.sees_at("other", visitor(1), session, &seen);
    assert!(shop.page("customer:7", "", 50).is_none());
    assert!(shop.page(&visitor(1).text(), "", 50).is_none());
    assert!(shop.found("customer:7").is_empty() && shop.found("A1").is_empty());
    assert!(shop.walked(10, 9).is_empty() && shop.ranked("value").is_empty());
    shop.sees(
        visitor(1),
        session,
        &[(NOW, identify("customer:7")), (NOW + 3, buys("A1", "5"))],
    );
    let contact = shop.contact("customer:7");
    assert_eq!(contact["value"][0]["net"]["minor"], 5);
    assert_eq!(contact["sessions"], 1);
}

#[test]
fn nothing_about_a_person_reads_more_than_the_persons_rows() {
    let shop = Shop::new();
    let visitor = format!("visitor {}", Id::new(1, [0; 10]).text().replace('-', ""));
    for person in ["contact customer:7", &visitor] {
        for (sql, values) in [
            (document::question(), vec![SITE, person]),
            (timeline::question(), vec![SITE, person, "", "51"]),
        ] {
            assert_eq!(shop.scans(&sql, &values), Vec::<String>::new(), "{sql}");
        }
    }
    for (sql, values) in [
        (
            FOUND.to_owned(),
            vec![SITE, "[]", "customer:7", "customer:8", "A1", "50"],
        ),
        (WALK.to_owned(), vec![SITE, "", "50"]),
        (details(), vec![SITE, "[]"]),
        (OUTCOMES.to_owned(), vec![SITE, "[]"]),
    ] {
        assert_eq!(shop.scans(&sql, &values), Vec::<String>::new(), "{sql}");
    }
}
