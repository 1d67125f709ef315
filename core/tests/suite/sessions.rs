//! What a session is, over what was recorded: the same whatever the order and number of copies.

use goalpost_core::{
    Zone,
    sessionize::{Event, Kind, Session, SessionRules, sessions},
    trail,
};
use proptest::prelude::*;

const HALF_AN_HOUR: SessionRules = SessionRules {
    timeout_ms: 1_800_000,
    split_at_midnight: false,
    split_by_campaign: false,
};
const AT_MIDNIGHT: SessionRules = SessionRules {
    split_at_midnight: true,
    ..HALF_AN_HOUR
};
const BY_CAMPAIGN: SessionRules = SessionRules {
    split_by_campaign: true,
    ..HALF_AN_HOUR
};

pub(crate) fn page(time: i64) -> Event<'static> {
    from_campaign(time, "")
}

pub(crate) fn from_campaign(time: i64, campaign: &'static str) -> Event<'static> {
    of_kind(time, Kind::Page { campaign })
}

pub(crate) fn of_kind(time: i64, kind: Kind<'_>) -> Event<'_> {
    Event {
        time,
        seq: None,
        kind,
        definitions: &[],
    }
}

fn numbered(seq: u32, time: i64) -> Event<'static> {
    Event {
        seq: Some(seq),
        ..page(time)
    }
}

fn divided(rules: SessionRules, events: &[Event<'_>]) -> Vec<Session> {
    sessions(events, &rules, &Zone::fixed(9 * 3_600))
}

/// How many sessions page views at these seconds make.
fn at_seconds(seconds: &[f64]) -> usize {
    #[allow(clippy::cast_possible_truncation, reason = "a few thousand seconds")]
    let events: Vec<_> = seconds
        .iter()
        .map(|second| page((second * 1_000.0) as i64))
        .collect();
    divided(HALF_AN_HOUR, &events).len()
}

#[test]
fn a_gap_of_the_timeout_begins_a_session_and_one_below_it_does_not() {
    assert_eq!(at_seconds(&[0.0, 1_799.999]), 1);
    assert_eq!(at_seconds(&[0.0, 1_800.0]), 2);
}

#[test]
fn the_timeout_counts_from_the_last_activity_not_from_the_first() {
    assert_eq!(at_seconds(&[0.0, 1_799.0, 3_598.0]), 1);
}

#[test]
fn midnight_ends_a_session_only_where_the_site_says_so_and_in_its_own_zone() {
    // 23:59 and 00:01 in Tokyo, which are 14:59 and 15:01 UTC.
    let events = [page(1_795_100_340_000), page(1_795_100_460_000)];
    assert_eq!(divided(HALF_AN_HOUR, &events).len(), 1);
    assert_eq!(divided(AT_MIDNIGHT, &events).len(), 2);
    assert_eq!(sessions(&events, &AT_MIDNIGHT, &Zone::fixed(0)).len(), 1);
}

#[test]
fn another_campaign_ends_a_session_only_where_the_site_says_so() {
    let events = [from_campaign(0, "a"), from_campaign(60_000, "b")];
    assert_eq!(divided(HALF_AN_HOUR, &events).len(), 1);
    assert_eq!(divided(BY_CAMPAIGN, &events).len(), 2);
}

#[test]
fn pages_without_a_campaign_and_with_the_same_one_go_on() {
    let same = [from_campaign(0, "a"), page(1), from_campaign(2, "a")];
    assert_eq!(divided(BY_CAMPAIGN, &same).len(), 1);
    let first = [page(0), from_campaign(1, "a")];
    assert_eq!(divided(BY_CAMPAIGN, &first).len(), 2);
}

#[test]
fn a_session_does_not_inherit_the_campaign_of_the_one_before() {
    let hour = 3_600_000;
    let events = [
        from_campaign(0, "a"),
        page(hour),
        from_campaign(hour + 1, "a"),
    ];
    assert_eq!(divided(BY_CAMPAIGN, &events).len(), 3);
    assert_eq!(divided(HALF_AN_HOUR, &events).len(), 2);
}

#[test]
fn what_is_delivered_last_falls_in_the_session_of_its_time() {
    let events = [page(0), page(3_600_000), page(900_000)];
    let sessions = divided(HALF_AN_HOUR, &events);
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].events, [0, 2]);
    assert_eq!(sessions[0].end, 900_000);
}

