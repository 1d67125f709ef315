//! Tables as people read them.

use super::{
    Shop, catalogue,
    shop::{Copy, Visit},
};

fn visit(visitor: u8, session: u8, hour: u16, channel: &'static str) -> Visit {
    Visit {
        visitor,
        session,
        hour,
        channel,
        device: "mobile",
        pages: 1,
        plays: 0,
    }
}

fn order(id: u8, order: u8, visitor: u8, session: u8, hour: u16, minor: i64) -> Copy {
    Copy {
        id,
        definition: "product-purchase",
        order: Some(order),
        visitor: Some(visitor),
        session,
        hour,
        minor: Some(minor),
        currency: "JPY",
        verified: true,
    }
}

/// Four visits, of which one converts twice and one once; one order is given back in part.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.visit(&visit(1, 1, 0, "Email"));
    shop.visit(&Visit {
        pages: 3,
        ..visit(1, 2, 30, "Direct")
    });
    shop.visit(&Visit {
        plays: 2,
        ..visit(2, 3, 31, "Email")
    });
    shop.visit(&visit(3, 4, 50, "Email"));
    shop.convert(&order(1, 1, 1, 2, 30, 10_000));
    shop.convert(&order(2, 2, 1, 2, 31, 4_800));
    shop.convert(&order(3, 3, 2, 3, 31, 2_000));
    shop.refund(1, 1, Some(3_000), 60);
    shop.cost(0, "Email", 1_000, "JPY");
    shop
}

const DAYS: &str = "from=2026-11-01&to=2026-11-03";

#[test]
fn a_rate_is_75_or_50_per_cent_by_what_it_is_of() {
    let body = shop().report(&catalogue::OVERVIEW, DAYS);
    let rate = |id: &str| {
        let rate = &body["totals"][id]["value"];
        format!(
            "{} {} / {} {} = {}",
            rate["numerator"],
            rate["numerator_name"],
            rate["denominator"],
            rate["denominator_name"],
            rate["decimal"],
        )
    };
    insta::assert_snapshot!(rate("conversion_rate"), @r#"3 "conversions" / 4 "sessions" = "0.7500""#);
    insta::assert_snapshot!(rate("session_conversion_rate"), @r#"2 "converted_sessions" / 4 "sessions" = "0.5000""#);
    insta::assert_snapshot!(rate("people_rate"), @r#"2 "people" / 3 "visitors" = "0.6667""#);
    insta::assert_snapshot!(rate("bounce_rate"), @r#"2 "bounces" / 4 "sessions" = "0.5000""#);
}

#[test]
fn a_refund_lowers_net_and_never_gross() {
    let shop = shop();
    let money = |query: &str| {
        let body = shop.report(&catalogue::OVERVIEW, &format!("{DAYS}&by=day&{query}"));
        let rows = body["rows"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| {
                let minor = |id: &str| row[id]["value"][0]["minor"].as_i64().unwrap_or_default();
                (minor("verified"), minor("refunded"), minor("net"))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        money("dates=purchase"),
        [(0, 0, 0), (16_800, 3_000, 13_800), (0, 0, 0)]
    );
    assert_eq!(
        money("dates=refund"),
        [(0, 0, 0), (16_800, 0, 16_800), (0, 3_000, -3_000)]
    );
}

#[test]
fn channels_are_told_apart_with_what_they_cost() {
    insta::assert_snapshot!(shop().csv(&catalogue::CHANNELS, DAYS));
}

#[test]
fn a_report_is_the_same_shape_for_all() {
    let mut body = shop().report(&catalogue::GOALS, &format!("{DAYS}&compare=previous"));
    body["plan"] = "…".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap());
}

#[test]
fn only_what_is_chosen_is_asked_for() {
    let shop = shop();
    let query = format!("{DAYS}&columns=conversions,sessions");
    insta::assert_snapshot!(shop.csv(&catalogue::CHANNELS, &query), @r"
    channel,sessions,conversions
    Email,3,1
    Direct,1,2
    (total),4,3
    ");
    let questions = |query: &str| {
        let ask = shop.ask(&catalogue::CHANNELS, query).unwrap();
        ask.questions(&shop.known).len()
    };
    assert_eq!(questions(&query), 2);
    assert!(questions(DAYS) > 6);
}

#[test]
fn what_is_asked_wrongly_is_refused_with_the_choices() {
    let shop = Shop::new();
    let refused = |query: &str| {
        shop.ask(&catalogue::CHANNELS, query)
            .err()
            .map(|problem| problem.detail.into_owned())
            .unwrap_or_default()
    };
    insta::assert_snapshot!(refused("by=weather"), @"by: 'weather' is none of: day, source, medium, campaign, landing, device, country, definition");
    insta::assert_snapshot!(refused("colour=red"), @"colour: is no parameter of this report; it takes from, to, compare, by, columns, denominator, dates, currency, format, limit, offset, channel, campaign, landing, device, country, stage, definition");
    insta::assert_snapshot!(refused("device=watch"), @"device: 'watch' is none of: desktop, mobile, tablet, (none)");
    insta::assert_snapshot!(refused("country=Japan"), @"country: 'Japan' is no country; send two letters such as JP, or (none)");
    insta::assert_snapshot!(refused("landing=shoes"), @"landing: 'shoes' is no path; send one such as /shoes/, or (none)");
    insta::assert_snapshot!(refused("stage=friend"), @"stage: 'friend' is none of: visitor, marketing_lead, sales_lead, opportunity, customer, lost, cancelled");
    insta::assert_snapshot!(refused("currency=USD"), @"currency: 'USD' is none of: JPY");
    let without_costs = refused("columns=sessions,cost&by=landing");
    assert!(without_costs.starts_with("columns: 'cost' is none of: sessions, visitors, "));
    assert!(
        without_costs.ends_with("claimed_net, new_customers"),
        "{without_costs}"
    );
    insta::assert_snapshot!(refused("limit=0"), @"limit: '0' is not a whole number from 1 to 10000");
}

#[test]
fn more_rows_than_one_answer_can_hold_are_refused_with_the_way_out() {
    let shop = shop();
    shop.roll_up(99);
    let refused = |query: &str| {
        let query = format!("{DAYS}&columns=sessions&limit=10&{query}");
        let ask = shop.ask(&catalogue::LANDING_PAGES, &query).unwrap();
        shop.answered(&ask)
            .err()
            .map(|failure| failure.problem().detail.into_owned())
            .unwrap_or_default()
    };
    let add = |from: u32, to: u32| {
        shop.run(
            &format!(
                "WITH RECURSIVE n (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM n WHERE n < {to})
                 INSERT INTO traffic_daily
                 SELECT 'cloud-kicks', '2026-11-01', 'landing', '', '', '', '', '/' || n, '', '',
                   1, 0, 1, 1, 0, 1, 1 FROM n"
            ),
            &[],
        );
    };
    // Three landing pages are there already.
    add(1, 49_997);
    assert_eq!(refused(""), "");
    add(49_998, 49_998);
    insta::assert_snapshot!(refused(""), @"from: these days have more than 50000 rows, and all of them are put in order for one answer; ask for fewer days, or narrow the report by one of channel, campaign, landing, device, country, stage, definition");
    assert_eq!(refused("landing=/page-1"), "");
}
