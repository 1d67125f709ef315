//! One recording, and the figures that each product would show of it.

use crate::sessions::{any_events, from_campaign, of_kind, page};
use goalpost_core::{
    Zone,
    sessionize::{Bounce, Event, Figures, Kind, Practice, Preset, SessionRules, Unit, figures},
};
use proptest::prelude::*;
use std::borrow::Cow;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn click(time: i64) -> Event<'static> {
    of_kind(time, Kind::Interaction)
}

fn play(time: i64) -> Event<'static> {
    const VIDEO: &[Cow<'static, str>] = &[Cow::Borrowed("watch-video")];
    Event {
        definitions: VIDEO,
        ..click(time)
    }
}

fn recording() -> Vec<Vec<Event<'static>>> {
    vec![
        // Two campaigns within a minute.
        vec![
            from_campaign(10 * HOUR, "a"),
            from_campaign(10 * HOUR + MINUTE, "b"),
        ],
        // Over midnight.
        vec![page(DAY - 10 * MINUTE), click(DAY + 10 * MINUTE)],
        // Exactly half an hour between two pages.
        vec![page(9 * HOUR), page(9 * HOUR + 30 * MINUTE)],
        // A page and a click, for five seconds.
        vec![page(12 * HOUR), click(12 * HOUR + 5 * SECOND)],
        // One page.
        vec![page(13 * HOUR)],
        // A goal twice in one session, and once more two hours later.
        vec![
            page(14 * HOUR),
            play(14 * HOUR + 10 * SECOND),
            play(14 * HOUR + 20 * SECOND),
            page(16 * HOUR),
            play(16 * HOUR + 5 * SECOND),
        ],
    ]
}

