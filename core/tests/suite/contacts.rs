//! Contacts: where they stand, what they brought, and which of their names is theirs.

use goalpost_core::{
    Currency, Money,
    contact::{Identity, IdentityError, Lead, Stage, Worth, canonical},
    plan::predefined,
};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn every_predefined_outcome_has_its_stage() {
    let stages = predefined::OUTCOMES.map(|outcome| Stage::of([(outcome.id, 1)]));
    let (before, after) = stages.split_at(8);
    assert!(after.iter().all(|stage| *stage == Stage::Visitor));
    assert_eq!(
        before,
        [
            Stage::Visitor,
            Stage::Customer,
            Stage::Lead(Lead::Marketing),
            Stage::Lead(Lead::Sales),
            Stage::Opportunity,
            Stage::Customer,
            Stage::Lost,
            Stage::Cancelled,
        ]
    );
    assert_eq!(Stage::of([]), Stage::Visitor);
    assert_eq!(Stage::of([("watch-video", 1)]), Stage::Visitor);
}

#[test]
fn the_furthest_lead_counts_not_the_latest() {
    let outcomes = [
        ("marketing-lead", 3),
        ("sales-opportunity", 1),
        ("sales-lead", 2),
    ];
    assert_eq!(Stage::of(outcomes), Stage::Opportunity);
}

#[test]
fn a_customer_never_falls_back_to_a_lead() {
    for later in [
        "marketing-lead",
        "sales-lead",
        "sales-opportunity",
        "contact-acquired",
    ] {
        assert_eq!(Stage::of([("close-won", 1), (later, 2)]), Stage::Customer);
        assert_eq!(
            Stage::of([("product-purchase", 1), (later, 2)]),
            Stage::Customer
        );
    }
}

#[test]
fn the_latest_close_decides() {
    assert_eq!(
        Stage::of([("close-lost", 1), ("close-won", 2)]),
        Stage::Customer
    );
    assert_eq!(
        Stage::of([("close-won", 1), ("close-lost", 2)]),
        Stage::Lost
    );
    assert_eq!(
        Stage::of([("close-won", 1), ("close-cancelled", 2)]),
        Stage::Cancelled
    );
    assert_eq!(
        Stage::of([("close-cancelled", 1), ("close-won", 2)]),
        Stage::Customer
    );
}

#[test]
fn only_a_cancellation_ends_what_a_purchase_made() {
    assert_eq!(
        Stage::of([("product-purchase", 1), ("close-lost", 2)]),
        Stage::Customer
    );
    assert_eq!(
        Stage::of([("product-purchase", 1), ("close-cancelled", 2)]),
        Stage::Cancelled
    );
    assert_eq!(
        Stage::of([("close-cancelled", 1), ("product-purchase", 2)]),
        Stage::Customer
    );
    assert_eq!(
        Stage::of([("product-purchase", 1), ("close-cancelled", 1)]),
        Stage::Cancelled
    );
}

#[test]
fn a_warranty_three_years_later_is_worth_more_money_never_more_yen_than_dollars() {
    let money = |minor, code| {
        let currency = Currency::parse(code).unwrap();
        Some(Money { minor, currency })
    };
    let mut worth = Worth::default();
    worth.add(0, money(2_400_000, "JPY"), 0);
    worth.add(0, money(180_000, "JPY"), 80_000);
    worth.add(0, money(9_900, "USD"), 9_900);
    worth.add(5, None, 0);
    worth.add(10, None, 0);
    assert_eq!(worth.points, 15);
    let value = |code| worth.value[&Currency::parse(code).unwrap()];
    assert_eq!(value("JPY"), 2_500_000);
    assert_eq!(value("USD"), 0);
}

