//! What holds whatever happens in whatever order.

use super::*;
use proptest::prelude::*;

const CHANNELS: [&str; 3] = ["Direct", "Email", "Paid Search"];

#[derive(Clone, Debug)]
enum Act {
    Walk((u8, u8), u16, &'static str, Vec<&'static str>),
    Buy(u8, Option<(u8, u8)>, u16, i64, bool),
    Refund(u8, u8, Option<i64>),
    Identify(u8, u8),
    Keep(u32),
    RollUp(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let seen = prop::sample::select(vec!["/shoes/1", "cart", "/thanks", "/", "leave"]);
    let hour = 0u16..200;
    prop_oneof![
        8 => (0u8..4, 0u8..12, hour.clone(), 0usize..3, prop::collection::vec(seen, 1..5)).prop_map(
            |(visitor, session, hour, channel, seen)| {
                let session = session / 4 * 4 + visitor;
                Act::Walk((visitor, session), hour, CHANNELS[channel], seen)
            }),
        6 => (0u8..30, prop::option::of((0u8..4, 0u8..3)), hour, 1i64..2_000, any::<bool>()).prop_map(
            |(order, who, hour, minor, verified)| {
                let who = who.map(|(visitor, session)| (visitor, session * 4 + visitor));
                Act::Buy(order, who, hour, minor, verified)
            }),
        2 => (0u8..9, 0u8..30, prop::option::of(1i64..900))
            .prop_map(|(id, order, minor)| Act::Refund(id, order, minor)),
        2 => (0u8..4, 0u8..2).prop_map(|(visitor, contact)| Act::Identify(visitor, contact)),
        2 => (1u32..5).prop_map(Act::Keep),
        1 => (1usize..5).prop_map(Act::RollUp),
    ]
}

fn after(acts: &[Act]) -> Shop {
    let shop = Shop::new().with_funnels(vec![
        funnel("way", Order::Loose, Unit::Session, way()),
        funnel("strict", Order::Strict, Unit::Session, way()),
    ]);
    for act in acts {
        match act {
            Act::Walk(who, hour, channel, seen) => shop.walk(*who, *hour, channel, seen),
            Act::Buy(order, who, hour, minor, verified) => shop.convert(&Copy {
                id: 100 + order,
                definition: "product-purchase",
                order: Some(*order),
                visitor: who.map(|(visitor, _)| visitor),
                session: who.map_or(0, |(_, session)| session),
                hour: *hour,
                minor: Some(*minor),
                currency: if order % 5 == 0 { "USD" } else { "JPY" },
                verified: *verified,
            }),
            Act::Refund(id, order, minor) => shop.refund(*id, *order, *minor, 150),
            Act::Identify(visitor, contact) => shop.identify(*visitor, *contact),
            Act::Keep(days) => {
                shop.keep(*days);
            }
            Act::RollUp(days) => shop.roll_up(*days),
        }
    }
    shop
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_is_computed_anew(acts in prop::collection::vec(act(), 1..50)) {
        let shop = after(&acts);
        let ask = || -> Vec<String> {
            [
                (Which::Attribution, "model=all"),
                (Which::Attribution, "model=all&by=campaign&compare=previous"),
                (Which::Attribution, "model=linear&lookback=7d&by=source"),
                (Which::Velocity, ""),
                (Which::Velocity, "by=days"),
                (Which::Funnels, ""),
                (Which::Funnels, "funnel=way&by=channel"),
                (Which::Funnels, "funnel=strict&unit=contact"),
            ]
            .map(|(which, query)| shop.told(which, query).to_string())
            .into()
        };
        let kept = ask();
        shop.forget_what_is_kept();
        prop_assert_eq!(kept, ask());
    }

    #[test]
    fn credits_sum_to_the_net_value_whatever_the_model(acts in prop::collection::vec(act(), 1..50)) {
        let shop = after(&acts);
        let net = |money: &str, currency: &str| -> i64 {
            shop.sqlite.query_row(
                "SELECT coalesce(sum(minor - refunded), 0) FROM conversions
                 WHERE money = ?1 AND currency = ?2", [money, currency], |row| row.get(0)).unwrap()
        };
        let count: i64 = shop.sqlite.query_row(
            "SELECT count(*) FROM conversions WHERE voided = 0", [], |row| row.get(0)).unwrap();
        for by in ["channel", "campaign", "source"] {
            let body = shop.told(Which::Attribution, &format!("model=all&by={by}"));
            for model in Model::ALL.map(Model::name).into_iter().chain(["data_driven"]) {
                let parts = |row: &Value| row[format!("{model}_conversions")]["value"]["numerator"].as_i64().unwrap();
                let rows = body["rows"].as_array().unwrap();
                prop_assert_eq!(rows.iter().map(parts).sum::<i64>(), count * 1_000_000);
                prop_assert_eq!(parts(&body["totals"]), count * 1_000_000);
                for (column, money) in [("net", "verified"), ("claimed_net", "claimed")] {
                    for currency in ["JPY", "USD"] {
                        let minor = |row: &Value| -> i64 {
                            let list = row[format!("{model}_{column}")]["value"].as_array().unwrap();
                            list.iter().filter(|own| own["currency"] == currency)
                                .map(|own| own["minor"].as_i64().unwrap()).sum()
                        };
                        prop_assert_eq!(rows.iter().map(minor).sum::<i64>(), net(money, currency));
                        prop_assert_eq!(minor(&body["totals"]), net(money, currency));
                    }
                }
            }
        }
    }
}

/// So many visitors on each of some days, each of whom walks twice and every other of whom buys.
fn crowd(shop: &Shop, days: u32, visitors: u32) {
    let first = time(0);
    for day in 0..days {
        let at = first + i64::from(day) * 86_400_000;
        let name = crate::reports::period::date("2026-11-01").unwrap();
        let name = goalpost_core::Date(name.0 + i32::try_from(day).unwrap()).text();
        shop.sqlite
            .execute_batch(&format!(
                r#"
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2 * {visitors} - 1)
INSERT INTO sessions (
  site, visitor, session, day, started_at, ended_at, pages, interactions, matches, entry, trail)
SELECT 'cloud-kicks', unhex(printf('%032x', {day} * 1000000 + n / 2)),
  unhex(printf('019%013x7%015x', {day}, n)), '{name}', {at} + n, {at} + n + 9, 2, 1, 1,
  '00000000001' || json_object('channel', iif(n % 2, 'Email', 'Paid Search'), 'source', 's' || n % 7,
    'campaign', 'c' || n % 5, 'device', 'mobile', 'country', 'JP', 'path', '/'),
  '[1,' || ({at} + n) || ',"page","/shoes/1",[],""],[2,' || ({at} + n + 1)
    || ',"event","cart",["cart"],""],[3,' || ({at} + n + 2) || ',"page","/thanks",[],""]'
FROM n;
INSERT INTO conversions (
  site, definition, scope, who, dedup, kind, time, day, points, observation, source, plan, batch,
  minor, currency, money, money_rank, money_from, visitor, browser_rank, browser_from)
SELECT site, 'product-purchase', 'order', '', hex(session), 'outcome', started_at, day, 0, session,
  'page', '', x'00', 100 + started_at % 10, 'JPY', 'claimed', 0, x'', visitor, 0, x''
FROM sessions WHERE day = '{name}' AND started_at % 4 = 1;"#
            ))
            .unwrap();
    }
}

#[test]
fn a_large_day_is_read_in_pages() {
    let shop = Shop::new().with_funnels(vec![funnel("way", Order::Loose, Unit::Session, way())]);
    crowd(&shop, 1, 1_300);
    shop.walk((1, 1), 30, "Direct", &["/shoes/1"]);
    shop.walk((1, 2), 50, "Direct", &["/shoes/1"]);
    for kept in [false, true] {
        if kept {
            assert!(shop.keep(9) > 2);
        }
        let linear = shop.told(Which::Attribution, "model=linear");
        assert_eq!(
            lines(&linear, &["conversions"]),
            ["Email | 325.000000", "Paid Search | 325.000000"]
        );
        let sum = shop
            .sqlite
            .query_row("SELECT sum(minor) FROM conversions", [], |row| {
                row.get::<_, i64>(0)
            })
            .unwrap();
        assert_eq!(shown(&linear["totals"]["claimed_net"]), sum.to_string());
        let steps = lines(&shop.told(Which::Funnels, "funnel=way"), &["reached"]);
        assert_eq!(
            steps[..2],
            ["/shoes/:id | 2602", "definition cart | 2600"].map(String::from)
        );
        let people = shop.told(Which::Funnels, "funnel=way&unit=contact");
        assert_eq!(lines(&people, &["reached"])[0], "/shoes/:id | 1300");
        let counted = shop.told(Which::WhatIf, "preset=ga4");
        assert_eq!(
            lines(&counted, &["visitors", "sessions"]),
            ["ga4 | 1300 | 1302"]
        );
    }
}

#[test]
fn a_day_is_kept_by_more_than_one_text_that_a_database_takes() {
    let shop = Shop::new();
    shop.sqlite
        .execute_batch(&format!(
            "
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2499)
INSERT INTO sessions (
  site, visitor, session, day, started_at, ended_at, pages, interactions, matches, entry, trail)
SELECT 'cloud-kicks', unhex(printf('%032x', n)), unhex(printf('019%029x', n)), '2026-11-01',
  {at} + n, {at} + n, 1, 0, 0, '00000000001' || json_object(
    'channel', 'Email', 'source', 's', 'campaign', printf('%0200d', n), 'path', '/'), ''
FROM n;
INSERT INTO conversions (
  site, definition, scope, who, dedup, kind, time, day, points, observation, source, plan, batch,
  minor, currency, money, money_rank, money_from, visitor, browser_rank, browser_from)
SELECT site, 'product-purchase', 'order', '', hex(session), 'outcome', started_at, day, 0, session,
  'page', '', x'00', 100, 'JPY', 'claimed', 0, x'', visitor, 0, x''
FROM sessions;",
            at = time(0)
        ))
        .unwrap();
    let ask = || {
        shop.told(Which::Attribution, "model=linear&by=campaign&limit=5")
            .to_string()
    };
    let live = ask();
    assert_eq!(shop.keep(9), 2);
    assert_eq!(kept_days(&shop, "credits"), ["2026-11-01"]);
    assert_eq!(ask(), live);
}

#[test]
fn a_day_that_cannot_be_kept_holds_up_no_other() {
    let shop = four_walks();
    shop.run(
        "UPDATE sessions SET trail = '{' WHERE day = '2026-11-02'",
        &[],
    );
    let (_, failed) = shop.try_to_keep(9);
    let failed: Vec<&str> = failed.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(failed, ["2026-11-02"]);
    assert_eq!(kept_days(&shop, "funnels"), ["2026-11-01"]);
}

fn kept_days(shop: &Shop, part: &str) -> Vec<String> {
    let sql = "SELECT day FROM kept_days WHERE part = ?1 AND made_for <> '' ORDER BY day";
    let mut prepared = shop.sqlite.prepare(sql).unwrap();
    let days = prepared.query_map([part], |row| row.get(0)).unwrap();
    days.map(Result::unwrap).collect()
}
