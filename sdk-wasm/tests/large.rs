//! What is larger than usual: it counts, it is shortened, or it is let go and counted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says that it failed by a panic"
)]

mod page;

use goalpost_core::{
    CommerceStep, Context, Element, Id, Observation, Properties, Seen, Value,
    beacon::{Envelope, Item, read_item},
    evaluate,
    fate::Drop,
    limits,
    testing::rules,
};
use goalpost_sdk::{
    Sdk,
    engine::{Answer, Input},
};
use page::{MINUTE, Page, START, items, names};

fn text(name: &str, value: &str) -> (String, Value) {
    (name.into(), Value::Text(value.into()))
}

fn number(name: &str, value: &str) -> (String, Value) {
    (name.into(), Value::Number(value.into()))
}

/// A line as Google's documentation of `purchase` has it.
fn line(place: usize) -> Properties {
    Properties(vec![
        text("item_id", &format!("SKU_{place:05}")),
        text("item_name", "Stan and Friends Tee"),
        text("affiliation", "Google Merchandise Store"),
        text("coupon", "SUMMER_FUN"),
        number("discount", "2.22"),
        number("index", &place.to_string()),
        text("item_brand", "Google"),
        text("item_category", "Apparel"),
        text("item_category2", "Adult"),
        text("item_list_name", "Related Products"),
        text("item_variant", "green"),
        number("price", "10.01"),
        number("quantity", "3"),
    ])
}

/// What a page says of an order of 1,000 yen, beside its lines.
fn purchase(lines: Vec<Properties>) -> Properties {
    Properties(vec![
        text("transaction_id", "A-1001"),
        number("value", "1000"),
        text("currency", "JPY"),
        ("items".into(), Value::List(lines)),
    ])
}

fn buy(page: &mut Page, properties: Properties) {
    page.tell(Input::Seen {
        captured: None,
        path: "/thanks/".into(),
        seen: Seen::Commerce {
            step: CommerceStep::Purchase,
        },
        properties,
    });
}

fn click(page: &mut Page, class: &str, ancestors: usize) {
    let link = Element {
        tag: "a".into(),
        class: "cta".into(),
        attributes: vec![("href".into(), "/buy/".into())],
        ..Element::default()
    };
    let around = Element {
        tag: "div".into(),
        id: "main".into(),
        class: class.into(),
        ..Element::default()
    };
    let mut elements = vec![link];
    elements.resize(1 + ancestors, around);
    page.see(Seen::Click { elements });
}

/// What the edge reads of the last request's only item, and what it makes of it.
fn arrived(page: &Page) -> Observation {
    let body = page.fetched.last().expect("a request");
    assert!(body.len() <= limits::BEACON_BYTES);
    let envelope = Envelope::read(body.as_bytes()).expect("a beacon");
    assert_eq!(envelope.items.len(), 1);
    let whole = envelope.whole(envelope.items[0].get());
    let item = read_item(&whole).expect("an item");
    let context = Context {
        time: page.now,
        session: item.session,
        ..Context::default()
    };
    let verdict = evaluate(&rules(), &item.observation, &context);
    assert_eq!(verdict.problem, None);
    let found: Vec<&str> = verdict
        .conversions
        .iter()
        .map(|conversion| conversion.definition.as_str())
        .collect();
    assert_eq!(item.claims.as_deref().expect("claims"), found);
    item.observation
}

fn lines(observation: &Observation) -> &[Properties] {
    match observation.properties.get("items") {
        Some(Value::List(lines)) => lines,
        _ => &[],
    }
}

/// The amount that the edge counts.
fn counted(observation: &Observation) -> Option<i64> {
    let verdict = evaluate(&rules(), observation, &Context::default());
    let money = verdict.conversions.first()?.money.as_ref()?;
    Some(money.minor)
}

fn let_go(page: &Page) -> u32 {
    let found = page.engine.dropped().iter();
    found.map(|(_, count)| count).sum()
}

#[test]
fn a_purchase_of_fifty_lines_counts_with_all_of_them() {
    let mut page = Page::with_plan();
    buy(
        &mut page,
        purchase((0..limits::ORDER_LINES).map(line).collect()),
    );
    let observation = arrived(&page);
    assert_eq!(lines(&observation).len(), limits::ORDER_LINES);
    assert_eq!(counted(&observation), Some(1_000));
    assert_eq!(let_go(&page), 0);
}

