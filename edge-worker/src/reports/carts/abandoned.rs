//! Carts that are given up, for whoever wants to remind people of them.

use super::{
    super::{
        csv::{guarded, push_line, utc},
        table::{Label, Row, Table},
    },
    Owned,
};
use goalpost_core::Id;
use std::cmp::Reverse;

/// The list's columns.
pub(super) const COLUMNS: [(&str, &str); 9] = [
    ("visitor", "Visitor"),
    ("contact", "Contact"),
    ("session", "Session"),
    ("products", "Products"),
    ("first_add", "First product"),
    ("last_add", "Last product"),
    ("abandoned_at", "Given up"),
    ("channel", "Channel"),
    ("device", "Device"),
];

/// Those that were not bought since, the last one first, and how many there are.
pub(super) fn last(mut carts: Vec<Owned<'_>>, limit: usize) -> (Vec<Owned<'_>>, usize) {
    carts.retain(|(_, begun)| {
        begun.cart.abandoned_at.is_some() && begun.cart.purchased_at.is_none()
    });
    carts.sort_by_key(|(_, begun)| (Reverse(begun.cart.last_add), begun.cart.session));
    let of = carts.len();
    carts.truncate(limit);
    (carts, of)
}

/// The list as a table without figures.
pub(super) fn table(carts: &[Owned<'_>], of: usize) -> Table {
    Table {
        rows: carts
            .iter()
            .map(|cart| Row {
                labels: labels(*cart),
                figures: Vec::new(),
            })
            .collect(),
        of,
        rest: None,
        totals: Vec::new(),
    }
}

/// The list for a spreadsheet, without a line of totals, so that each line is a cart.
pub(super) fn csv(carts: &[Owned<'_>]) -> String {
    let mut out = String::new();
    push_line(&mut out, COLUMNS.iter().map(|(id, _)| String::from(*id)));
    for cart in carts {
        push_line(
            &mut out,
            labels(*cart).into_iter().map(|own| guarded(&own.name)),
        );
    }
    out
}

fn labels((contact, begun): Owned<'_>) -> Vec<Label> {
    let cart = &begun.cart;
    let text = |text: &str| Label {
        id: String::from(text),
        name: String::from(text),
        in_plan: None,
    };
    vec![
        text(&begun.visitor.map(Id::text).unwrap_or_default()),
        text(contact.unwrap_or_default()),
        text(&cart.session.text()),
        text(&cart.products.join(", ")),
        moment(Some(cart.first_add)),
        moment(Some(cart.last_add)),
        moment(cart.abandoned_at),
        text(&begun.channel),
        text(&begun.device),
    ]
}

/// A time: Unix milliseconds for programs, and UTC for people.
fn moment(time: Option<i64>) -> Label {
    Label {
        id: time.map(|time| time.to_string()).unwrap_or_default(),
        name: time.map(utc).unwrap_or_default(),
        in_plan: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_for_programs_and_for_people() {
        let label = moment(Some(1_795_000_000_123));
        assert_eq!(label.id, "1795000000123");
        assert_eq!(label.name, "2026-11-18T11:06:40Z");
        assert_eq!(moment(None).name, "");
    }
}
