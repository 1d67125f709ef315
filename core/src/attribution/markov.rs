//! Data-driven attribution: what would be lost without a channel, from how paths really went.

use alloc::{
    borrow::ToOwned as _,
    collections::{BTreeMap, BTreeSet},
    string::String,
    vec::Vec,
};

/// How often paths went from one channel to the next: counts that add up, a day's to a month's.
///
/// A path begins before its first touch, and ends with its conversion or after its last touch. The
/// latter is never counted: what comes to a channel and does not go on from it is lost there. What
/// goes on from a channel without having come to it was under way before the period; it counts as
/// begun there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transitions(BTreeMap<(Option<String>, Option<String>), u64>);

/// What would be lost without a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalEffect {
    /// The channel's name.
    pub channel: String,
    /// The part of all conversions that would be lost if every path that comes to this channel
    /// ended there, in units of 10^−12. Of several channels these sum to more than the whole: they
    /// are weights for [`super::apportion`], and a channel's share is its weight among all.
    pub weight: u64,
}

const WHOLE: f64 = 1e12;

impl Transitions {
    /// Counts `count` steps; `None` stands for a path's beginning in `from`, and for its conversion
    /// in `to`. A conversion without any touch, from `None` to `None`, is no channel's.
    pub fn add(&mut self, from: Option<&str>, to: Option<&str>, count: u64) {
        let key = (from.map(str::to_owned), to.map(str::to_owned));
        let sum = self.0.entry(key).or_default();
        *sum = sum.saturating_add(count);
    }

    /// Counts one whole path of channels, the first first.
    pub fn add_path(&mut self, channels: &[&str], converted: bool) {
        let mut from = None;
        for channel in channels {
            self.add(from, Some(channel), 1);
            from = Some(channel);
        }
        if converted {
            self.add(from, None, 1);
        }
    }

    /// The removal effect of every channel on a path, in order of name.
    ///
    /// A first-order Markov chain: from a channel a path goes on as paths did in all, whatever was
    /// before. The method is that of Anderl, Becker, von Wangenheim and Schumann (2016), "Mapping
    /// the customer journey", <https://doi.org/10.1016/j.ijresmar.2016.03.001>.
    ///
    /// Sums, products and quotients of `f64` in one fixed order: the same on every machine. Meant
    /// for counts below 10^12; the work grows with the cube of the number of channels.
    ///
    /// ```
    /// use goalpost_core::attribution::{Transitions, apportion};
    /// let mut paths = Transitions::default();
    /// paths.add_path(&["Paid Search", "Email"], true);
    /// paths.add_path(&["Paid Search"], false);
    /// paths.add_path(&["Email"], true);
    /// // Without Email nothing converts; without Paid Search one conversion of two is left.
    /// let effects = paths.removal_effects();
    /// assert_eq!(effects[0].channel, "Email");
    /// let weights: Vec<u64> = effects.iter().map(|effect| effect.weight).collect();
    /// assert_eq!(weights, [1_000_000_000_000, 500_000_000_000]);
    /// assert_eq!(apportion(10_000, &weights), [6_667, 3_333]);
    /// ```
    pub fn removal_effects(&self) -> Vec<RemovalEffect> {
        let chain = Chain::of(self);
        let visits = chain.expected_visits();
        let converts: Vec<f64> = visits.iter().map(|row| dot(row, &chain.converts)).collect();
        let all = dot(&chain.begins, &converts);
        let channels = chain.channels.iter().zip(&converts).enumerate();
        channels
            .map(|(at, (channel, converts))| {
                let to_it = |row: &Vec<f64>| row.get(at).copied().unwrap_or(0.0);
                let column: Vec<f64> = visits.iter().map(to_it).collect();
                let again = column.get(at).copied().unwrap_or(1.0);
                // Visits of all paths, by visits of a path that is there: how likely one comes.
                let comes = dot(&chain.begins, &column) / again;
                RemovalEffect {
                    channel: (*channel).to_owned(),
                    weight: units(comes * converts / all),
                }
            })
            .collect()
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 10^12; 0 by 0, where nothing converts, becomes 0"
)]
fn units(effect: f64) -> u64 {
    (effect * WHOLE + 0.5) as u64
}

