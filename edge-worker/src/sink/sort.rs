//! Which fate each item is headed for.

use super::{
    clock::DeviceClock,
    delivery::{Delivery, Label, Origin},
    page_load::PageLoads,
    plan_book::PlanBook,
    row::{self, Row},
    unread::{digest, made_up_id, page_of},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::{
    Context, Id, Observation, Person, Rules, Seen,
    accepted::{Accepted, Content, DroppedBeacon, RefusedBody},
    beacon::{self, Envelope, Form},
    clip, evaluate,
    fate::{Drop, Quarantine},
    limits,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

/// All items of some messages, by what is to be done with them.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) trays: BTreeMap<Label, Tray>,
    pub(super) page_loads: PageLoads,
}

/// The items of one label.
#[derive(Default)]
pub(super) struct Tray {
    pub(super) store: Rows,
    pub(super) quarantine: Rows,
    pub(super) drop: BTreeMap<Drop, Rows>,
    /// Dropped items without an identity.
    pub(super) count: BTreeMap<Drop, i64>,
}

/// Rows of one statement, each once, and how many further copies of them there were.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<(Id, String)>,
    pub(super) copies: i64,
}

impl Rows {
    fn copy(&mut self) {
        self.copies = self.copies.saturating_add(1);
    }
}

/// Sorts the items of these messages.
pub(super) fn sort(messages: &[Accepted<'_>], plans: &PlanBook) -> Sorted {
    let mut sorter = Sorter {
        plans,
        sorted: Sorted::default(),
        seen: HashSet::new(),
        quarantined: HashSet::new(),
        dropped: HashSet::new(),
    };
    for message in messages {
        match &message.content {
            Content::Beacon(beacon) => match Envelope::read(beacon.get().as_bytes()) {
                Ok(envelope) => sorter.beacon(message, &envelope),
                Err(problem) => sorter.refused(
                    message,
                    &RefusedBody {
                        reason: problem.quarantine().name().into(),
                        detail: problem.to_string().into(),
                        site: "".into(),
                        body: STANDARD.encode(beacon.get()).into(),
                    },
                ),
            },
            Content::Dropped(dropped) => sorter.dropped(message, dropped),
            Content::Refused(refused) => sorter.refused(message, refused),
            Content::Server(_) => {}
        }
    }
    sorter.sorted
}

struct Sorter<'p> {
    plans: &'p PlanBook,
    sorted: Sorted,
    /// Site, id and digest of each item: only the first copy goes on.
    seen: HashSet<(String, Id, u64)>,
    quarantined: HashSet<(String, Id)>,
    dropped: HashSet<(String, Id)>,
}

/// An item that can be evaluated.
struct Readable<'a> {
    text: &'a str,
    observation: &'a Observation,
    page: Option<Id>,
    session: Option<Id>,
    claims: Option<&'a [Cow<'a, str>]>,
}

/// An item that goes to quarantine.
struct Problem<'a> {
    reason: Quarantine,
    detail: &'a str,
    id: Option<Id>,
    digest: u64,
    page: Option<Id>,
    seq: Option<u32>,
}