#[test]
fn what_is_delivered_last_can_join_two_sessions_into_one() {
    let events = [page(0), page(3_000_000), page(1_500_000)];
    let sessions = divided(HALF_AN_HOUR, &events);
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].events, [0, 2, 1]);
}

#[test]
fn a_clock_that_is_set_back_ends_nothing_and_the_order_stays() {
    let events = [numbered(1, 0), numbered(2, -600_000), numbered(3, -500_000)];
    let sessions = divided(HALF_AN_HOUR, &events);
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].events, [0, 1, 2]);
    assert_eq!(sessions[0].duration_ms(), 600_000);
}

#[test]
fn two_tabs_are_one_session_though_their_numbers_lie_apart() {
    let tabs = [
        numbered(65_536, 0),
        numbered(131_072, 1_500_000),
        numbered(65_537, 3_000_000),
    ];
    let sessions = divided(HALF_AN_HOUR, &tabs);
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].events, [0, 2, 1]);
}

#[test]
fn what_has_no_number_finds_its_place_by_its_time() {
    let events = [numbered(2, 20), page(15), numbered(1, 10)];
    assert_eq!(divided(HALF_AN_HOUR, &events)[0].events, [2, 1, 0]);
}

#[test]
fn what_happens_without_the_visitor_neither_begins_nor_extends_a_session() {
    let paid = |time| of_kind(time, Kind::Passive);
    let events = [
        paid(-1),
        page(0),
        paid(1_700_000),
        page(1_900_000),
        paid(9_000_000),
    ];
    let sessions = divided(HALF_AN_HOUR, &events);
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].events, [1, 2]);
    assert_eq!((sessions[0].end, sessions[0].interactions), (0, 0));
    assert_eq!(sessions[1].events, [3]);
    assert!(divided(HALF_AN_HOUR, &[paid(0)]).is_empty());
}

#[test]
fn nothing_seen_is_no_session() {
    assert!(divided(HALF_AN_HOUR, &[]).is_empty());
}

#[test]
fn a_play_ends_a_bounce_and_ten_seconds_an_engaged_session() {
    let interaction = |time| of_kind(time, Kind::Interaction);
    let one = |events: &[Event<'_>]| {
        let session = divided(HALF_AN_HOUR, events).remove(0);
        (session.bounced(), session.engaged())
    };
    assert_eq!(one(&[page(0)]), (true, false));
    assert_eq!(one(&[page(0), interaction(10_000)]), (false, false));
    assert_eq!(one(&[page(0), interaction(10_001)]), (false, true));
    assert_eq!(one(&[page(0), page(1)]), (false, true));
    let matched = Event {
        definitions: &["signup".into()],
        ..interaction(5)
    };
    assert_eq!(one(&[page(0), matched]), (false, true));
}

#[test]
fn a_trail_is_read_as_events() {
    let trail = r#"[65537,20,"event","x",["a","b"],""],[65536,10,"page","/",[],"mail//"]"#;
    let entries = trail::read(trail).unwrap();
    let events: Vec<Event<'_>> = entries.iter().map(Event::from).collect();
    assert_eq!(events[0].kind, Kind::Page { campaign: "mail//" });
    assert_eq!(events[1].kind, Kind::Interaction);
    let sessions = divided(HALF_AN_HOUR, &events);
    assert_eq!((sessions[0].pages, sessions[0].interactions), (1, 1));
    assert_eq!(sessions[0].key_events, 2);
}