fn of(visitors: &[Vec<Event<'_>>], preset: Preset) -> Figures {
    figures(visitors, &preset.practice(), &Zone::fixed(0))
}

#[test]
fn one_recording_shows_each_products_figures() {
    // Sessions, bounces, engaged, seconds, conversions.
    for (preset, expected) in [
        (Preset::Goalpost, (8, 3, 4, 1_290, 3)),
        (Preset::Ga4, (8, 4, 4, 1_290, 3)),
        (Preset::Ua, (10, 7, 2, 30, 2)),
        (Preset::Matomo, (10, 7, 2, 30, 2)),
        (Preset::Plausible, (7, 1, 5, 3_090, 1)),
    ] {
        let figures = of(&recording(), preset);
        let conversions = figures.conversions["watch-video"];
        let found = (
            figures.sessions,
            figures.bounces,
            figures.engaged,
            figures.duration_ms / 1_000,
            conversions.counted,
        );
        assert_eq!(found, expected, "{preset:?}");
        let always = (figures.visitors, figures.pages, figures.interactions);
        assert_eq!(always, (6, 9, 5), "{preset:?}");
        let counts = (
            conversions.events,
            conversions.sessions,
            conversions.visitors,
        );
        assert_eq!(counts, (3, 2, 1), "{preset:?}");
    }
}

#[test]
fn the_exact_boundary_of_a_gap_is_each_products_own() {
    let sessions = |preset, gap| of(&[vec![page(0), page(gap)]], preset).sessions;
    for preset in Preset::ALL {
        let longest = match preset {
            Preset::Plausible => 31 * MINUTE - 1,
            Preset::Goalpost | Preset::Ga4 | Preset::Ua | Preset::Matomo => 30 * MINUTE - 1,
        };
        assert_eq!(sessions(preset, longest), 1, "{preset:?}");
        assert_eq!(sessions(preset, longest + 1), 2, "{preset:?}");
    }
}

#[test]
fn midnight_and_campaigns_split_only_for_universal_analytics_and_matomo() {
    for preset in Preset::ALL {
        let split = usize::from(matches!(preset, Preset::Ua | Preset::Matomo));
        let visitors = recording();
        assert_eq!(of(&visitors[..1], preset).sessions, 1 + split, "{preset:?}");
        assert_eq!(
            of(&visitors[1..2], preset).sessions,
            1 + split,
            "{preset:?}"
        );
    }
}

#[test]
fn a_matomo_visit_ends_with_its_ten_thousandth_action() {
    let clicks = |count| (0..count).map(click).collect::<Vec<_>>();
    assert_eq!(of(&[clicks(10_000)], Preset::Matomo).sessions, 1);
    assert_eq!(of(&[clicks(10_001)], Preset::Matomo).sessions, 2);
    assert_eq!(of(&[clicks(10_001)], Preset::Ua).sessions, 1);
}

#[test]
fn a_bounce_is_each_products_own() {
    let bounces = |preset, events: &[Event<'static>]| of(&[events.to_vec()], preset).bounces;
    for (preset, page_and_click, only_a_click, long_reading) in [
        (Preset::Goalpost, 0, 0, 0),
        (Preset::Ga4, 1, 1, 0),
        (Preset::Ua, 0, 1, 0),
        (Preset::Matomo, 0, 1, 0),
        (Preset::Plausible, 0, 0, 0),
    ] {
        assert_eq!(bounces(preset, &[page(0)]), 1, "{preset:?}");
        assert_eq!(bounces(preset, &[page(0), page(1)]), 0, "{preset:?}");
        let found = [
            bounces(preset, &[page(0), click(5 * SECOND)]),
            bounces(preset, &[click(0)]),
            bounces(preset, &[page(0), click(11 * SECOND)]),
        ];
        assert_eq!(
            found,
            [page_and_click, only_a_click, long_reading],
            "{preset:?}"
        );
    }
}

#[test]
fn each_part_of_a_practice_changes_alone() {
    let google = Preset::Ga4.practice();
    let hour = SessionRules {
        timeout_ms: HOUR,
        ..google.sessions
    };
    for (practice, sessions, bounces, counted) in [
        (
            Practice {
                sessions: hour,
                ..google
            },
            7,
            2,
            3,
        ),
        (
            Practice {
                bounce: Bounce::SingleAction,
                ..google
            },
            8,
            3,
            3,
        ),
        (
            Practice {
                conversions: Unit::Session,
                ..google
            },
            8,
            4,
            2,
        ),
    ] {
        let figures = figures(recording(), &practice, &Zone::fixed(0));
        let found = (figures.sessions, figures.bounces);
        assert_eq!(found, (sessions, bounces));
        assert_eq!(figures.conversions["watch-video"].counted, counted);
    }
}

#[test]
fn a_conversion_outside_every_session_counts_all_the_same() {
    let paid = |time| Event {
        kind: Kind::Passive,
        ..play(time)
    };
    let figures = of(&[vec![page(0), paid(HOUR), paid(DAY)]], Preset::Ua);
    let counts = figures.conversions["watch-video"];
    assert_eq!((counts.events, counts.sessions, counts.visitors), (2, 2, 1));
    assert_eq!((figures.sessions, figures.bounces), (1, 1));
}

#[test]
fn names_are_read_as_written() {
    for preset in Preset::ALL {
        assert_eq!(Preset::parse(preset.name()), Some(preset));
    }
    assert_eq!(Preset::parse("umami"), None);
}

proptest! {
    #[test]
    fn order_and_copies_change_no_figure(
        (visitors, shuffled) in proptest::collection::vec(any_events(), 0..4).prop_flat_map(|visitors| {
            let copies: Vec<_> = visitors
                .iter()
                .map(|events| {
                    let twice: Vec<_> = events.iter().chain(events).copied().collect();
                    Just(twice).prop_shuffle()
                })
                .collect();
            (Just(visitors), copies).prop_map(|(visitors, mut copies)| {
                copies.reverse();
                (visitors, copies)
            })
        }),
    ) {
        for preset in Preset::ALL {
            prop_assert_eq!(of(&visitors, preset), of(&shuffled, preset));
        }
    }

    #[test]
    fn parts_never_exceed_the_whole(visitors in proptest::collection::vec(any_events(), 0..4)) {
        for preset in Preset::ALL {
            let figures = of(&visitors, preset);
            prop_assert!(figures.bounces <= figures.sessions);
            prop_assert!(figures.engaged <= figures.sessions);
            if preset == Preset::Ga4 {
                prop_assert_eq!(figures.bounces + figures.engaged, figures.sessions);
            }
        }
    }
}
