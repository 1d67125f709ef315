//! Carts: what was put into one, and whether it was bought.

use crate::{
    commerce::CommerceStep,
    funnel::{Event, What},
    id::Id,
};
use alloc::{borrow::ToOwned as _, collections::BTreeSet, string::String, vec::Vec};

/// A cart: products that a person put together without a long pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cart {
    /// The session in which it was begun.
    pub session: Id,
    /// When the first product was added: Unix milliseconds.
    pub first_add: i64,
    /// When the last product was added.
    pub last_add: i64,
    /// The products added, by the page's own ids, in order and each once. Those that the page did
    /// not name are not here.
    pub products: Vec<String>,
    /// When it was bought.
    pub purchased_at: Option<i64>,
    /// When it was given up: so long after the last product was added, nothing had been bought. It
    /// stays, also when the cart is bought later.
    pub abandoned_at: Option<i64>,
}

impl Cart {
    /// Whether it was given up, and bought after all.
    pub const fn is_recovered(&self) -> bool {
        self.abandoned_at.is_some() && self.purchased_at.is_some()
    }
}

/// The carts of one person, from all their events in order (see [`crate::funnel::in_order`]), as
/// known at `now` (Unix milliseconds).
///
/// - A product joins the cart that is still open. A cart is given up once `abandoned_after_ms` have
///   passed since the last product, and what is added then begins another.
/// - A purchase buys every cart since the one before: what a shop keeps in its cart is bought too.
///   The same order number buys once, so a thank-you page may be loaded again.
/// - A purchase without a cart makes none.
///
/// A cart that was given up is so at any later `now`.
///
/// ```
/// use goalpost_core::{Id, cart::carts, funnel::events_of_session, trail};
/// let trail = r#"[1,0,"commerce","add_to_cart",[],"shoe"],[2,90,"commerce","purchase",[],"A1"]"#;
/// let entries = trail::read(trail)?;
/// let events = events_of_session(Id::new(0, [0; 10]), None, &entries);
/// let found = carts(&events, 60, 100);
/// assert_eq!((found[0].abandoned_at, found[0].purchased_at), (Some(60), Some(90)));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn carts(events: &[Event<'_>], abandoned_after_ms: i64, now: i64) -> Vec<Cart> {
    let due = |cart: &Cart| cart.last_add.saturating_add(abandoned_after_ms);
    let mut carts: Vec<Cart> = Vec::new();
    let mut open = 0usize;
    let mut orders: BTreeSet<&str> = BTreeSet::new();
    // That a later event is known says as much as a clock.
    let mut now = now;
    for event in events {
        let What::Seen(entry) = event.what else {
            continue;
        };
        let step = CommerceStep::named(&entry.name).filter(|_| entry.kind == "commerce");
        match step {
            Some(CommerceStep::AddToCart) => {
                now = now.max(event.time);
                let joined = carts
                    .get_mut(open..)
                    .and_then(<[Cart]>::last_mut)
                    .filter(|cart| event.time < due(cart));
                if let Some(cart) = joined {
                    cart.add(event.time, &entry.detail);
                } else {
                    let mut cart = Cart::new(event);
                    cart.add(event.time, &entry.detail);
                    carts.push(cart);
                }
            }
            Some(CommerceStep::Purchase) => {
                now = now.max(event.time);
                if !entry.detail.is_empty() && !orders.insert(&entry.detail) {
                    continue;
                }
                for cart in carts.iter_mut().skip(open) {
                    cart.purchased_at = Some(event.time);
                }
                open = carts.len();
            }
            _ => {}
        }
    }
    for cart in &mut carts {
        let due = due(cart);
        let in_time = cart.purchased_at.is_some_and(|bought| bought < due);
        cart.abandoned_at = (!in_time && now >= due).then_some(due);
    }
    carts
}

impl Cart {
    const fn new(event: &Event<'_>) -> Self {
        Self {
            session: event.session,
            first_add: event.time,
            last_add: event.time,
            products: Vec::new(),
            purchased_at: None,
            abandoned_at: None,
        }
    }

    fn add(&mut self, time: i64, product: &str) {
        self.last_add = time;
        if !product.is_empty() && !self.products.iter().any(|known| known == product) {
            self.products.push(product.to_owned());
        }
    }
}
