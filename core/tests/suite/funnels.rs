//! How far people come in a funnel: every case that other tools decide differently, by name.

use goalpost_core::{
    Id, PagePattern,
    funnel::{
        Counts, Event, Funnel, Order, Progress, Step, Unit, events_of_session, in_order, progress,
    },
    kpi::Rate,
    trail::{self, Entry},
};
use std::borrow::Cow;

pub(crate) fn funnel(order: Order, window_ms: i64, steps: Vec<Step>) -> Funnel {
    Funnel {
        id: "checkout".into(),
        name: "Checkout".into(),
        steps,
        exclude: Vec::new(),
        order,
        window_ms,
        unit: Unit::Contact,
    }
}

pub(crate) fn session(number: u8) -> Id {
    Id::new(1, [number; 10])
}

pub(crate) fn entry(
    seq: u32,
    time: i64,
    kind: &'static str,
    name: &'static str,
    detail: &'static str,
) -> Entry<'static> {
    Entry {
        seq,
        time,
        kind: kind.into(),
        name: name.into(),
        definitions: Vec::new(),
        detail: detail.into(),
    }
}

/// Custom events: each name at its time.
fn saw(names: &[(&'static str, i64)]) -> Vec<Entry<'static>> {
    names
        .iter()
        .zip(1u32..)
        .map(|((name, time), seq)| entry(seq, *time, "event", name, ""))
        .collect()
}

/// `"A X B"`: one event each second.
fn in_seconds(names: &'static str) -> Vec<Entry<'static>> {
    let times = (0i64..).map(|second| second * 1_000);
    saw(&names.split_whitespace().zip(times).collect::<Vec<_>>())
}

fn events(names: &str) -> Vec<Step> {
    names
        .split_whitespace()
        .map(|name| Step::Event(name.into()))
        .collect()
}

fn run(funnel: &Funnel, entries: &[Entry<'_>]) -> Progress {
    progress(funnel, &events_of_session(session(1), None, entries))
}

/// How far the funnel `steps` gets: loose, strict, in any order.
fn far(steps: &str, seen: &'static str) -> (usize, usize, usize) {
    let entries = in_seconds(seen);
    let reached = |order| {
        run(&funnel(order, 60_000, events(steps)), &entries)
            .steps
            .len()
    };
    (
        reached(Order::Loose),
        reached(Order::Strict),
        reached(Order::Any),
    )
}

fn times(progress: &Progress) -> Vec<i64> {
    progress.steps.iter().map(|step| step.time).collect()
}

#[test]
fn three_steps_in_a_row_are_three() {
    assert_eq!(far("A B C", "A B C"), (3, 3, 3));
}

#[test]
fn something_between_breaks_only_a_strict_funnel() {
    assert_eq!(far("A B", "A X B"), (2, 1, 2));
}

#[test]
fn the_wrong_way_round_is_one_step_unless_any_order_will_do() {
    assert_eq!(far("A B", "B A"), (1, 1, 2));
    assert_eq!(far("A B", "B"), (0, 0, 1));
}

#[test]
fn one_event_is_one_of_two_like_steps() {
    assert_eq!(far("A A", "A"), (1, 1, 1));
    assert_eq!(far("A A", "A A"), (2, 2, 2));
    assert_eq!(far("A B A", "A B"), (2, 2, 2));
}

#[test]
fn a_later_start_succeeds_where_an_early_one_failed() {
    let seen = saw(&[("A", 0), ("A", 10), ("B", 40)]);
    for order in [Order::Loose, Order::Any] {
        let progress = run(&funnel(order, 35, events("A B")), &seen);
        assert_eq!(times(&progress), [10, 40]);
        assert_eq!(progress.took_ms(1), Some(30));
    }
    assert_eq!(far("A B C", "A B A B X A B C"), (3, 3, 3));
    assert_eq!(far("A A B", "A A A B"), (3, 3, 3));
}

#[test]
fn the_window_is_counted_from_the_first_step_and_its_end_is_in_time() {
    let reached = |window, seen: &[(&'static str, i64)]| {
        run(&funnel(Order::Loose, window, events("A B C")), &saw(seen))
            .steps
            .len()
    };
    assert_eq!(reached(35, &[("A", 0), ("B", 30), ("C", 35)]), 3);
    assert_eq!(reached(35, &[("A", 0), ("B", 30), ("C", 36)]), 2);
}

#[test]
fn whoever_does_what_is_excluded_on_the_way_is_removed() {
    let excluding = |seen: &'static str| {
        let mut funnel = funnel(Order::Loose, 2_500, events("A B"));
        funnel.exclude = events("E");
        let progress = run(&funnel, &in_seconds(seen));
        (progress.excluded.is_some(), progress.steps.len())
    };
    assert_eq!(excluding("A E B"), (true, 0));
    assert_eq!(excluding("E A B"), (false, 2), "before the first step");
    assert_eq!(excluding("A B E"), (false, 2), "after the last step");
    assert_eq!(excluding("A E"), (true, 0), "within the window");
    assert_eq!(excluding("A X X E B"), (false, 1), "after the window");
    assert_eq!(excluding("A E B A B"), (true, 0), "nothing makes it good");
    assert_eq!(excluding("A B A E"), (false, 2), "it had come through");
}

#[test]
fn what_is_excluded_is_no_step() {
    let mut funnel = funnel(Order::Loose, 60_000, events("A B"));
    funnel.exclude = events("B");
    let removed = run(&funnel, &in_seconds("A B")).excluded;
    assert_eq!(removed.map(|by| by.time), Some(1_000));
    assert_eq!(run(&funnel, &in_seconds("B A")).steps.len(), 1);
}

#[test]
fn eight_people_in_a_strict_funnel_are_counted_as_posthog_counts_them() {
    let people = [
        "A",
        "B A",
        "A B X C",
        "C X B A",
        "B A X B C",
        "X A X B",
        "X A B C X",
        "C B",
    ];
    let funnel = funnel(Order::Strict, 60_000, events("A B C"));
    let mut counts = Counts::new(&funnel);
    let mut reached: [Vec<usize>; 3] = Default::default();
    for (person, seen) in (1..).zip(people) {
        let progress = run(&funnel, &in_seconds(seen));
        counts.add(&progress);
        for step in reached.iter_mut().take(progress.steps.len()) {
            step.push(person);
        }
    }
    assert_eq!(counts.reached, [7, 2, 1]);
    assert_eq!(reached, [vec![1, 2, 3, 4, 5, 6, 7], vec![3, 7], vec![7]]);
}

#[test]
fn equal_times_are_told_apart_by_the_sequence_number() {
    let steps = funnel(Order::Strict, 60_000, events("A B"));
    let order = |a, b| {
        let one = [entry(a, 5, "event", "A", "")];
        let other = [entry(b, 5, "event", "B", "")];
        let lists = [
            events_of_session(session(1), None, &other),
            events_of_session(session(1), None, &one),
        ];
        progress(&steps, &in_order(lists)).steps.len()
    };
    assert_eq!(order(1, 2), 2);
    assert_eq!(order(2, 1), 1);
}

#[test]
fn a_clock_that_was_set_back_does_not_turn_a_session_round() {
    let seen = saw(&[("A", 600_000), ("B", 0), ("C", 1_000)]);
    let progress = run(&funnel(Order::Loose, 60_000, events("A B C")), &seen);
    assert_eq!(times(&progress), [600_000, 600_000, 600_000]);
}

/// As stored, in whatever order it came.
const TOLD_BY_A_SERVER: &str = r#"
[65536,0,"page","/shoes/7",[],""],[65537,0,"commerce","view_item",[],"7"],
[65538,10,"commerce","add_to_cart",[],"7"],[0,60,"commerce","purchase",["product-purchase"],"A1"],
[65539,70,"page","/thanks",[],""]"#;

#[test]
fn what_a_server_tells_of_a_session_stands_where_it_happened() {
    let entries = trail::read(TOLD_BY_A_SERVER).unwrap();
    let seen = events_of_session(session(1), Some("Email"), &entries);
    let steps = vec![
        Step::Arrival("Email".into()),
        Step::Page(PagePattern::parse("/shoes/:id").unwrap()),
        Step::Commerce("view_item".into()),
        Step::Commerce("add_to_cart".into()),
        Step::Definition("product-purchase".into()),
        Step::Page(PagePattern::parse("/thanks").unwrap()),
    ];
    let way = progress(&funnel(Order::Strict, 60_000, steps), &seen);
    assert_eq!(times(&way), [0, 0, 0, 10, 60, 70]);
}

#[test]
fn what_is_done_in_two_tabs_is_in_the_order_of_time() {
    let seen = [
        entry(65_536, 0, "event", "A", ""),
        entry(65_537, 60, "event", "C", ""),
        entry(131_072, 20, "event", "B", ""),
        // A clock that is set back in a tab stands still in that tab.
        entry(131_073, 5, "event", "D", ""),
    ];
    let way = run(&funnel(Order::Strict, 60_000, events("A B D C")), &seen);
    assert_eq!(times(&way), [0, 20, 20, 60]);
}

#[test]
fn of_equal_attempts_the_first_to_get_there_counts_from_its_last_start() {
    let loose = funnel(Order::Loose, 60_000, events("A B C"));
    let of = |seen| times(&run(&loose, &in_seconds(seen)));
    assert_eq!(of("A A B X A B"), [1_000, 2_000]);
    assert_eq!(of("A B B C"), [0, 1_000, 3_000]);
    assert_eq!(of("A B A B C C"), [2_000, 3_000, 4_000]);
    assert_eq!(of("A X A"), [0]);
}

#[test]
fn in_any_order_each_step_still_needs_an_event_of_its_own() {
    // `/shoes/1` fits both steps, `/shoes/` only the wider one.
    let page = |pattern: &str| Step::Page(PagePattern::parse(pattern).unwrap());
    let any = funnel(
        Order::Any,
        60_000,
        vec![page("/shoes/*"), page("/shoes/:id")],
    );
    let pages = |paths: &[&'static str]| {
        let entries: Vec<Entry<'_>> = paths
            .iter()
            .zip(1u32..)
            .map(|(path, seq)| entry(seq, i64::from(seq), "page", path, ""))
            .collect();
        run(&any, &entries).steps.len()
    };
    assert_eq!(pages(&["/shoes/1"]), 1);
    assert_eq!(pages(&["/shoes/1", "/shoes/"]), 2);
    assert_eq!(pages(&["/shoes/", "/shoes/"]), 1);
}

/// A page of the way that the shop describes, with a goal that it matched.
fn arrived<'a>(number: u8, channel: &'a str, entries: &'a [Entry<'a>]) -> Vec<Event<'a>> {
    events_of_session(session(number), Some(channel), entries)
}

fn shops_own() -> Vec<Step> {
    let page = |pattern: &str| Step::Page(PagePattern::parse(pattern).unwrap());
    vec![
        Step::Arrival("Organic Social".into()),
        page("/shoes/:id"),
        page("/mail/sign-up"),
        Step::Arrival("Email".into()),
        page("/shoes/:id"),
        Step::Definition("product-purchase".into()),
        page("/thank-you"),
    ]
}

#[test]
fn a_way_over_several_channels_with_a_page_twice_is_followed_to_its_end() {
    let funnel = funnel(Order::Loose, 2_592_000_000, shops_own());
    let day = 86_400_000;
    // From a post straight to the shoe: the landing is an arrival and a product page.
    let first = [
        entry(1, 0, "page", "/shoes/7", "social//"),
        entry(2, 1_000, "click", "", ""),
        entry(3, 2_000, "page", "/mail/sign-up", ""),
        entry(4, 3_000, "submit", "", ""),
    ];
    let mut purchase = entry(65_539, day + 9_000, "commerce", "purchase", "A1");
    purchase.definitions = vec![Cow::Borrowed("product-purchase")];
    let second = [
        entry(65_537, day, "page", "/shoes/7", "mail//"),
        entry(65_538, day + 5_000, "commerce", "add_to_cart", "7"),
        purchase,
        entry(65_540, day + 10_000, "page", "/thank-you", ""),
    ];
    let one = arrived(1, "Organic Social", &first);
    let two = arrived(2, "Email", &second);
    let progress = progress(&funnel, &in_order([two.clone(), one.clone(), two.clone()]));
    assert_eq!(
        times(&progress),
        [0, 0, 2_000, day, day, day + 9_000, day + 10_000]
    );
    assert_eq!(
        progress.entry().map(|entry| entry.session),
        Some(session(1))
    );
    assert_eq!(progress.took_ms(6), Some(day + 10_000));
    assert_eq!(progress.took_ms(7), None);

    // Each session for itself: the way begins in the first and ends there.
    assert_eq!(
        goalpost_core::funnel::progress(&funnel, &one).steps.len(),
        3
    );
    assert_eq!(
        goalpost_core::funnel::progress(&funnel, &two).steps.len(),
        0
    );
}

#[test]
fn the_same_way_without_the_mail_stops_before_it() {
    let funnel = funnel(Order::Loose, 2_592_000_000, shops_own());
    let first = [
        entry(1, 0, "page", "/shoes/7", ""),
        entry(2, 2_000, "page", "/mail/sign-up", ""),
    ];
    let second = [entry(65_537, 9_000, "page", "/shoes/7", "")];
    let one = arrived(1, "Organic Social", &first);
    let two = arrived(2, "Direct", &second);
    assert_eq!(progress(&funnel, &in_order([one, two])).steps.len(), 3);
}

#[test]
fn an_arrival_never_lies_between_two_steps() {
    let strict = funnel(Order::Strict, 60_000, events("A B"));
    let first = [entry(1, 0, "event", "A", "")];
    let second = [entry(65_537, 10, "event", "B", "")];
    let one = arrived(1, "Direct", &first);
    let two = arrived(2, "Email", &second);
    assert_eq!(
        progress(&strict, &in_order([one.clone(), two.clone()]))
            .steps
            .len(),
        2
    );

    let mut steps = events("A B");
    steps.insert(1, Step::Arrival("Email".into()));
    let by_mail = funnel(Order::Strict, 60_000, steps);
    assert_eq!(progress(&by_mail, &in_order([one, two])).steps.len(), 3);
}

#[test]
fn each_kind_of_step_fits_its_own_kind_of_event_only() {
    let alike = [
        entry(1, 1, "event", "purchase", ""),
        entry(2, 2, "trigger", "purchase", ""),
        entry(3, 3, "commerce", "purchase", ""),
        entry(4, 4, "page", "purchase", ""),
    ];
    let reached_at = |step| {
        let progress = run(&funnel(Order::Loose, 60, vec![step]), &alike);
        progress.entry().map(|entry| entry.time)
    };
    assert_eq!(reached_at(Step::Event("purchase".into())), Some(1));
    assert_eq!(reached_at(Step::Commerce("purchase".into())), Some(3));
    assert_eq!(reached_at(Step::Definition("purchase".into())), None);
    assert_eq!(reached_at(Step::Arrival("purchase".into())), None);
}

#[test]
fn rates_are_given_overall_and_from_step_to_step() {
    let funnel = funnel(Order::Loose, 60_000, events("A B C"));
    let mut counts = Counts::new(&funnel);
    for seen in ["A", "A B", "A B C", "A B X", "B"] {
        counts.add(&run(&funnel, &in_seconds(seen)));
    }
    assert_eq!(counts.reached, [4, 3, 1]);
    let percents =
        |rates: Vec<Rate>| -> Vec<String> { rates.iter().filter_map(Rate::percent).collect() };
    assert_eq!(percents(counts.overall()), ["100.00", "75.00", "25.00"]);
    assert_eq!(percents(counts.step_to_step()), ["75.00", "33.33"]);
    let last = counts.step_to_step().pop().unwrap();
    assert_eq!(last.numerator_name, "people at step 3");
    assert_eq!(last.denominator_name, "people at step 2");
    assert!(
        Counts::new(&funnel).overall()[0].percent().is_none(),
        "no data"
    );
}