#[allow(clippy::cast_precision_loss, reason = "a ratio to 16 digits")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// The channels that paths come to, and how likely each step is.
struct Chain<'a> {
    channels: Vec<&'a str>,
    /// How likely a path begins with each.
    begins: Vec<f64>,
    /// How likely the next step from each is a conversion.
    converts: Vec<f64>,
    /// How likely the next step from each is to each.
    steps: Vec<Vec<f64>>,
}

/// How many paths came to a channel, and how many went on from it.
#[derive(Clone, Copy, Default)]
struct Flow {
    came: u64,
    went: u64,
}

impl<'a> Chain<'a> {
    fn of(transitions: &'a Transitions) -> Self {
        let mut counts = BTreeMap::new();
        let mut flows: BTreeMap<&str, Flow> = BTreeMap::new();
        for ((from, to), count) in &transitions.0 {
            if let Some(to) = to {
                let flow = flows.entry(to).or_default();
                flow.came = flow.came.saturating_add(*count);
            }
            if let Some(from) = from {
                let flow = flows.entry(from).or_default();
                flow.went = flow.went.saturating_add(*count);
            }
            counts.insert((from.as_deref(), to.as_deref()), *count);
        }
        let count = |from, to| counts.get(&(from, to)).copied().unwrap_or(0);
        let flow = |channel: &str| flows.get(channel).copied().unwrap_or_default();
        let begins = |channel: &'a str| {
            // And what was under way before the period.
            let flow = flow(channel);
            count(None, Some(channel)).saturating_add(flow.went.saturating_sub(flow.came))
        };

        // Channels that only lead to each other are on no path, and have no way out.
        let mut reached = BTreeSet::new();
        let mut next: Vec<&'a str> = flows.keys().copied().collect();
        next.retain(|channel| begins(channel) > 0);
        while let Some(channel) = next.pop() {
            if reached.insert(channel) {
                let on = flows.keys().copied();
                next.extend(on.filter(|to| count(Some(channel), Some(*to)) > 0));
            }
        }

        let channels: Vec<&'a str> = reached.into_iter().collect();
        let all = channels
            .iter()
            .fold(0, |sum: u64, channel| sum.saturating_add(begins(channel)));
        let likely = |from, to| {
            let flow = flow(from);
            // What came and did not go on was lost here.
            ratio(count(Some(from), to), flow.came.max(flow.went))
        };
        let on = channels.iter().copied();
        Self {
            begins: on
                .clone()
                .map(|channel| ratio(begins(channel), all))
                .collect(),
            converts: on.clone().map(|from| likely(from, None)).collect(),
            steps: on
                .clone()
                .map(|from| on.clone().map(|to| likely(from, Some(to))).collect())
                .collect(),
            channels,
        }
    }

    /// From each channel, how often a path comes to each, itself at the beginning included: the
    /// inverse of 1 − steps, by Gauss and Jordan. All that comes to these channels leaves them
    /// again, so that every pivot is above 0 without exchanging rows.
    fn expected_visits(&self) -> Vec<Vec<f64>> {
        let size = self.channels.len();
        let unit = |at: usize, other: usize| if at == other { 1.0 } else { 0.0 };
        let mut rows: Vec<Vec<f64>> = self
            .steps
            .iter()
            .enumerate()
            .map(|(at, steps)| {
                let left = steps.iter().enumerate();
                left.map(|(to, step)| unit(at, to) - step)
                    .chain((0..size).map(|to| unit(at, to)))
                    .collect()
            })
            .collect();
        for at in 0..size {
            let mut pivot = rows.get_mut(at).map(core::mem::take).unwrap_or_default();
            let head = pivot.get(at).copied().unwrap_or(1.0);
            for value in &mut pivot {
                *value /= head;
            }
            for row in &mut rows {
                let factor = row.get(at).copied().unwrap_or(0.0);
                for (value, above) in row.iter_mut().zip(&pivot) {
                    *value -= factor * above;
                }
            }
            if let Some(row) = rows.get_mut(at) {
                *row = pivot;
            }
        }
        for row in &mut rows {
            row.drain(..size.min(row.len()));
        }
        rows
    }
}
