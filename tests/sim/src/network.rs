//! Between page and edge: what is under way, and what becomes of it there.

use crate::{broken::Broken, edge::Reply, fault::Fault, known_bad::KnownBad, world::World};
use goalpost_core::{Id, beacon::Envelope, limits};
use goalpost_sdk::engine::{Answer, Effect, Input};

/// The shortest pause before a page asks again.
const LEAST_PAUSE_MS: i64 = 500;

/// A request on its way to the edge.
#[derive(Debug)]
pub struct Flight {
    /// When it arrives.
    pub due: i64,
    /// Who sent it: browser and tab.
    pub from: (usize, u32),
    /// Its number; `None` for a beacon and for a copy that the network made: nobody waits for an
    /// answer.
    pub request: Option<u64>,
    /// Whether it will be lost on the way.
    pub lost: bool,
    /// Whether something before the edge will refuse it for good.
    pub refused: bool,
    /// Its text.
    pub body: String,
    /// What it carries.
    pub entries: Vec<usize>,
}

/// An answer on its way back.
#[derive(Debug)]
pub struct Return {
    /// When it arrives.
    pub due: i64,
    /// To whom.
    pub to: (usize, u32),
    /// What it is an answer to.
    pub request: u64,
    /// What the page makes of it.
    pub outcome: Outcome,
}

/// What a page makes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Our edge has spoken.
    Answered(Vec<(Id, Answer)>, Option<Id>),
    /// Nobody has, or somebody else.
    Failed(Option<i64>),
    /// It will never be accepted.
    Refused,
}