fn any_kind() -> impl Strategy<Value = Kind<'static>> {
    prop_oneof![
        4 => prop_oneof![Just(""), Just("a"), Just("b")].prop_map(|campaign| Kind::Page { campaign }),
        3 => Just(Kind::Interaction),
        1 => Just(Kind::Passive),
    ]
}

fn any_event() -> impl Strategy<Value = Event<'static>> {
    let minutes = (0i64..600).prop_map(|minutes| minutes * 60_000);
    (minutes, proptest::option::of(1u32..20), any_kind()).prop_map(|(time, seq, kind)| Event {
        seq,
        ..of_kind(time, kind)
    })
}

pub(crate) fn any_events() -> impl Strategy<Value = Vec<Event<'static>>> {
    proptest::collection::vec(any_event(), 0..20)
}

fn any_rules() -> impl Strategy<Value = SessionRules> {
    (1i64..120, any::<bool>(), any::<bool>()).prop_map(|(minutes, midnight, campaign)| {
        SessionRules {
            timeout_ms: minutes * 60_000,
            split_at_midnight: midnight,
            split_by_campaign: campaign,
        }
    })
}

/// The sessions with their events in place of where these were.
fn seen(rules: SessionRules, events: &[Event<'static>]) -> Vec<(Session, Vec<Event<'static>>)> {
    let divided = divided(rules, events).into_iter();
    divided
        .map(|mut session| {
            let places = std::mem::take(&mut session.events);
            let events = places.into_iter().map(|at| events[at]).collect();
            (session, events)
        })
        .collect()
}

proptest! {
    #[test]
    fn order_and_copies_change_nothing(
        rules in any_rules(),
        (events, shuffled) in any_events().prop_flat_map(|events| {
            let copies: Vec<_> = events.iter().chain(&events).copied().collect();
            (Just(events), Just(copies).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(seen(rules, &events), seen(rules, &shuffled));
    }

    #[test]
    fn a_longer_timeout_never_makes_more_sessions(
        rules in any_rules(),
        more in 0i64..7_200_000,
        events in any_events(),
    ) {
        let longer = SessionRules { timeout_ms: rules.timeout_ms + more, ..rules };
        prop_assert!(divided(longer, &events).len() <= divided(rules, &events).len());
    }

    #[test]
    fn sessions_hold_all_activity_once_and_never_overlap(
        rules in any_rules(),
        mut events in any_events(),
    ) {
        events.sort();
        events.dedup();
        let sessions = divided(rules, &events);
        let mut held: Vec<usize> = sessions.iter().flat_map(|session| session.events.clone()).collect();
        held.sort_unstable();
        let before = held.len();
        held.dedup();
        prop_assert_eq!(before, held.len());
        let active = events.iter().filter(|event| event.kind != Kind::Passive).count();
        prop_assert_eq!(active, sessions.iter().map(|one| one.pages + one.interactions).sum::<usize>());
        for pair in sessions.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
    }

    #[test]
    fn a_duration_is_never_negative(times in proptest::collection::vec(any::<i64>(), 1..8)) {
        let events: Vec<_> = times.iter().zip(1..).map(|(time, seq)| numbered(seq, *time)).collect();
        for session in divided(HALF_AN_HOUR, &events) {
            prop_assert!(session.start <= session.end);
        }
    }

    #[test]
    fn in_one_tab_it_is_what_the_browser_assigns(gaps in proptest::collection::vec(0i64..3_600_000, 0..20)) {
        let mut time = 0;
        let mut record: Option<goalpost_core::SessionRecord> = None;
        let (mut events, mut assigned) = (Vec::new(), 0);
        for (gap, seq) in gaps.iter().zip(1..) {
            time += gap;
            events.push(numbered(seq, time));
            if !record.is_some_and(|record| record.continues(time, 0, None)) {
                assigned += 1;
            }
            let id = goalpost_core::Id::new(0, [0; 10]);
            record = Some(goalpost_core::SessionRecord { visitor: id, session: id, last: time, page_loads: 0 });
        }
        prop_assert_eq!(divided(HALF_AN_HOUR, &events).len(), assigned);
    }
}