#[test]
fn identities_are_what_the_page_makes_of_the_same_details() {
    // What npm/src/loader/contact.ts answers.
    let email = |address| Identity::email(address).unwrap().to_string();
    let phone = |number| Identity::phone(number).unwrap().to_string();
    let customer = |number: &str| Identity::customer(number).unwrap().to_string();
    assert_eq!(
        email(" A@B.c "),
        "email:d648b243a3e817eaa3309e00e183483f2867baadf522099f0c2121770536b25a"
    );
    assert_eq!(
        email("\u{feff}ΣΊΣΥΦΟΣ@Shop.Example\u{a0}"),
        "email:bb373e508873c02600904bcc56614136c9dad6de8e641a9062356e69a280f416"
    );
    assert_eq!(
        email("İ@shop.example"),
        "email:a848292ec90e5e577fab124825abbd7cd846935c2161899c6c2fc280aaca54c4"
    );
    assert_eq!(
        email("\u{85}a@b.c"),
        "email:b102a05ed3d383e43bff381bd5bd70e9b3cd9612bda551366259ff49f509751d"
    );
    let number = "phone:7d7350df0a907cf9cf79b40e32af0a5cc71886126b86babd1f2ccedd25d336c6";
    assert_eq!(phone("+81 (3) 1234-5678"), number);
    assert_eq!(phone("81312345678"), number);
    assert_eq!(
        phone("０３ 12"),
        "phone:544f3f867456df14a9e62879ec6fb221b98d8ef30b5baf81a6bddefba1a5148c"
    );
    assert_eq!(customer(" C-42 "), "customer:C-42");
    let long = "a".repeat(63);
    assert_eq!(customer(&format!("{long}b")), format!("customer:{long}b"));
    assert_eq!(customer(&format!("{long}bc")), format!("customer:{long}b"));
    assert_eq!(
        customer(&format!("{long}😀")),
        format!("customer:{long}\u{fffd}")
    );
}

#[test]
fn what_names_nobody_is_refused_in_words() {
    let text = |error: Result<Identity, IdentityError>| error.unwrap_err().to_string();
    assert_eq!(
        text(Identity::email("nobody")),
        "is not an e-mail address, such as name@shop.example"
    );
    assert_eq!(
        text(Identity::email("@")),
        "is not an e-mail address, such as name@shop.example"
    );
    assert_eq!(
        text(Identity::phone("unknown")),
        "is not a phone number, such as +81 3 1234 5678"
    );
    assert_eq!(
        text(Identity::customer(" ")),
        "names no customer: write customer: and the shop's own number for them"
    );
    assert_eq!(
        text(Identity::customer(&"漢".repeat(60))),
        "is longer than 128 bytes"
    );
    for unknown in ["", "a@b.c", "mail:00", "EMAIL:00"] {
        assert_eq!(
            text(Identity::parse(unknown)),
            "does not begin with email:, phone: or customer:"
        );
    }
    assert_eq!(
        text(Identity::parse("email:a@b.c")),
        "is not email: or phone: with the 64 hexadecimal digits of a SHA-256; to have it hashed \
         here, send the address as 'email' or the number as 'phone'"
    );
}

#[test]
fn an_identity_is_read_as_it_was_written() {
    let hash = "A318C24216DEFE206FEEB73EF5BE00033FA9C4A74D0B967F6532A26CA5906D3B";
    let identity = Identity::parse(&format!(" email:{hash} ")).unwrap();
    assert_eq!(identity.text(), format!("email:{}", hash.to_lowercase()));
    for own in [
        Identity::email("a@b.c"),
        Identity::phone("+81 3"),
        Identity::customer("a:b"),
    ] {
        let own = own.unwrap();
        assert_eq!(Identity::parse(own.text()), Ok(own));
    }
}

#[test]
fn people_linked_over_others_are_one_person() {
    let names = canonical([
        vec!["e:3", "p:9"],
        vec!["e:4"],
        vec!["p:9", "c:1"],
        vec!["c:1", "e:7"],
    ]);
    for identity in ["e:3", "p:9", "c:1", "e:7"] {
        assert_eq!(names[identity], "c:1");
    }
    assert_eq!(names["e:4"], "e:4");
    assert!(canonical(Vec::<Vec<&str>>::new()).is_empty());
}