impl World<'_> {
    /// The page sends a request.
    pub(crate) fn fetch(&mut self, b: usize, t: usize, body: String) -> Result<(), Broken> {
        let entries = self.leaves(b, t, &body)?;
        self.requests += 1;
        let request = self.requests;
        let tab = &mut self.browsers[b].tabs[t];
        tab.request = Some((request, entries.clone()));
        let from = (b, tab.number);
        self.note("fetch", [request, entries.len() as u64], || {
            format!("{entries:?}")
        });
        let body = match self.bad {
            Some(KnownBad::NewIdPerRetry) => self.with_new_ids(b, t, &entries, body),
            _ => body,
        };
        self.depart(from, Some(request), body, entries);
        Ok(())
    }

    /// The page hands a beacon to the browser.
    pub(crate) fn beacon(&mut self, b: usize, t: usize, body: String) -> Result<(), Broken> {
        let entries = self.leaves(b, t, &body)?;
        let tab = &mut self.browsers[b].tabs[t];
        if tab.request.take().is_some() {
            tab.left_behind = true;
        }
        let from = (b, tab.number);
        self.note("beacon", [entries.len() as u64, 0], || {
            format!("{entries:?}")
        });
        if self.happens(Fault::BeaconRefused) {
            self.tell(b, t, Input::BeaconRefused)?;
            return Ok(());
        }
        if self.bad == Some(KnownBad::BeaconIsDelivery) {
            self.take_for_settled(b, t, &entries)?;
        }
        self.depart(from, None, body, entries);
        Ok(())
    }

    /// What is true of everything that leaves a page.
    fn leaves(&mut self, b: usize, t: usize, body: &str) -> Result<Vec<usize>, Broken> {
        self.consented(b, "sent")?;
        Broken::unless(
            body.len() <= limits::BEACON_BYTES,
            "a body is within its limit",
            || format!("{} bytes", body.len()),
        )?;
        let envelope = Envelope::read(body.as_bytes())
            .map_err(|problem| Broken::new("the edge reads every body", || problem.to_string()))?;
        Broken::unless(!envelope.items.is_empty(), "no body is empty", || {
            body.to_owned()
        })?;
        let mut entries = Vec::with_capacity(envelope.items.len());
        for item in &envelope.items {
            let number = self.ledger.read(&envelope.whole(item.get()))?;
            let entry = &mut self.ledger.entries[number];
            Broken::unless(!entry.forbidden, "what was withdrawn never leaves", || {
                format!("{number}: {entry:?}")
            })?;
            entry.sent = true;
            *self.browsers[b].tabs[t].tries.entry(number).or_default() += 1;
            entries.push(number);
        }
        Ok(entries)
    }

    fn depart(
        &mut self,
        from: (usize, u32),
        request: Option<u64>,
        body: String,
        entries: Vec<usize>,
    ) {
        let fault = if request.is_some() {
            Fault::RequestLost
        } else {
            Fault::BeaconLost
        };
        let lost = self.happens(fault);
        let late = self.happens(Fault::RequestDelayed);
        let due = self.now + self.random.between(20, if late { 120_000 } else { 400 });
        let refused = !lost && request.is_some() && self.happens(Fault::Refused);
        let flight = Flight {
            due,
            from,
            request,
            lost,
            refused,
            body,
            entries,
        };
        if !lost && !refused && self.happens(Fault::RequestDoubled) {
            let due = due + self.random.between(0, 60_000);
            let (body, entries) = (flight.body.clone(), flight.entries.clone());
            self.flights.push(Flight {
                due,
                request: None,
                body,
                entries,
                ..flight
            });
        }
        self.flights.push(flight);
        self.copies_sent += 1;
    }

    /// A request arrives at the edge, or nowhere.
    pub(crate) fn arrive(&mut self, at: usize) -> Result<(), Broken> {
        let flight = self.flights.remove(at);
        if flight.lost {
            self.note("lost", [flight.request.unwrap_or(0), 0], String::new);
            self.send_back(&flight, Outcome::Failed(None), 30_000);
            return Ok(());
        }
        let reply = self.collect(&flight)?;
        self.note("edge answers", [flight.request.unwrap_or(0), 0], || {
            format!("{reply:?}")
        });
        let ids: Vec<Id> = flight
            .entries
            .iter()
            .filter_map(|number| self.sealed_id(*number))
            .collect();
        let outcome = match reply {
            Reply::Taken(visitor) => {
                if let Some(visitor) = visitor {
                    self.browsers[flight.from.0].cookie = Some(visitor);
                }
                let again = self.happens(Fault::AskedAgain);
                let answers = ids.into_iter().map(|id| {
                    let retry = again && self.random.chance(300);
                    (
                        id,
                        if retry {
                            Answer::Retry
                        } else {
                            Answer::Settled
                        },
                    )
                });
                Outcome::Answered(answers.collect(), visitor)
            }
            Reply::Page if self.bad == Some(KnownBad::AnyTwoHundred) => Outcome::Answered(
                ids.into_iter().map(|id| (id, Answer::Settled)).collect(),
                None,
            ),
            Reply::Later(pause) => Outcome::Failed(Some(pause)),
            Reply::Page | Reply::Cut => Outcome::Failed(None),
            Reply::Never => Outcome::Refused,
        };
        if self.happens(Fault::AnswerLost) {
            self.send_back(&flight, Outcome::Failed(None), 60_000);
        } else {
            self.send_back(&flight, outcome, 400);
        }
        Ok(())
    }

    fn send_back(&mut self, flight: &Flight, outcome: Outcome, within: i64) {
        if let Some(request) = flight.request {
            let due = self.now + self.random.between(10, within);
            self.returns.push(Return {
                due,
                to: flight.from,
                request,
                outcome,
            });
        }
    }

    /// An answer arrives at the page, if that is still there.
    pub(crate) fn answer(&mut self, at: usize) -> Result<(), Broken> {
        let Return {
            to: (b, number),
            request,
            outcome,
            ..
        } = self.returns.remove(at);
        let Some(t) = self.browsers[b]
            .tabs
            .iter()
            .position(|tab| tab.number == number)
        else {
            return Ok(());
        };
        self.note("answer", [request, 0], || format!("{outcome:?}"));
        let tab = &mut self.browsers[b].tabs[t];
        let under_way = tab.request.take();
        let is_own = under_way.as_ref().is_some_and(|(own, _)| *own == request);
        tab.failing = match &outcome {
            Outcome::Failed(_) => true,
            Outcome::Refused => tab.left_behind,
            // Of a request that was left behind the page does not know what it carried.
            Outcome::Answered(answers, _) => {
                let turned_away = answers.iter().any(|(_, answer)| *answer == Answer::Retry);
                turned_away && is_own && !tab.left_behind
            }
        };
        let turned_away = tab.failing;
        match outcome {
            Outcome::Answered(answers, visitor) => {
                for (id, answer) in &answers {
                    if let (Answer::Settled, Some(number)) = (answer, self.ledger.of_id(*id)) {
                        self.browsers[b].tabs[t].holds.remove(&number);
                    }
                }
                self.tell(b, t, Input::Answered(answers, visitor))?;
                if turned_away {
                    self.takes_its_time(b, t)?;
                }
            }
            Outcome::Failed(pause) => self.tell(b, t, Input::Failed(pause))?,
            Outcome::Refused => {
                // Where it cannot be told which request was refused, nothing may be given up.
                let (_, refused) = under_way.filter(|_| !tab.left_behind).unwrap_or_default();
                for number in refused {
                    self.browsers[b].tabs[t].holds.remove(&number);
                }
                self.tell(b, t, Input::Refused)?;
            }
        }
        self.settle(b, t)
    }

    /// Who was turned away does not ask again at once.
    fn takes_its_time(&self, b: usize, t: usize) -> Result<(), Broken> {
        let tab = &self.browsers[b].tabs[t];
        let asks = tab
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Fetch(_)));
        let soon = tab
            .wake
            .is_some_and(|wake| wake < self.now + LEAST_PAUSE_MS);
        Broken::unless(
            !asks && !soon,
            "who was turned away does not ask again at once",
            || format!("tab {}: at {:?}, now {}", tab.number, tab.wake, self.now),
        )
    }

    /// What a shell does that believes in a delivery which nobody has confirmed.
    pub(crate) fn take_for_settled(
        &mut self,
        b: usize,
        t: usize,
        entries: &[usize],
    ) -> Result<(), Broken> {
        let ids: Vec<Id> = entries
            .iter()
            .filter_map(|number| self.sealed_id(*number))
            .collect();
        for number in entries {
            self.browsers[b].tabs[t].holds.remove(number);
        }
        let answers = ids.into_iter().map(|id| (id, Answer::Settled)).collect();
        self.tell(b, t, Input::Answered(answers, None))
    }

    fn sealed_id(&self, number: usize) -> Option<Id> {
        self.ledger.entries[number].sealed.map(|sealed| sealed.id)
    }

    fn with_new_ids(&mut self, b: usize, t: usize, entries: &[usize], body: String) -> String {
        let mut body = body;
        for number in entries {
            let tries = self.browsers[b].tabs[t]
                .tries
                .get(number)
                .copied()
                .unwrap_or(0);
            if let (Some(id), true) = (self.sealed_id(*number), tries > 1) {
                let fresh = Id::new(id.time(), self.random.id_bytes());
                body = body.replace(&id.text(), &fresh.text());
            }
        }
        body
    }
}
