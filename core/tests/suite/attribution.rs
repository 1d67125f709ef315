//! Who gets what of one conversion's money: every minor unit once.

use goalpost_core::{
    Id,
    attribution::{Model, Path, TouchAt, Transform},
};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;
const NOW: i64 = 400 * DAY;

fn touch(days_before: i64, channel: &'static str) -> TouchAt<'static> {
    TouchAt {
        time: NOW - days_before * DAY,
        session: Id::new(NOW, [1; 10]),
        channel,
        direct: channel == "Direct",
    }
}

fn path(touches: &[TouchAt<'static>]) -> Path<'static> {
    Path::before(NOW, 400 * DAY, touches.iter().copied())
}

/// Channels a day apart, the last one a day before the conversion.
fn visits(channels: &[&'static str]) -> Path<'static> {
    let days = (1..).take(channels.len()).collect::<Vec<i64>>();
    let touches: Vec<_> = channels
        .iter()
        .zip(days.iter().rev())
        .map(|(channel, days)| touch(*days, channel))
        .collect();
    path(&touches)
}

fn days_before(days: &[i64]) -> Path<'static> {
    path(
        &days
            .iter()
            .map(|days| touch(*days, "Email"))
            .collect::<Vec<_>>(),
    )
}

fn names(path: &Path<'static>) -> String {
    path.touches().iter().map(|touch| touch.channel).collect()
}

#[test]
fn first_and_last_give_all_to_one() {
    let path = visits(&["A", "B", "C"]);
    assert_eq!(path.credits(Model::First, 10_000), [10_000, 0, 0]);
    assert_eq!(path.credits(Model::Last, 10_000), [0, 0, 10_000]);
}

#[test]
fn last_non_direct_passes_over_direct_unless_all_is_direct() {
    let credits = |channels: &[&'static str]| visits(channels).credits(Model::LastNonDirect, 100);
    assert_eq!(credits(&["A", "B", "Direct", "Direct"]), [0, 100, 0, 0]);
    assert_eq!(credits(&["Direct", "Direct"]), [0, 100]);
}

#[test]
fn linear_gives_what_is_left_over_to_the_earlier() {
    let path = visits(&["A", "B", "C"]);
    assert_eq!(path.credits(Model::Linear, 10_000), [3_334, 3_333, 3_333]);
}

#[test]
fn position_is_forty_twenty_forty() {
    let credits = |count| visits(&["A"; 5][..count]).credits(Model::Position, 10_000);
    assert_eq!(credits(1), [10_000]);
    assert_eq!(credits(2), [5_000, 5_000]);
    assert_eq!(credits(3), [4_000, 2_000, 4_000]);
    assert_eq!(credits(4), [4_000, 1_000, 1_000, 4_000]);
    assert_eq!(credits(5), [4_000, 667, 667, 666, 4_000]);
}

#[test]
fn time_decay_halves_each_seven_days() {
    let credits = |days| days_before(days).credits(Model::TimeDecay, 10_000);
    assert_eq!(credits(&[8, 1]), [3_333, 6_667]);
    assert_eq!(credits(&[14, 7, 0]), [1_429, 2_857, 5_714]);
    assert_eq!(credits(&[30, 1, 0]), [262, 4_628, 5_110]);
}

#[test]
fn time_decay_knows_parts_of_a_day_and_very_old_touches() {
    // 2^(−0.5) to 1 is 0.41421… to 0.58578….
    let half = TouchAt {
        time: NOW - 7 * DAY / 2,
        ..touch(0, "Email")
    };
    let path = path(&[half, touch(0, "Email")]);
    assert_eq!(path.credits(Model::TimeDecay, 100_000), [41_421, 58_579]);
    let old = Path::before(
        NOW,
        i64::MAX,
        [0, 7 * DAY].map(|time| TouchAt {
            time: time - 5_000 * DAY,
            ..touch(0, "Email")
        }),
    );
    assert_eq!(old.credits(Model::TimeDecay, 9), [3, 6]);
}

#[test]
fn snowplows_published_example() {
    // A conversion worth 140.00: position 56, 28, 56; linear 46.67 each.
    let path = visits(&["Direct", "Organic Search", "Direct"]);
    assert_eq!(path.credits(Model::Position, 14_000), [5_600, 2_800, 5_600]);
    assert_eq!(path.credits(Model::Linear, 14_000), [4_667, 4_667, 4_666]);
    assert_eq!(path.credits(Model::First, 14_000), [14_000, 0, 0]);
    assert_eq!(path.credits(Model::Last, 14_000), [0, 0, 14_000]);
}

#[test]
fn a_path_holds_both_ends_of_its_window_and_nothing_else() {
    let at = |time| TouchAt {
        time,
        ..touch(0, "A")
    };
    let touches = [-1, 0, 1].map(|off| [at(NOW - 30 * DAY + off), at(NOW + off)]);
    let path = Path::before(NOW, 30 * DAY, touches.into_iter().flatten());
    let times: Vec<i64> = path.touches().iter().map(|touch| touch.time).collect();
    let begin = NOW - 30 * DAY;
    assert_eq!(times, [begin, begin + 1, NOW - 1, NOW]);
}

#[test]
fn a_path_without_touches_gives_nothing_to_anybody() {
    for model in Model::ALL {
        assert!(path(&[]).credits(model, 10_000).is_empty());
    }
}

#[test]
fn transforms_leave_out_what_they_say() {
    let of = |channels, transform| names(&visits(channels).transformed(transform));
    let repeats = &["D", "A", "B", "B", "C", "D", "C", "C"];
    assert_eq!(of(repeats, Transform::Unique), "DABBCDCC");
    assert_eq!(of(repeats, Transform::Exposure), "DABCDC");
    assert_eq!(of(repeats, Transform::First), "DABC");
    let direct = &["Direct", "A", "Direct", "B", "Direct", "Direct"];
    assert_eq!(
        of(direct, Transform::RemoveIfLastAndNotAll),
        "DirectADirectB"
    );
    assert_eq!(of(direct, Transform::RemoveIfNotAll), "AB");
    let only = &["Direct", "Direct"];
    assert_eq!(of(only, Transform::RemoveIfLastAndNotAll), "DirectDirect");
    assert_eq!(of(only, Transform::RemoveIfNotAll), "DirectDirect");
}

#[test]
fn a_transform_changes_the_answer() {
    let path = visits(&["A", "A", "B"]);
    assert_eq!(path.credits(Model::Linear, 900), [300, 300, 300]);
    let exposed = path.transformed(Transform::Exposure);
    assert_eq!(exposed.credits(Model::Linear, 900), [450, 450]);
}

#[test]
fn names_are_read_as_written() {
    let names = Model::ALL.map(Model::name).join(" ");
    assert_eq!(
        names,
        "first last last_non_direct linear position time_decay"
    );
    for model in Model::ALL {
        assert_eq!(Model::parse(model.name()), Some(model));
    }
    assert_eq!(Model::parse("data_driven"), None);
}

pub(crate) const CHANNELS: [&str; 5] = [
    "Direct",
    "Email",
    "Organic Search",
    "Paid Search",
    "Referral",
];

fn any_touches() -> impl Strategy<Value = Vec<TouchAt<'static>>> {
    let time = prop_oneof![0i64..40, 0..NOW];
    let one =
        (time, 0u8..4, 0usize..CHANNELS.len()).prop_map(|(before, session, channel)| TouchAt {
            time: NOW - before,
            session: Id::new(NOW, [session; 10]),
            ..touch(0, CHANNELS[channel])
        });
    proptest::collection::vec(one, 1..10)
}

proptest! {
    #[test]
    fn credits_sum_to_the_money_and_a_void_takes_them_back(
        touches in any_touches(),
        lookback in 0..NOW,
        minor in any::<i64>(),
    ) {
        let path = Path::before(NOW, lookback, touches);
        prop_assume!(!path.touches().is_empty());
        for model in Model::ALL {
            let given = path.credits(model, minor);
            prop_assert_eq!(given.len(), path.touches().len());
            let sum: i128 = given.iter().copied().map(i128::from).sum();
            prop_assert_eq!(sum, i128::from(minor));
            if let Some(void) = minor.checked_neg() {
                let taken: Vec<i64> = path.credits(model, void).iter().map(|part| -part).collect();
                prop_assert_eq!(&taken, &given);
            }
            prop_assert!(path.credits(model, 0).iter().all(|part| *part == 0));
        }
    }

    #[test]
    fn order_and_copies_change_no_credit(
        (touches, shuffled) in any_touches().prop_flat_map(|touches| {
            let copies: Vec<_> = touches.iter().chain(&touches).copied().collect();
            (Just(touches), Just(copies).prop_shuffle())
        }),
        minor in any::<i64>(),
    ) {
        let (one, other) = (path(&touches), path(&shuffled));
        prop_assert_eq!(&one, &other);
        for model in Model::ALL {
            prop_assert_eq!(one.credits(model, minor), other.credits(model, minor));
        }
    }

    #[test]
    fn last_non_direct_never_credits_direct_beside_another(touches in any_touches(), minor in 1..i64::MAX) {
        let path = path(&touches);
        let known = path.touches().iter().any(|touch| !touch.direct);
        let credits = path.credits(Model::LastNonDirect, minor);
        let direct = path.touches().iter().zip(&credits).any(|(touch, part)| touch.direct && *part != 0);
        prop_assert_eq!(direct, !known);
        let without = path.clone().transformed(Transform::RemoveIfLastAndNotAll);
        let last = without.credits(Model::Last, minor);
        prop_assert_eq!(&credits[..last.len()], &last[..]);
    }

    #[test]
    fn a_transform_keeps_a_part_of_a_path_and_never_nothing(touches in any_touches()) {
        let path = path(&touches);
        for transform in [
            Transform::Exposure,
            Transform::Unique,
            Transform::First,
            Transform::RemoveIfLastAndNotAll,
            Transform::RemoveIfNotAll,
        ] {
            let left = path.clone().transformed(transform);
            prop_assert!(!left.touches().is_empty());
            prop_assert!(left.touches().iter().all(|touch| path.touches().contains(touch)));
            prop_assert_eq!(left.clone().transformed(transform), left);
        }
    }
}
