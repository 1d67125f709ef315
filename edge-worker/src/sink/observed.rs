//! An item that was read, as rows: the observation, and its share of a session.

use super::{
    delivery::Delivery,
    plan_book::Compiled,
    row::{self, Row, Voucher},
};
use goalpost_core::{
    CommerceStep, Context, Conversion, Id, Money, Observation, Person, Seen,
    beacon::{Form, ReadItem},
    channel::{Arrival, Touch},
    contact::Identity,
    erasure::Subject,
    evaluate,
    fate::Quarantine,
    json::{push_field, push_key, push_number_field, push_text},
    order_token,
    server_event::{Refund, StoredItem},
    trail,
};
use serde::Serialize;
use std::fmt::Write as _;

/// The SHA-256 of "+": what older pages make of a phone number without digits, and so of everybody
/// who has none to give.
const NOBODY: &str = "phone:a318c24216defe206feeb73ef5be00033fa9c4a74d0b967f6532a26ca5906d3b";

/// An item that was read.
pub(super) struct Observed<'a> {
    pub(super) text: &'a str,
    pub(super) item: ReadItem<'a>,
    /// When it happened, and how that came about where it is not the id's own time.
    pub(super) time: (i64, Option<&'static str>),
    /// How long ago a page has seen it; of a server's word, which may be about any time, 0.
    pub(super) age: i64,
    pub(super) page: Option<Id>,
    pub(super) whose: Whose,
}

impl Observed<'_> {
    /// The session that it is a part of.
    pub(super) const fn session(&self) -> Option<Id> {
        self.whose.session
    }

    /// The names that it bears, each of which may be of somebody who was erased.
    pub(super) fn names(&self) -> impl Iterator<Item = Subject> {
        let whose = &self.whose;
        let identities = match whose.identities.as_slice() {
            [] => whose.contact.as_slice(),
            all => all,
        };
        let order = order_number(&self.item.observation);
        whose
            .visitor
            .map(Subject::Visitor)
            .into_iter()
            .chain(identities.iter().cloned().map(Subject::Identity))
            .chain(order.map(|order| Subject::Order(order.to_owned())))
    }
}

/// Whose it is, and what only a server can say of it.
#[derive(Default)]
pub(super) struct Whose {
    visitor: Option<Id>,
    /// The session that it is a part of.
    session: Option<Id>,
    contact: Option<String>,
    identities: Vec<String>,
    refund: Option<Refund>,
    server: bool,
}

/// Whether it names a person as it should: an address or a number as it is would do so as well.
fn is_identity(contact: &str) -> bool {
    if contact == NOBODY || contact.contains(['@', '+']) {
        return false;
    }
    match contact.split_once(':') {
        // A word without a digit or a sign is neither of the two.
        Some(("email" | "phone", name)) => {
            Identity::parse(contact).is_ok() || name.bytes().all(|byte| byte.is_ascii_alphabetic())
        }
        kind => kind.is_some(),
    }
}

impl Whose {
    /// Of an item that a page sent.
    pub(super) fn visitor(visitor: Option<Id>, item: &ReadItem<'_>) -> Self {
        Self {
            visitor,
            session: item.session,
            contact: match &item.observation.seen {
                Seen::Identify { contact } if is_identity(contact) => Some(contact.clone()),
                _ => None,
            },
            ..Self::default()
        }
    }

    /// Of an event that a server reported.
    pub(super) fn server(stored: &StoredItem<'_>) -> Self {
        let mut identities = stored.identities.clone();
        identities.extend(stored.contact.clone());
        identities.sort();
        identities.dedup();
        Self {
            visitor: stored.visitor,
            session: stored.item.session.filter(|_| stored.interactive),
            contact: stored.contact.clone(),
            identities,
            refund: stored.refund.clone(),
            server: true,
        }
    }
}

/// What it means under a plan, or why it cannot be stored.
pub(super) fn verdict(
    plan: &Compiled,
    observed: &Observed<'_>,
) -> Result<Vec<Conversion>, (Quarantine, String)> {
    let whose = &observed.whose;
    let context = Context {
        time: observed.time.0,
        session: observed.item.session,
        person: Person {
            visitor: whose.visitor,
            contact: whose.contact.as_deref().filter(|_| whose.server),
        },
        server: whose.server,
    };
    let verdict = evaluate(&plan.rules, &observed.item.observation, &context);
    verdict.problem.map_or(Ok(verdict.conversions), Err)
}

