//! Which copies make one conversion, and what refunds leave of it.

use goalpost_core::{
    Currency, Id, Money,
    ledger::{Evidence, Refund, Source, apply, fold},
};
use proptest::prelude::*;

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn yen(minor: i64) -> Money {
    Money {
        minor,
        currency: currency("JPY"),
    }
}

fn id(number: u8) -> Id {
    Id::new(i64::from(number), [number; 10])
}

fn copy(time: i64, number: u8, source: Source) -> Evidence {
    Evidence {
        time,
        observation: id(number),
        source,
        minor: None,
        currency: None,
        verified: false,
        visitor: None,
        session: None,
        contact: None,
        points: 0,
        plan: format!("plan {number}"),
    }
}

fn worth(minor: i64, verified: bool, copy: Evidence) -> Evidence {
    Evidence {
        minor: Some(minor),
        currency: Some(currency("JPY")),
        verified,
        ..copy
    }
}

fn refund(number: u8, time: i64, minor: Option<i64>) -> Refund {
    Refund {
        observation: id(number),
        time,
        minor,
        currency: None,
    }
}

#[test]
fn the_earliest_time_the_servers_money_and_the_pages_visitor_make_one() {
    let page = Evidence {
        visitor: Some(id(100)),
        session: Some(id(101)),
        points: 3,
        ..worth(900, false, copy(50, 1, Source::Page))
    };
    let server = Evidence {
        contact: Some("email:1".into()),
        ..worth(1_000, true, copy(40, 2, Source::Server))
    };
    let one = fold(&[page, server]).unwrap();
    assert_eq!(
        (one.time, one.observation, one.source),
        (40, id(2), Source::Server)
    );
    assert_eq!((one.plan.as_str(), one.points), ("plan 2", 0));
    assert_eq!((one.money, one.verified), (Some(yen(1_000)), true));
    assert_eq!((one.visitor, one.session), (Some(id(100)), Some(id(101))));
    assert_eq!(one.contact.as_deref(), Some("email:1"));
    assert_eq!(one.copies, 2);
}

#[test]
fn the_first_of_several_amounts_stays() {
    let first = worth(10, false, copy(1, 1, Source::Page));
    let second = worth(12, false, copy(2, 2, Source::Page));
    let one = fold(&[second.clone(), first.clone()]).unwrap();
    assert_eq!((one.money, one.verified), (Some(yen(10)), false));
    let verified = worth(11, true, copy(3, 3, Source::Server));
    let later = worth(13, true, copy(4, 4, Source::Server));
    let one = fold(&[later, second, verified, first]).unwrap();
    assert_eq!((one.money, one.verified), (Some(yen(11)), true));
}

#[test]
fn a_copy_without_an_amount_hides_none() {
    let silent = Evidence {
        verified: true,
        ..copy(1, 1, Source::Server)
    };
    let claimed = worth(900, false, copy(2, 2, Source::Page));
    let one = fold(&[silent, claimed]).unwrap();
    assert_eq!((one.money, one.verified), (Some(yen(900)), false));
}

#[test]
fn a_page_knows_the_visitor_better_than_an_earlier_pixel() {
    let seen_by = |number, time, source| Evidence {
        visitor: Some(id(number)),
        ..copy(time, number, source)
    };
    let server = seen_by(1, 1, Source::Server);
    let pixel = seen_by(2, 2, Source::Pixel);
    let page = seen_by(3, 3, Source::Page);
    let visitor = |copies: &[Evidence]| fold(copies).unwrap().visitor;
    assert_eq!(visitor(&[server.clone(), pixel.clone(), page]), Some(id(3)));
    assert_eq!(visitor(&[server.clone(), pixel]), Some(id(2)));
    assert_eq!(visitor(&[server, copy(0, 9, Source::Page)]), Some(id(1)));
}

#[test]
fn no_copy_is_no_conversion() {
    assert_eq!(fold(&[]), None);
}

#[test]
fn a_part_given_back_reduces_and_all_given_back_voids() {
    let net = apply(Some(yen(1_000)), &[refund(1, 10, Some(300))]);
    assert_eq!((net.refunded_minor, net.voided), (300, false));
    assert_eq!(net.of(yen(1_000)), yen(700));
    let net = apply(Some(yen(1_000)), &[refund(1, 10, None)]);
    assert_eq!((net.refunded_minor, net.voided), (1_000, true));
    let parts = [refund(1, 10, Some(300)), refund(2, 11, Some(700))];
    assert!(apply(Some(yen(1_000)), &parts).voided, "bit by bit");
}

