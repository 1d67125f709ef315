//! What an author probably meant.

use alloc::{vec, vec::Vec};

/// The candidate nearest to what was written, if it is near enough to be meant.
pub(crate) fn nearest<'a>(
    written: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    // Longer than any name, so it is no misspelling: and the distance costs length × length.
    if written.len() > crate::limits::NAME_BYTES {
        return None;
    }
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be added, removed, changed or swapped with their neighbour; capitals do
/// not matter.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from
        .chars()
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let to: Vec<char> = to
        .chars()
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX);
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut two_above = vec![usize::MAX; above.len()];
    for (i, letter) in from.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, wanted) in to.iter().enumerate() {
            let next = j.saturating_add(1);
            let change = at(&above, j).saturating_add(usize::from(letter != wanted));
            let add = at(&row, j).saturating_add(1);
            let remove = at(&above, next).saturating_add(1);
            let mut least = change.min(add).min(remove);
            let before = |letters: &[char], index: usize| {
                index
                    .checked_sub(1)
                    .and_then(|index| letters.get(index).copied())
            };
            if before(&from, i) == Some(*wanted) && before(&to, j) == Some(*letter) {
                least = least.min(at(&two_above, j.saturating_sub(1)).saturating_add(1));
            }
            row.push(least);
        }
        two_above = core::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_understood() {
        let fields = ["count", "dedup", "points", "when"];
        for (written, meant) in [
            ("coutn", Some("count")),
            ("point", Some("points")),
            ("Count", Some("count")),
            ("wehn", Some("when")),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, fields.into_iter()), meant, "{written}");
        }
    }
}
