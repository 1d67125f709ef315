//! One happening, reported by several: browser, pixel and server.

use super::*;

fn pixel(n: i64, order: &str, revenue: &str) -> Letter {
    let mut letter = Letter::new([Item::new(&purchase(n, order, revenue), id(4), None, None).json]);
    letter.form = Form::Pixel;
    letter.page = id(4);
    letter.visitor = Some(id(900));
    letter
}

#[test]
fn an_order_by_page_repeat_server_and_pixel_is_one_conversion() {
    let letters = [
        Letter::new([item(&purchase(2_000, "A1", "14800"))]).of(id(100)),
        Letter::new([item_in(8, &purchase(9_000, "A1", "14800"))]).of(id(200)),
        Letter::new([sold(1_000, "A1", "15000", "customer:7")]).by_server(),
        pixel(1_500, "A1", "1"),
    ];
    in_every_order(&letters, |db| {
        let conversion = format!(
            "{} | 2026-11-18 | 15000 | JPY | verified | A1 | server | {} | {} | customer:7 | 0 | 0",
            NOW + 1_000,
            crate::sink::row::hex(id(100)),
            crate::sink::row::hex(id(3)),
        );
        assert_eq!(
            db.table(
                "SELECT time, day, minor, currency, money, order_number, source,
                   lower(hex(visitor)), lower(hex(session)), contact, refunded, voided
                 FROM conversions"
            ),
            [conversion]
        );
        assert_eq!(
            db.table("SELECT source, money FROM evidence ORDER BY 1, 2"),
            [
                "page | claimed",
                "page | claimed",
                "pixel | claimed",
                "server | verified"
            ]
        );
    });
}

#[test]
fn two_servers_words_of_one_order_are_the_earliers_amount() {
    let letters = [
        Letter::new([sold(5, "A1", "900", "customer:7")]).by_server(),
        Letter::new([sold(4, "A1", "800", "customer:7")]).by_server(),
        Letter::new([item(&purchase(1, "A1", "1"))]),
    ];
    in_every_order(&letters, |db| {
        assert_eq!(
            db.table("SELECT minor, money, source FROM conversions"),
            ["800 | verified | page"]
        );
    });
}

#[test]
fn a_server_may_be_late_by_years_and_is_not_clamped() {
    let mut db = Db::new();
    let years = -3 * 365 * DAY;
    let old = Letter::new([sold(years, "W1", "100", "customer:7")]).by_server();
    db.deliver(&[old.at(NOW)]);
    assert_eq!(
        db.table("SELECT time, day, clock FROM observations"),
        [format!("{} | 2023-11-19 | -", NOW + years)]
    );
    assert_eq!(db.table("SELECT day FROM conversions"), ["2023-11-19"]);
    assert_eq!(
        db.table("SELECT origin, sdk, form FROM fates"),
        ["other |  | server"]
    );
    db.assert_sound();
}

#[test]
fn an_outcome_of_a_server_that_names_nobody_counts_each_time() {
    let mut db = Db::new();
    let won = |n| server_item(n, r#""kind":"trigger","name":"close-won""#);
    let letter = Letter::new([won(1), won(2), won(2)]).by_server();
    db.deliver(&[letter.clone(), letter]);
    assert_eq!(db.converted("close-won"), 2);
    assert_eq!(db.fate("duplicate"), 4);
    db.assert_sound();
}

#[test]
fn a_bad_event_of_a_server_costs_only_itself() {
    let mut db = Db::new();
    db.deliver(&[Letter::new([
        sold(0, "A1", "much", "customer:7"),
        server_item(1, r#""kind":"trigger","name":"nobody-knows""#),
        server_item(2, r#""kind":"event","name":"x","contact":"anna""#),
        sold(3, "A2", "5", "customer:7"),
    ])
    .by_server()]);
    assert_eq!(
        db.table("SELECT origin, reason, form FROM quarantine ORDER BY 2"),
        [
            "other | field | server",
            "other | unregistered | server",
            "other | value | server"
        ]
    );
    assert_eq!(db.converted("product-purchase"), 1);
    db.assert_sound();
}

#[test]
fn two_sites_never_mix() {
    let of_site = |mut letter: Letter, site: &str| {
        letter.site = site.into();
        letter
    };
    let all = [
        Letter::new([item(&purchase(0, "A1", "100"))]).of(id(100)),
        Letter::new([item(&identify(1, "email:anna"))]).of(id(100)),
        Letter::new([linked(2, "email:anna", &["customer:1"])]).by_server(),
        Letter::new([given_back(3, "A1", None)]).by_server(),
    ];
    let mut db = Db::new();
    db.book.add_current(plan_of("other-shop"));
    for letter in &all {
        db.deliver(&[of_site(letter.clone(), "other-shop")]);
    }
    db.deliver(&[all[0].clone()]);
    assert_eq!(
        db.table("SELECT site, contact, voided FROM conversions ORDER BY 1"),
        ["cloud-kicks | - | 0", "other-shop | customer:1 | 1"]
    );
    db.assert_sound();
}
