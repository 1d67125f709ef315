//! The edge: collect as the Worker does it, the queue, and the sink over its database.

use crate::{
    broken::Broken, fault::Fault, known_bad::KnownBad, ledger::Delivery, network::Flight, plans,
    world::World,
};
use goalpost_core::{
    Id,
    accepted::{Accepted, Content, DroppedBeacon},
    beacon::Envelope,
    fate,
};
use goalpost_edge::sink::{self};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// What the edge, or something before it, answers.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// Taken; the visitor as the edge knows it.
    Taken(Option<Id>),
    /// Not now.
    Later(i64),
    /// Never.
    Never,
    /// A page that is not ours.
    Page,
    /// Nothing.
    Cut,
}

/// A message of the queue.
#[derive(Clone, Debug)]
pub struct Message {
    /// As the queue carries it.
    pub text: String,
    /// What the world knows of it.
    pub known: Known,
}

/// What the world knows of a message without reading it.
#[derive(Clone, Debug)]
pub struct Known {
    pub(crate) entries: Vec<usize>,
    pub(crate) page: Option<Id>,
    pub(crate) captured: u32,
    pub(crate) dropped: [u32; 2],
    pub(crate) plan: Option<usize>,
    pub(crate) delivery: Delivery,
    pub(crate) let_go: bool,
}

/// What the edge keeps beside the database.
#[derive(Debug, Default)]
pub struct Edge {
    /// Messages that are not acknowledged.
    pub queue: Vec<Message>,
    /// When the consumer comes next.
    pub consume_at: Option<i64>,
    /// The plan that is published.
    pub current: usize,
    /// Ids that a key-value store has marked, for the designs that believe in that.
    marked: BTreeSet<Id>,
    /// Messages whose ids were looked up and that are not written yet, for the design that does so.
    pub(crate) looked_up: Vec<(BTreeSet<Id>, Vec<Message>)>,
}