#[test]
fn no_refund_takes_more_than_is_left() {
    let refunds = [
        refund(3, 30, Some(500)),
        refund(1, 10, Some(800)),
        refund(2, 20, Some(800)),
    ];
    let net = apply(Some(yen(1_000)), &refunds);
    assert_eq!((net.refunded_minor, net.voided), (1_000, true));
    let taken: Vec<(Id, i64)> = net
        .applied
        .iter()
        .map(|a| (a.observation, a.minor))
        .collect();
    assert_eq!(taken, [(id(1), 800), (id(2), 200), (id(3), 0)]);
}

#[test]
fn the_same_refund_twice_is_one() {
    let net = apply(Some(yen(1_000)), &[refund(1, 10, Some(300)); 2]);
    assert_eq!((net.refunded_minor, net.applied.len()), (300, 1));
}

#[test]
fn a_refund_in_another_currency_takes_nothing_and_is_named() {
    let foreign = Refund {
        currency: Some(currency("USD")),
        ..refund(1, 10, Some(300))
    };
    let net = apply(Some(yen(1_000)), &[foreign, refund(2, 20, Some(100))]);
    assert_eq!((net.refunded_minor, net.voided), (100, false));
    assert_eq!(net.other_currency, [id(1)]);
    assert_eq!(net.applied.len(), 1);
}

#[test]
fn all_of_something_without_a_value_can_be_given_back() {
    let net = apply(None, &[refund(1, 10, Some(300))]);
    assert_eq!((net.refunded_minor, net.voided), (0, false));
    assert!(apply(None, &[refund(1, 10, None)]).voided);
    assert!(apply(Some(yen(0)), &[refund(1, 10, None)]).voided);
}

fn evidence() -> impl Strategy<Value = Vec<Evidence>> {
    let copy = (
        0i64..4,
        0u8..6,
        0usize..3,
        any::<Option<u8>>(),
        any::<bool>(),
        0u8..3,
    )
        .prop_map(|(time, number, source, minor, verified, who)| Evidence {
            minor: minor.map(i64::from),
            currency: minor.map(|_| currency("JPY")),
            verified,
            visitor: (who == 1).then(|| id(number)),
            contact: (who == 2).then(|| format!("email:{number}")),
            ..copy(
                time,
                number,
                [Source::Page, Source::Pixel, Source::Server][source],
            )
        });
    prop::collection::vec(copy, 0..8)
}

fn refunds() -> impl Strategy<Value = Vec<Refund>> {
    let refund = (0u8..6, 0i64..4, prop::option::of(-10i64..500), 0usize..4).prop_map(
        |(number, time, minor, code)| Refund {
            currency: [None, Some("JPY"), Some("JPY"), Some("USD")][code].map(currency),
            ..refund(number, time, minor)
        },
    );
    prop::collection::vec(refund, 0..8)
}

proptest! {
    #[test]
    fn copies_in_any_order_and_number_make_the_same(copies in evidence(), turn in 0usize..8) {
        let one = fold(&copies);
        let mut other = copies.clone();
        other.rotate_left(turn.min(copies.len()));
        other.extend(copies.iter().rev().cloned());
        prop_assert_eq!(fold(&other), one);
    }

    #[test]
    fn verified_money_is_never_displaced_by_a_claim(copies in evidence(), claim in 0i64..1_000) {
        let one = fold(&copies);
        let mut with = copies;
        with.push(worth(claim, false, copy(-1, 99, Source::Page)));
        let with = fold(&with).unwrap();
        if let Some(one) = one.filter(|one| one.verified) {
            prop_assert_eq!(with.money, one.money);
        }
    }

    #[test]
    fn refunds_in_any_order_and_number_leave_the_same(
        value in prop::option::of(0i64..1_000), refunds in refunds(), turn in 0usize..8,
    ) {
        let value = value.map(yen);
        let net = apply(value, &refunds);
        let mut other = refunds.clone();
        other.rotate_left(turn.min(refunds.len()));
        other.extend(refunds.iter().rev());
        prop_assert_eq!(apply(value, &other), net);
    }

    #[test]
    fn net_is_never_negative_and_is_gross_less_what_each_refund_took(
        value in 0i64..1_000, refunds in refunds(),
    ) {
        let net = apply(Some(yen(value)), &refunds);
        prop_assert!((0..=value).contains(&net.refunded_minor));
        prop_assert!(net.applied.iter().all(|applied| applied.minor >= 0));
        prop_assert_eq!(net.applied.iter().map(|a| a.minor).sum::<i64>(), net.refunded_minor);
        prop_assert_eq!(net.of(yen(value)).minor, value - net.refunded_minor);
        prop_assert!(net.applied.is_sorted_by_key(|a| (a.time, a.observation)));
        if net.voided {
            prop_assert_eq!(net.refunded_minor, value);
        }
    }
}
