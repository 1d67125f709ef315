//! Rows as JSON arrays, in the order that the statements read them.

use goalpost_core::{
    Conversion, Id, Money, Rules, Worth,
    json::{push_field, push_integer, push_number_field, push_text},
    order_token::OrderTokenProblem,
};
use std::{borrow::Cow, collections::BTreeSet};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The bytes of an id as the text that `unhex()` reads.
pub(super) fn hex(id: Id) -> String {
    let mut text = String::with_capacity(32);
    push_hex(&mut text, id);
    text
}

fn push_hex(out: &mut String, id: Id) {
    for byte in id.bytes() {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from(
                HEX.get(usize::from(digit)).copied().unwrap_or(b'0'),
            ));
        }
    }
}

/// A row that is being written.
pub(super) struct Row(String);

impl Row {
    pub(super) fn new(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('[');
        Self(text)
    }

    fn next(&mut self) -> &mut String {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        &mut self.0
    }

    pub(super) fn text(mut self, text: &str) -> Self {
        push_text(self.next(), text);
        self
    }

    pub(super) fn optional_text(mut self, text: Option<&str>) -> Self {
        match text {
            Some(text) => push_text(self.next(), text),
            None => self.next().push_str("null"),
        }
        self
    }

    pub(super) fn number(mut self, number: i64) -> Self {
        push_integer(self.next(), number);
        self
    }

    pub(super) fn id(mut self, id: Option<Id>) -> Self {
        let out = self.next();
        match id {
            Some(id) => {
                out.push('"');
                push_hex(out, id);
                out.push('"');
            }
            None => out.push_str("null"),
        }
        self
    }

    /// JSON that this module has written.
    pub(super) fn json(mut self, json: Option<&str>) -> Self {
        self.next().push_str(json.unwrap_or("null"));
        self
    }

    pub(super) fn end(mut self) -> String {
        self.0.push(']');
        self.0
    }
}

/// Who stands for an amount.
#[derive(Clone, Copy)]
pub(crate) enum Voucher {
    /// The page alone.
    Page,
    /// A server, by itself or by its order token.
    Server,
    /// The page alone: its order token proves nothing, and this is why.
    BadToken(OrderTokenProblem),
}

/// The conversions of an observation, as stored beside it and as read by the trigger that makes
/// rows of them; `None` if nothing happened.
pub(crate) fn verdict(
    rules: &Rules,
    conversions: &[Conversion],
    voucher: impl Fn(&Conversion, Money) -> Voucher,
) -> Option<String> {
    if conversions.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(conversions.len().saturating_mul(128));
    out.push('[');
    for conversion in conversions {
        if out.len() > 1 {
            out.push(',');
        }
        out.push('{');
        let worth = rules
            .definition(&conversion.definition)
            .map(|definition| &definition.worth);
        let kind = match worth {
            Some(Worth::Value(_)) => "outcome",
            _ => "goal",
        };
        for (key, text) in [
            ("definition", conversion.definition.as_str()),
            ("scope", &conversion.key.scope),
            ("who", &conversion.key.who),
            ("dedup", &conversion.key.dedup),
            ("kind", kind),
        ] {
            push_field(&mut out, key, text);
        }
        if conversion.points > 0 {
            push_number_field(&mut out, "points", i64::from(conversion.points));
        }
        if let Some(money) = conversion.money {
            push_number_field(&mut out, "minor", money.minor);
            push_field(&mut out, "currency", money.currency.code());
            match voucher(conversion, money) {
                Voucher::Page => {}
                Voucher::Server => push_field(&mut out, "money", "verified"),
                Voucher::BadToken(problem) => push_field(&mut out, "token", problem.name()),
            }
        }
        out.push('}');
    }
    out.push(']');
    Some(out)
}

/// What the page claimed, where that is not what the edge found; claims of definitions that the
/// plan does not have are one empty name, so that nobody can fill the tally with names.
pub(super) fn claims(
    rules: &Rules,
    claimed: &[Cow<'_, str>],
    conversions: &[Conversion],
) -> Option<String> {
    let found: BTreeSet<&str> = conversions
        .iter()
        .map(|conversion| conversion.definition.as_str())
        .collect();
    let claimed: BTreeSet<&str> = claimed
        .iter()
        .map(|claim| {
            rules
                .definition(claim)
                .map_or("", |definition| definition.id.as_str())
        })
        .collect();
    if claimed == found {
        return None;
    }
    let mut out = String::from("[");
    for claim in claimed {
        if out.len() > 1 {
            out.push(',');
        }
        push_text(&mut out, claim);
    }
    out.push(']');
    Some(out)
}