/// The observation's row.
pub(super) fn row(
    of: &Delivery<'_>,
    plan: &Compiled,
    observed: &Observed<'_>,
    conversions: &[Conversion],
    keys: &[String],
    digest: u64,
) -> String {
    let &Observed {
        text,
        ref item,
        time: (time, how),
        page,
        ref whose,
        ..
    } = observed;
    let observation = &item.observation;
    // The loader alone has no rules to claim anything by.
    let claims = item
        .claims
        .as_deref()
        .filter(|_| of.of_request().form != Form::Raw.name())
        .and_then(|claimed| row::claims(&plan.rules, claimed, conversions));
    let identities = (whose.identities.len() > 1).then(|| list(&whose.identities));
    let voucher = |conversion: &Conversion, money| {
        if whose.server {
            return Voucher::Server;
        }
        let site = &plan.rules.site;
        vouch(
            observation,
            conversion,
            money,
            site,
            keys,
            of.message.received_at,
        )
    };
    let refund = whose
        .refund
        .as_ref()
        .map(|refund| refund_json(refund, observation));
    Row::new(text.len().saturating_add(512))
        .id(Some(observation.id))
        .number(of.message.received_at)
        .number(time)
        .optional_text(how)
        .text(&plan.rules.zone.date(time).text())
        .number(i64::from(observation.seq))
        .id(page)
        .id(item.session)
        .id(whose.visitor)
        .text(observation.seen.kind())
        .optional_text(whose.contact.as_deref())
        .text(&plan.rules.plan)
        .text(&of.message.country)
        .text(&of.message.device)
        .number(digest.cast_signed())
        .json(row::verdict(&plan.rules, conversions, voucher).as_deref())
        .json(claims.as_deref())
        .text(text)
        .json(identities.as_deref())
        .optional_text(order_number(observation))
        .json(refund.as_deref())
        .optional_text(of.consent.as_deref())
        .end()
}

/// The order that a purchase or a refund is about.
fn order_number(observation: &Observation) -> Option<&str> {
    match observation.seen {
        Seen::Commerce {
            step: CommerceStep::Purchase | CommerceStep::Refund,
        } => observation
            .properties
            .text("order")
            .filter(|order| !order.is_empty()),
        _ => None,
    }
}

/// Who stands for an amount of a page, at `now`.
pub(crate) fn vouch(
    observation: &Observation,
    conversion: &Conversion,
    money: Money,
    site: &str,
    keys: &[String],
    now: i64,
) -> Voucher {
    match token(observation) {
        Some((token, order)) if conversion.key.scope.starts_with("order:") => {
            order_token::verify(token, site, order, money, keys, now)
                .map_or_else(Voucher::BadToken, |()| Voucher::Server)
        }
        _ => Voucher::Page,
    }
}

/// The token that a purchase carries, and the order that it is to be about.
fn token(observation: &Observation) -> Option<(&str, &str)> {
    let Seen::Commerce {
        step: CommerceStep::Purchase,
    } = observation.seen
    else {
        return None;
    };
    let text = |name| observation.properties.text(name);
    text("token").zip(text("order"))
}

fn list(texts: &[String]) -> String {
    let mut out = String::from("[");
    for text in texts {
        if out.len() > 1 {
            out.push(',');
        }
        push_text(&mut out, text);
    }
    out.push(']');
    out
}

fn refund_json(refund: &Refund, observation: &Observation) -> String {
    let mut out = String::from("{");
    if let Some(money) = refund.money {
        push_number_field(&mut out, "minor", money.minor);
        push_field(&mut out, "currency", money.currency.code());
    } else {
        push_key(&mut out, "minor");
        out.push_str("null");
    }
    if let Some(reason) = observation.properties.text("reason") {
        push_field(&mut out, "reason", reason);
    }
    out.push('}');
    out
}

/// How a session began.
#[derive(Serialize)]
struct Entry<'a> {
    path: &'a str,
    host: &'a str,
    referrer: &'a str,
    country: &'a str,
    device: &'a str,
    #[serde(flatten)]
    touch: Touch,
}

/// What the observation adds to its session: what it would be an entry of, its part of the trail, and
/// how many definitions it matched. `None` where it is part of none.
pub(super) fn share_of_session(
    of: &Delivery<'_>,
    plan: &Compiled,
    observed: &Observed<'_>,
    conversions: &[Conversion],
    digest: u64,
) -> Option<String> {
    observed.whose.session?;
    let observation = &observed.item.observation;
    let definitions: Vec<&str> = conversions
        .iter()
        .map(|conversion| conversion.definition.as_str())
        .collect();
    let trail = trail::write(observation, observed.time.0, &definitions);
    let share = Row::new(trail.len().saturating_add(512))
        .id(Some(observation.id))
        .number(digest.cast_signed())
        .number(i64::try_from(definitions.len()).unwrap_or(i64::MAX))
        .text(&entry(
            plan,
            observation,
            &of.message.country,
            &of.message.device,
        ))
        .text(&trail);
    Some(share.end())
}

/// What the observation would be an entry of a session.
pub(super) fn entry(
    plan: &Compiled,
    observation: &Observation,
    country: &str,
    device: &str,
) -> String {
    let mut out = String::with_capacity(320);
    let Seen::Page {
        host,
        query,
        referrer,
        ..
    } = &observation.seen
    else {
        // To a String, writing never fails.
        let _ = write!(out, "1{:010}{{", observation.seq);
        push_field(&mut out, "country", country);
        push_field(&mut out, "device", device);
        out.push('}');
        return out;
    };
    let entry = Entry {
        path: &observation.path,
        host,
        referrer,
        country,
        device,
        touch: plan.reporting.channels.touch(&Arrival { query, referrer }),
    };
    let _ = write!(out, "0{:010}", observation.seq);
    // Nor does a struct of texts fail to be JSON.
    out.push_str(&serde_json::to_string(&entry).unwrap_or_default());
    out
}
