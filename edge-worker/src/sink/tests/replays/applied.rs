//! What becomes of single items where a plan is applied to the past.

use super::*;
use goalpost_core::order_token;

/// An item that nothing has a definition for, until `other_plan(3)` has.
fn unheard_of(n: i64) -> String {
    item(&seen(
        n,
        Seen::Trigger {
            definition: "unheard-of".into(),
        },
    ))
}

#[test]
fn what_waits_is_stored_once_the_plan_accepts_it() {
    let bad = item(&event(7, "x")).replace("event", "hologram");
    let mut letter = Letter::new([unheard_of(1), item(&event(2, "demo_requested")), bad]);
    letter.form = Form::Wasm;
    // The device's clock is an hour ahead.
    letter.received_at = NOW - 3_600_000;
    letter.sent = NOW;
    let all = [
        Arriving::Page(letter),
        Arriving::Page(Letter::new([item(&identify(9, "email:anna"))])),
        Arriving::Server(server_event(11, 9, 0).replace("commerce", "hologram")),
    ];
    let mut db = stored(&all, this_plan());
    assert_eq!(db.fate("quarantined"), 3);
    let balance = db.conservation();

    let dry = replay(&mut db, &other_plan(3), Replay::DRY);
    let found = dry
        .iter()
        .find(|one| one.definition == "unheard-of")
        .unwrap();
    assert_eq!(
        (found.gained, found.examples[0].who.as_str()),
        (1, "contact email:anna")
    );
    assert_eq!(db.conservation(), balance);

    replay(
        &mut db,
        &other_plan(3),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    assert_eq!((db.fate("quarantined"), db.fate("duplicate")), (2, 0));
    db.assert_sound();
    let then = stored(&all, other_plan(3));
    assert_eq!(decided(&db), decided(&then));
    assert_eq!(db.conservation(), then.conservation());
    assert_eq!(
        db.table("SELECT part, replayed, accepted, state FROM replays"),
        [
            "quarantined | 5 | 1 | done",
            "quarantined | 5 | 1 | applied"
        ]
    );
    // Copies of it are copies now.
    replay(
        &mut db,
        &other_plan(3),
        Replay {
            apply: true,
            twice: true,
            ..Replay::DRY
        },
    );
    assert_eq!(decided(&db), decided(&then));
}

#[test]
fn a_site_that_had_no_plan_loses_nothing() {
    let letters = [
        Letter::new([item(&purchase(1, "A1", "100")), item(&play(2, "a"))]),
        Letter::new([item(&purchase(3, "A1", "90"))]),
    ];
    let mut db = Db::new();
    db.book = PlanBook::new();
    db.deliver(&letters);
    assert_eq!(
        db.table("SELECT DISTINCT reason FROM quarantine"),
        ["unknown_site"]
    );
    let apply = Replay {
        apply: true,
        limit: 1,
        twice: true,
        ..Replay::DRY
    };
    replay(&mut db, &this_plan(), apply);
    db.assert_sound();
    let then = stored(&pages(letters), this_plan());
    assert_eq!(decided(&db), decided(&then));
    assert_eq!(db.conservation(), then.conservation());
    assert_eq!(db.fate("quarantined"), 0);
}

#[test]
fn what_is_older_than_the_plan_keeps_waits_on() {
    let mut db = stored(&pages([Letter::new([unheard_of(1)])]), this_plan());
    let balance = db.conservation();
    let mut plan = other_plan(3);
    let mut reporting = (*plan.reporting).clone();
    reporting.retention.observations_ms = Some(90 * DAY);
    plan.reporting = Arc::new(reporting);
    for apply in [false, true] {
        let wanted = Replay {
            apply,
            at: NOW + 100 * DAY,
            ..Replay::DRY
        };
        assert!(replay(&mut db, &plan, wanted).is_empty());
        assert_eq!(db.conservation(), balance);
        assert_eq!((db.fate("quarantined"), db.fate("dropped")), (1, 0));
    }
    let wanted = Replay {
        apply: true,
        at: NOW + 80 * DAY,
        ..Replay::DRY
    };
    assert_eq!(replay(&mut db, &plan, wanted).len(), 1);
    assert_eq!((db.fate("quarantined"), db.fate("stored")), (0, 1));
}

#[test]
fn two_contents_of_one_id_stay_where_they_are() {
    let mut db = Db::new();
    db.book = PlanBook::new();
    db.deliver(&[
        Letter::new([item(&purchase(1, "A1", "100"))]),
        Letter::new([item(&purchase(1, "A1", "90"))]),
    ]);
    replay(
        &mut db,
        &this_plan(),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    db.assert_sound();
    assert_eq!((db.fate("quarantined"), db.fate("stored")), (2, 0));
}

#[test]
fn what_the_new_plan_refuses_stays_stored_and_converts_no_more() {
    let all = pages([Letter::new([unheard_of(1)])]);
    let mut db = stored(&all, other_plan(3));
    assert_eq!(db.converted("unheard-of"), 1);
    let found = replay(
        &mut db,
        &this_plan(),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    assert!(
        found[0].examples[0]
            .reason
            .contains("'unheard-of' is not a definition")
    );
    assert_eq!((db.converted("unheard-of"), db.fate("stored")), (0, 1));
    db.assert_sound();
}

#[test]
fn money_stays_what_it_was_verified_as() {
    let key = String::from("a key of 32 random bytes or more");
    let mut bought = purchase(1, "A1", "100");
    let token = order_token::sign(
        &order_token::OrderToken {
            site: SITE.into(),
            order: "A1".into(),
            amount: "100".into(),
            currency: "JPY".into(),
            expires: NOW + DAY,
        },
        &key,
    );
    bought
        .properties
        .0
        .push(("token".into(), Value::Text(token)));
    let mut db = Db::new();
    db.book.set_keys(SITE, vec![key]);
    db.deliver(&[Letter::new([item(&bought)])]);
    let money = "SELECT minor, money, plan FROM conversions";
    assert_eq!(db.table(money), ["100 | verified | 00"]);
    // The key is gone since.
    replay(
        &mut db,
        &other_plan(2),
        Replay {
            apply: true,
            ..Replay::DRY
        },
    );
    assert_eq!(db.table(money), ["100 | verified | other-2"]);
    db.assert_sound();
}