const IDENTITIES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

fn lists() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let list = prop::collection::vec(prop::sample::select(&IDENTITIES[..]), 1..4);
    prop::collection::vec(list, 0..10)
}

proptest! {
    #[test]
    fn links_in_any_order_and_number_make_the_same_people(lists in lists(), turn in 0usize..10) {
        let names = canonical(lists.clone());
        let mut other: Vec<Vec<&str>> = lists.clone();
        other.rotate_left(turn.min(lists.len()));
        for list in &mut other {
            list.reverse();
        }
        other.extend(lists.clone());
        prop_assert_eq!(canonical(other), names.clone());
        for list in &lists {
            for identity in list {
                prop_assert_eq!(names[identity], names[list[0]]);
                prop_assert!(names[identity] <= *identity);
                prop_assert_eq!(names[names[identity]], names[identity]);
            }
        }
    }

    #[test]
    fn what_is_known_can_be_kept_and_added_to(first in lists(), then in lists()) {
        let all: Vec<Vec<&str>> = first.iter().chain(&then).cloned().collect();
        let known = canonical(first);
        let pairs = known.iter().map(|(identity, name)| vec![*identity, *name]);
        prop_assert_eq!(canonical(pairs.chain(then)), canonical(all));
    }

    #[test]
    fn two_are_one_person_only_if_a_chain_of_lists_links_them(lists in lists()) {
        let names = canonical(lists.clone());
        // Reached from each identity by following lists until nothing is added.
        for (identity, name) in &names {
            let mut reached = BTreeSet::from([*identity]);
            let mut before = 0;
            while before < reached.len() {
                before = reached.len();
                for list in &lists {
                    if list.iter().any(|identity| reached.contains(identity)) {
                        reached.extend(list);
                    }
                }
            }
            prop_assert_eq!(Some(name), reached.first());
        }
    }

    #[test]
    fn a_stage_does_not_depend_on_order_or_copies(
        outcomes in prop::collection::vec((0usize..8, 0i64..4), 0..10), turn in 0usize..10,
    ) {
        let outcomes: Vec<(&str, i64)> = outcomes
            .into_iter()
            .map(|(at, time)| (predefined::OUTCOMES[at].id, time))
            .collect();
        let mut other = outcomes.clone();
        other.rotate_left(turn.min(outcomes.len()));
        other.extend(outcomes.iter().rev());
        prop_assert_eq!(Stage::of(outcomes), Stage::of(other));
    }

    #[test]
    fn any_text_is_read_without_panic(text: String) {
        let _ = (Identity::parse(&text), Identity::email(&text), Identity::phone(&text));
        if let Ok(identity) = Identity::customer(&text) {
            prop_assert!(identity.text().len() <= 128);
        }
    }
}

proptest! {
    #[test]
    fn the_latest_of_each_outcome_is_all_that_a_stage_needs(
        outcomes in prop::collection::vec(
            (prop::sample::select(Stage::OUTCOMES.to_vec()), 0_i64..6), 0..12)
    ) {
        let mut latest = std::collections::BTreeMap::new();
        for (id, time) in &outcomes {
            let kept = latest.entry(*id).or_insert(*time);
            *kept = (*kept).max(*time);
        }
        prop_assert_eq!(Stage::of(latest), Stage::of(outcomes));
    }
}

#[test]
fn every_stage_has_its_name_and_its_outcome() {
    let names: BTreeSet<_> = Stage::ALL.map(Stage::name).into();
    assert_eq!(names.len(), Stage::ALL.len());
    let reached: BTreeSet<_> = Stage::OUTCOMES.map(|id| Stage::of([(id, 1)]).name()).into();
    assert_eq!(
        reached.len(),
        6,
        "each stage but the first; a deal and a purchase are one"
    );
}
