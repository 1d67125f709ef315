//! Carts that are given up, for whoever wants to remind people of them.

use super::{
    super::{
        csv::{guarded, push_line},
        period::Period,
    },
    Owned,
};
use crate::openapi::shape;
use goalpost_core::Id;
use serde_json::{Value, json};

/// Carts that are given up and not bought since.
pub(super) struct Listed<'a> {
    /// How many there are, shown or not.
    of: usize,
    carts: Vec<Owned<'a>>,
}

impl<'a> Listed<'a> {
    pub(super) fn of(mut carts: Vec<Owned<'a>>, limit: usize) -> Self {
        carts.retain(|(_, begun)| {
            begun.cart.abandoned_at.is_some() && begun.cart.purchased_at.is_none()
        });
        carts
            .sort_by_key(|(_, begun)| (std::cmp::Reverse(begun.cart.last_add), begun.cart.session));
        let of = carts.len();
        carts.truncate(limit);
        Self { of, carts }
    }

    pub(super) fn json(&self, site: &str, period: &Period) -> Value {
        let carts: Vec<Value> = self
            .carts
            .iter()
            .map(|(contact, begun)| {
                json!({
                    "visitor": begun.visitor.map(Id::text),
                    "contact": contact,
                    "session": begun.cart.session.text(),
                    "products": begun.cart.products,
                    "first_add": begun.cart.first_add,
                    "last_add": begun.cart.last_add,
                    "abandoned_at": begun.cart.abandoned_at,
                    "channel": begun.channel,
                    "device": begun.device,
                })
            })
            .collect();
        json!({
            "site": site, "from": period.from, "to": period.to, "of": self.of, "carts": carts,
        })
    }

    pub(super) fn csv(&self) -> String {
        let names = [
            "visitor",
            "contact",
            "session",
            "products",
            "first_add",
            "last_add",
            "abandoned_at",
            "channel",
            "device",
        ];
        let mut out = String::new();
        push_line(&mut out, names.into_iter().map(String::from));
        for (contact, begun) in &self.carts {
            let cart = &begun.cart;
            let fields = [
                begun.visitor.map(Id::text).unwrap_or_default(),
                guarded(contact.unwrap_or_default()),
                cart.session.text(),
                guarded(&cart.products.join(" ")),
                cart.first_add.to_string(),
                cart.last_add.to_string(),
                cart.abandoned_at
                    .map(|at| at.to_string())
                    .unwrap_or_default(),
                guarded(&begun.channel),
                guarded(&begun.device),
            ];
            push_line(&mut out, fields.into_iter());
        }
        out
    }
}

/// The shape of a cart.
pub(super) fn cart_schema() -> Value {
    let perhaps = |about: &str| json!({"type": ["string", "null"], "description": about});
    shape::object(&[
        ("visitor", perhaps("The visitor, where one may be known.")),
        ("contact", perhaps("The contact, where it is known.")),
        ("session", shape::id("The session in which it was begun.")),
        ("products", shape::list(shape::text("A product's id."))),
        (
            "first_add",
            shape::time("When the first product was added."),
        ),
        ("last_add", shape::time("When the last product was added.")),
        ("abandoned_at", shape::time("When it was given up.")),
        ("channel", shape::text("The session's channel.")),
        ("device", shape::text("The session's device.")),
    ])
}