#[test]
fn a_purchase_that_is_larger_than_an_item_may_be_keeps_order_and_amount() {
    let long = "x".repeat(limits::TEXT_BYTES);
    let quotes = "\"".repeat(limits::TEXT_BYTES);
    let mut wide = line(0);
    wide.0.extend([text("text", &long), text("more", &quotes)]);
    let mut many = purchase(vec![wide.clone(); limits::ORDER_LINES]);
    let mut extras = many.clone();
    extras
        .0
        .extend((0..28).map(|at| text(&format!("extra{at}"), &quotes)));
    // However long, it is the page's word for the order.
    many.0.push(text("token", &"t".repeat(200)));
    for (given, some_lines) in [(many, true), (extras, false)] {
        let mut page = Page::with_plan();
        page.tell(Input::Debug(true));
        buy(&mut page, given.clone());
        let observation = arrived(&page);
        let properties = &observation.properties;
        assert_eq!(counted(&observation), Some(1_000));
        assert_eq!(properties.text("order"), Some("A-1001"));
        assert_eq!(properties.text("currency"), Some("JPY"));
        assert_eq!(properties.text("token"), given.text("token"));
        assert_eq!(!lines(&observation).is_empty(), some_lines);
        let whole = page.sealed[0].len();
        let full = limits::ITEM_BYTES * 3 / 4..=limits::ITEM_BYTES;
        assert!(full.contains(&whole), "no more goes than must: {whole}");
        assert!(page.said[0].contains("! \u{1f}t"), "{:?}", page.said);
        assert_eq!(let_go(&page), 0);
    }
}

#[test]
fn a_click_that_is_larger_than_an_item_may_be_keeps_what_was_clicked() {
    let mut page = Page::with_plan();
    click(&mut page, &"wide ".repeat(1_000), 5);
    let observation = arrived(&page);
    let elements = observation.seen.elements();
    assert_eq!((elements.len(), elements[0].tag.as_str()), (4, "a"));
}

#[test]
fn what_no_body_holds_is_let_go_and_counted_and_the_next_item_is_sent() {
    let mut page = Page::with_plan();
    page.tell(Input::Debug(true));
    page.event("first");
    page.answer_last(Answer::Settled);
    page.see(Seen::Event {
        name: "x".repeat(limits::BEACON_BYTES),
    });
    assert_eq!((page.engine.waiting(), let_go(&page)), (0, 1));
    assert_eq!(page.engine.next_wakeup(), None);
    assert!(page.said.last().expect("a word").contains("! \u{1f}l"));
    assert_eq!(page.sealed.len(), 1);
    page.tell(Input::Flush);
    page.tell(Input::Hidden(None));
    page.tell(Input::Back);
    page.wait(MINUTE);
    assert_eq!(
        (page.fetched.len(), page.beaconed.len()),
        (1, 0),
        "no body is empty"
    );
    page.event("next");
    page.wait(2_000);
    let body = page.fetched[1].clone();
    let envelope = Envelope::read(body.as_bytes()).expect("a beacon");
    assert_eq!((envelope.captured, envelope.dropped.overflow), (3, 1));
    assert_eq!(names(&body), ["next"]);
}

#[test]
fn what_an_earlier_page_left_and_no_body_holds_is_let_go_and_counted() {
    let mut page = Page::with_plan();
    let left = |number, bytes| Item {
        id: Id::new(START - MINUTE, [number; 10]),
        json: format!("{{\"kind\":\"{}\"}}", "x".repeat(bytes)),
    };
    let stored = vec![left(1, limits::BEACON_BYTES), left(2, 20_000)];
    page.disk
        .extend(stored.iter().map(|item| (item.id, item.json.clone())));
    page.tell(Input::Stored(stored));
    page.event("own");
    page.wait(MINUTE);
    assert_eq!(
        page.disk.len(),
        1,
        "what is only too large for the edge is the edge's to count"
    );
    assert_eq!(let_go(&page), 1);
    assert_eq!(page.engine.dropped()[0], (Drop::Overflow, 1));
    let body = page.fetched[0].clone();
    let envelope = Envelope::read(body.as_bytes()).expect("a beacon");
    assert_eq!(envelope.items.len(), 1);
    page.tell(Input::Answered(
        vec![(Id::new(START - MINUTE, [2; 10]), Answer::Settled)],
        None,
    ));
    page.wait(MINUTE);
    assert!(page.disk.is_empty());
    assert!(
        page.fetched
            .iter()
            .all(|body| !body.contains("\"items\":[]"))
    );
}

#[test]
fn an_attribute_is_cut_where_it_is_read() {
    let now = 1_795_000_000_000.0;
    let page = Id::new(START, [3; 10]).text();
    let mut sdk = Sdk::new(
        now,
        &["shop", "1", "wasm", &page, "granted", "", "", ""].join("\u{1f}"),
    );
    sdk.tell(now, "plan\u{1f}");
    let href = format!("data:,{}é", "a".repeat(60_000));
    let link = ["a", "", "", "href", &href, "download", "x"].join("\u{1f}");
    sdk.tell(
        now,
        &format!("seen\u{1f}click\u{1f}\u{1f}0\u{1f}/\u{1f}{link}\u{1e}"),
    );
    let told = sdk.tell(now, "record\u{1f}");
    let body = told
        .split('\u{1e}')
        .find_map(|effect| effect.strip_prefix('f'));
    let body = body.expect("a request");
    let item = &items(body)[0];
    let element = &item.observation.seen.elements()[0];
    assert_eq!(element.attribute("href"), href.get(..limits::TEXT_BYTES));
    assert_eq!(element.attribute("download"), Some("x"));
}