impl World<'_> {
    /// A request is at the edge's door.
    pub(crate) fn collect(&mut self, flight: &Flight) -> Result<Reply, Broken> {
        if self.happens(Fault::ProxyPage) {
            return Ok(Reply::Page);
        }
        for fault in [Fault::Unavailable, Fault::Limited] {
            if self.happens(fault) {
                return Ok(Reply::Later(self.random.between(1, 120) * 1_000));
            }
        }
        if self.happens(Fault::CollectCutBefore) {
            return Ok(Reply::Cut);
        }
        let message = self.accept(flight)?;
        let visitor = message.known.delivery.visitor;
        if self.bad == Some(KnownBad::AnswerBeforeQueue) {
            if !self.happens(Fault::QueueRefused) && !self.happens(Fault::CollectCutAfter) {
                self.enqueue(message);
            }
            return Ok(Reply::Taken(visitor));
        }
        let ids: Vec<Id> = flight
            .entries
            .iter()
            .filter_map(|number| Some(self.ledger.entries[*number].sealed?.id))
            .collect();
        let marks = matches!(
            self.bad,
            Some(KnownBad::MarkThenEnqueue | KnownBad::EnqueueThenMark)
        );
        if marks && ids.iter().all(|id| self.edge.marked.contains(id)) {
            return Ok(Reply::Taken(visitor));
        }
        if self.bad == Some(KnownBad::MarkThenEnqueue) {
            self.edge.marked.extend(&ids);
            if self.happens(Fault::CollectCutBefore) {
                return Ok(Reply::Cut);
            }
        }
        if self.happens(Fault::QueueRefused) {
            let stored = self.store(&[message])?;
            if !stored {
                return Ok(Reply::Later(1_000));
            }
        } else {
            self.enqueue(message);
        }
        if self.happens(Fault::CollectCutAfter) {
            return Ok(Reply::Cut);
        }
        if self.bad == Some(KnownBad::EnqueueThenMark) {
            self.edge.marked.extend(&ids);
        }
        if flight.refused {
            return Ok(Reply::Never);
        }
        Ok(Reply::Taken(visitor))
    }

    /// Makes the queue's message of a request.
    fn accept(&self, flight: &Flight) -> Result<Message, Broken> {
        let unreadable = |problem: String| Broken::new("the edge reads every body", || problem);
        let envelope = Envelope::read(flight.body.as_bytes())
            .map_err(|problem| unreadable(problem.to_string()))?;
        let raw: &RawValue = serde_json::from_str(&flight.body)
            .map_err(|problem| unreadable(problem.to_string()))?;
        let browser = &self.browsers[flight.from.0];
        let let_go = browser.signals_refusal || flight.refused;
        let reason = if flight.refused {
            fate::Drop::Host
        } else {
            fate::Drop::Consent
        };
        let content = if let_go {
            Content::Dropped(DroppedBeacon {
                reason: reason.name().into(),
                site: envelope.site.as_ref().into(),
                beacon: Some(raw),
            })
        } else {
            Content::Beacon(raw)
        };
        let text = serde_json::to_string(&Accepted {
            received_at: self.now,
            visitor: browser.cookie,
            country: "JP".into(),
            device: "mobile".into(),
            doubts: "".into(),
            content,
        })
        .map_err(|problem| unreadable(problem.to_string()))?;
        let dropped = envelope.dropped;
        let known = Known {
            entries: flight.entries.clone(),
            page: envelope.page,
            captured: envelope.captured,
            dropped: [dropped.overflow, dropped.consent],
            plan: plans::number(&envelope.plan),
            delivery: Delivery {
                visitor: envelope.visitor(browser.cookie),
                sent: envelope.sent,
                received_at: self.now,
                plan: 0,
            },
            let_go,
        };
        Ok(Message { text, known })
    }

    fn enqueue(&mut self, message: Message) {
        self.edge.queue.push(message);
        let soon = self.now + self.random.between(20, 6_000);
        self.edge.consume_at = Some(self.edge.consume_at.map_or(soon, |at| at.min(soon)));
    }

    /// The consumer takes some messages, in any order, and acknowledges what was committed.
    pub(crate) fn consume(&mut self) -> Result<(), Broken> {
        self.edge.consume_at = None;
        let mut batch = Vec::new();
        let size = 1 + self.random.below(8);
        while batch.len() < size && !self.edge.queue.is_empty() {
            let at = self.random.below(self.edge.queue.len());
            batch.push(self.edge.queue.swap_remove(at));
        }
        self.note(
            "consume",
            [batch.len() as u64, self.edge.queue.len() as u64],
            String::new,
        );
        if self.bad == Some(KnownBad::ReadThenWrite) {
            self.look_up_then_write(batch)?;
        } else {
            self.store_batch(batch)?;
        }
        if !self.edge.queue.is_empty() || !self.edge.looked_up.is_empty() {
            self.edge.consume_at = Some(self.now + self.random.between(20, 6_000));
        }
        Ok(())
    }

    pub(crate) fn store_batch(&mut self, batch: Vec<Message>) -> Result<(), Broken> {
        let accepted: Vec<Accepted<'_>> = batch
            .iter()
            .map(|message| serde_json::from_str(&message.text))
            .collect::<Result<_, _>>()
            .map_err(|problem| Broken::new("a message reads back", || problem.to_string()))?;
        let sizes: Vec<usize> = sink::chunks(&accepted)
            .iter()
            .map(|part| part.len())
            .collect();
        let mut rest = batch.into_iter();
        for size in sizes {
            let part: Vec<Message> = rest.by_ref().take(size).collect();
            let stored = self.store(&part)?;
            for message in part {
                if !stored && self.bad != Some(KnownBad::AckBeforeCommit)
                    || stored && self.happens(Fault::QueueDoubled)
                {
                    self.edge.queue.push(message);
                }
            }
        }
        Ok(())
    }
}