impl Sorter<'_> {
    fn beacon(&mut self, message: &Accepted<'_>, envelope: &Envelope<'_>) {
        let delivery = Delivery::new(message, envelope);
        self.sorted.page_loads.sends(&delivery);
        let rules = self.plans.rules(&envelope.site, &envelope.plan);
        for raw in &envelope.items {
            let text = raw.get();
            match (beacon::read_item(text), rules) {
                (Ok(item), Some(rules)) => self.readable(
                    &delivery,
                    rules,
                    &Readable {
                        text,
                        observation: &item.observation,
                        page: item.page.or(envelope.page),
                        session: item.session,
                        claims: item.claims.as_deref(),
                    },
                ),
                (Ok(item), None) => {
                    let seen = &item.observation;
                    self.quarantine(
                        &delivery,
                        text,
                        &Problem {
                            reason: Quarantine::UnknownSite,
                            detail: "site: has no plan; publish one, then replay",
                            id: Some(seen.id),
                            digest: seen.digest(),
                            page: item.page.or(envelope.page),
                            seq: Some(seen.seq),
                        },
                    );
                }
                (Err(error), _) => self.quarantine(
                    &delivery,
                    text,
                    &Problem {
                        reason: error.reason,
                        detail: &error.detail,
                        id: error.id,
                        digest: digest(text),
                        page: page_of(text).or(envelope.page),
                        seq: error.seq,
                    },
                ),
            }
        }
    }

    fn readable(&mut self, of: &Delivery<'_>, rules: &Rules, item: &Readable<'_>) {
        let &Readable {
            text,
            observation,
            page,
            session,
            claims,
        } = item;
        let visitor = of.envelope.visitor.or(of.message.visitor);
        let clock = DeviceClock::new(of.envelope.sent, of.message.received_at);
        let (time, how) = clock.time(observation.id.time());
        let verdict = evaluate(
            rules,
            observation,
            &Context {
                time,
                session,
                person: Person {
                    visitor,
                    contact: None,
                },
                server: false,
            },
        );
        let digest = observation.digest();
        if let Some((reason, detail)) = verdict.problem {
            self.quarantine(
                of,
                text,
                &Problem {
                    reason,
                    detail: &detail,
                    id: Some(observation.id),
                    digest,
                    page,
                    seq: Some(observation.seq),
                },
            );
            return;
        }
        if let Some(page) = page {
            self.sorted.page_loads.captured(of, page, observation.seq);
        }
        let label = of.label(Origin::of(page.is_some()));
        let store = &mut self.sorted.trays.entry(label).or_default().store;
        if !self.seen.insert((of.site(), observation.id, digest)) {
            store.copy();
            return;
        }
        // The loader alone has no rules to claim anything by.
        let claims = claims
            .filter(|_| of.of_beacon().form != Form::Raw.name())
            .and_then(|claimed| row::claims(rules, claimed, &verdict.conversions));
        let row = Row::new(text.len().saturating_add(512))
            .id(Some(observation.id))
            .number(of.message.received_at)
            .number(time)
            .optional_text(how)
            .text(&rules.zone.date(time).text())
            .number(i64::from(observation.seq))
            .id(page)
            .id(session)
            .id(visitor)
            .text(observation.seen.kind())
            .optional_text(contact(observation))
            .text(&rules.plan)
            .text(&of.message.country)
            .text(&of.message.device)
            .number(digest.cast_signed())
            .json(row::verdict(rules, &verdict.conversions).as_deref())
            .json(claims.as_deref())
            .text(text)
            .end();
        store.rows.push((observation.id, row));
    }

    fn quarantine(&mut self, of: &Delivery<'_>, text: &str, problem: &Problem<'_>) {
        let place = problem.page.zip(problem.seq);
        if let Some((page, seq)) = place {
            self.sorted.page_loads.captured(of, page, seq);
        }
        let id = problem
            .id
            .unwrap_or_else(|| made_up_id(problem.page, of.message.received_at, problem.digest));
        let fresh = self.seen.insert((of.site(), id, problem.digest));
        let origin =
            Origin::of(place.is_some() && (!fresh || self.quarantined.insert((of.site(), id))));
        let tray = self.sorted.trays.entry(of.label(origin)).or_default();
        if !fresh {
            tray.quarantine.copy();
            return;
        }
        let row = Row::new(text.len().saturating_add(256))
            .id(Some(id))
            .number(problem.digest.cast_signed())
            .number(of.message.received_at)
            .text(problem.reason.name())
            .text(clip(problem.detail, limits::TEXT_BYTES))
            .id(problem.page)
            .text(clip(&of.envelope.plan, limits::NAME_BYTES))
            .text(text)
            .end();
        tray.quarantine.rows.push((id, row));
    }

    fn dropped(&mut self, message: &Accepted<'_>, dropped: &DroppedBeacon<'_>) {
        let reason = dropped.reason();
        let envelope = dropped
            .beacon
            .and_then(|beacon| Envelope::read(beacon.get().as_bytes()).ok());
        let Some(envelope) = envelope else {
            let label = Label::without_page(&dropped.site, message.received_at);
            let count = &mut self.sorted.trays.entry(label).or_default().count;
            let count = count.entry(reason).or_default();
            *count = count.saturating_add(1);
            return;
        };
        let delivery = Delivery::new(message, &envelope);
        self.sorted.page_loads.sends(&delivery);
        for raw in &envelope.items {
            let (id, seq) = beacon::peek(raw.get());
            let page = page_of(raw.get()).or(envelope.page);
            if let (Some(id), Some(seq), Some(page)) = (id, seq, page) {
                self.sorted.page_loads.captured(&delivery, page, seq);
                let tray = self.sorted.trays.entry(delivery.label(Origin::Page));
                let rows = tray.or_default().drop.entry(reason).or_default();
                if self.dropped.insert((delivery.site(), id)) {
                    rows.rows.push((id, format!("\"{}\"", row::hex(id))));
                } else {
                    rows.copy();
                }
            } else {
                let tray = self.sorted.trays.entry(delivery.label(Origin::Other));
                let count = tray.or_default().count.entry(reason).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    fn refused(&mut self, message: &Accepted<'_>, refused: &RefusedBody<'_>) {
        let digest = digest(&refused.body);
        let id = made_up_id(None, message.received_at, digest);
        let label = Label::without_page(&refused.site, message.received_at);
        let fresh = self.seen.insert((label.site.clone(), id, digest));
        let rows = &mut self.sorted.trays.entry(label).or_default().quarantine;
        if !fresh {
            rows.copy();
            return;
        }
        let row = Row::new(refused.body.len().saturating_add(256))
            .id(Some(id))
            .number(digest.cast_signed())
            .number(message.received_at)
            .text(refused.reason().name())
            .text(clip(&refused.detail, limits::TEXT_BYTES))
            .id(None)
            .text("")
            .text(&refused.body)
            .end();
        rows.rows.push((id, row));
    }
}

fn contact(observation: &Observation) -> Option<&str> {
    match &observation.seen {
        Seen::Identify { contact } => Some(contact),
        _ => None,
    }
}
