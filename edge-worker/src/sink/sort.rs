//! Which fate each item is headed for.

use super::{
    clock::DeviceClock,
    delivery::{Delivery, Label, Origin},
    homes::{Homes, Wanted, Way},
    observed::{self, Observed, Whose},
    page_load::PageLoads,
    plan_book::{Compiled, PlanBook},
    row::{self, Row},
    unread::{digest, made_up_id, page_of},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::{
    Id,
    accepted::{Accepted, Content, DroppedBeacon, RefusedBody, ServerEvents},
    beacon::{self, Envelope, ItemError},
    clip,
    erasure::Subject,
    fate::{Drop, Quarantine},
    limits, scrub, scrub_bytes, scrub_json,
    server_event::read_stored,
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

/// All items of some messages, by what is to be done with them.
#[derive(Default)]
pub(super) struct Sorted {
    /// By the number of the database, and label.
    pub(super) trays: BTreeMap<(u32, Label), Tray>,
    /// By database and site, what each observation of a session adds to it.
    pub(super) sessions: BTreeMap<(u32, String), Vec<(Id, String)>>,
    /// The first database has all of them: an item may be sent by another page load than its own.
    pub(super) page_loads: PageLoads,
}

/// The items of one label.
#[derive(Default)]
pub(super) struct Tray {
    pub(super) store: Rows,
    pub(super) quarantine: Rows,
    /// Whether what waits there waits for nobody: then no ids are kept of what does not fit, since nobody
    /// would ever take them away.
    pub(super) is_nobodys: bool,
    pub(super) drop: BTreeMap<Drop, Rows>,
    /// Dropped items without an identity.
    pub(super) count: BTreeMap<Drop, i64>,
    /// What is to be stored or quarantined, with its time, by each name that it bears.
    pub(super) named: BTreeMap<Subject, Vec<(Id, i64)>>,
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

/// Sorts the items of these messages, at `now`; where there are several databases, each to its own.
pub(super) fn sort(
    now: i64,
    messages: &[Accepted<'_>],
    plans: &PlanBook,
    homes: Option<&Homes>,
) -> Sorted {
    let way = homes.map_or(Way::One, Way::Knows);
    sorted(now, messages, plans, way).sorted
}

/// What must be known to sort them so.
pub(super) fn wanted(now: i64, messages: &[Accepted<'_>], plans: &PlanBook) -> Wanted {
    match sorted(now, messages, plans, Way::Asks(Wanted::default())).way {
        Way::Asks(wanted) => wanted,
        Way::One | Way::Knows(_) => Wanted::default(),
    }
}

fn sorted<'p>(
    now: i64,
    messages: &[Accepted<'_>],
    plans: &'p PlanBook,
    way: Way<'p>,
) -> Sorter<'p> {
    let mut sorter = Sorter {
        now,
        plans,
        way,
        sorted: Sorted::default(),
        seen: HashSet::new(),
        quarantined: HashSet::new(),
        dropped: HashSet::new(),
    };
    for message in messages {
        match &message.content {
            Content::Beacon(beacon) => match Envelope::read(beacon.get().as_bytes()) {
                Ok(envelope) => sorter.beacon(message, &envelope),
                Err(problem) => {
                    let body = beacon.get().as_bytes();
                    let body = scrub_bytes(body).unwrap_or_else(|| body.to_vec());
                    sorter.refused(
                        message,
                        &RefusedBody {
                            reason: problem.quarantine().name().into(),
                            detail: problem.to_string().into(),
                            site: "".into(),
                            body: STANDARD.encode(body).into(),
                        },
                    );
                }
            },
            Content::Dropped(dropped) => sorter.dropped(message, dropped),
            Content::Refused(refused) => sorter.refused(message, refused),
            Content::Server(server) => sorter.server(message, server),
        }
    }
    sorter
}

/// What is wrong with an item, which may repeat a part of it.
fn told(detail: &str) -> Cow<'_, str> {
    let detail = clip(detail, limits::TEXT_BYTES);
    scrub(detail).map_or(Cow::Borrowed(detail), Cow::Owned)
}

const NO_PLAN: &str = "site: has no plan; publish one, then replay";

/// What is wrong with an item first of all is that its site has no plan: anybody can name such a site, and
/// all of them share the room of one in quarantine.
fn asked_first(plan: Option<&Compiled>, error: ItemError) -> ItemError {
    if plan.is_some() {
        return error;
    }
    ItemError {
        reason: Quarantine::UnknownSite,
        detail: format!("{NO_PLAN}; and {}", error.detail),
        ..error
    }
}

struct Sorter<'p> {
    now: i64,
    plans: &'p PlanBook,
    way: Way<'p>,
    sorted: Sorted,
    /// Site, id and digest of each item: only the first copy goes on.
    seen: HashSet<(String, Id, u64)>,
    quarantined: HashSet<(String, Id)>,
    dropped: HashSet<(String, Id)>,
}

/// An item that goes to quarantine.
struct Problem<'a> {
    reason: Quarantine,
    detail: &'a str,
    id: Option<Id>,
    digest: u64,
    page: Option<Id>,
    seq: Option<u32>,
    /// When it happened, as far as that is known.
    time: i64,
    session: Option<Id>,
    names: Vec<Subject>,
}

impl Sorter<'_> {
    fn beacon(&mut self, message: &Accepted<'_>, envelope: &Envelope<'_>) {
        let delivery = Delivery::of_page(message, envelope);
        self.sorted.page_loads.sends(&delivery, envelope);
        let plan = self.plans.plan(&envelope.site, &envelope.plan);
        let clock = DeviceClock::new(envelope.sent, message.received_at);
        let visitor = envelope.visitor(message.visitor);
        for raw in &envelope.items {
            let text = &*envelope.whole(raw.get());
            match beacon::read_item(text) {
                Ok(mut item) => {
                    let clean = item.scrub();
                    let text = clean.as_deref().unwrap_or(text);
                    // Fields that are not known here, too.
                    let clean = scrub_json(text);
                    self.readable(
                        &delivery,
                        plan,
                        &Observed {
                            text: clean.as_deref().unwrap_or(text),
                            age: self
                                .now
                                .saturating_sub(clock.corrected(item.observation.id.time())),
                            time: clock.time(item.observation.id.time()),
                            page: item.page.or(envelope.page),
                            whose: Whose::visitor(visitor, &item),
                            item,
                        },
                    );
                }
                Err(error) => {
                    let page = page_of(text).or(envelope.page);
                    let names = visitor.map(Subject::Visitor).into_iter().collect();
                    let error = asked_first(plan, error);
                    self.unreadable(&delivery, text, page, names, &error);
                }
            }
        }
    }

    /// A server's word of when something happened is allowed to be old.
    fn server(&mut self, message: &Accepted<'_>, events: &ServerEvents<'_>) {
        let delivery = Delivery::of_server(message, &events.site);
        let plan = self.plans.plan(&events.site, "");
        for raw in &events.items {
            // What it triggers is a name of the plan, or may be anything.
            let clean = scrub_json(raw.get());
            let text = clean.as_deref().unwrap_or_else(|| raw.get());
            match read_stored(text) {
                Ok(stored) => self.readable(
                    &delivery,
                    plan,
                    &Observed {
                        text,
                        age: 0,
                        time: (stored.item.observation.id.time(), None),
                        page: None,
                        whose: Whose::server(&stored),
                        item: stored.item,
                    },
                ),
                Err(error) => {
                    let error = asked_first(plan, error);
                    self.unreadable(&delivery, text, None, Vec::new(), &error);
                }
            }
        }
    }

    fn readable(&mut self, of: &Delivery<'_>, plan: Option<&Compiled>, item: &Observed<'_>) {
        let observation = &item.item.observation;
        let kept = plan.and_then(|plan| plan.reporting.retention.observations_ms);
        if kept.is_some_and(|kept| item.age > kept) {
            return self.expired(of);
        }
        let digest = observation.digest();
        let verdict = plan
            .ok_or_else(|| (Quarantine::UnknownSite, String::from(NO_PLAN)))
            .and_then(|plan| Ok((plan, observed::verdict(plan, item)?)));
        let (plan, verdict) = match verdict {
            Ok(found) => found,
            Err((reason, detail)) => {
                let problem = Problem {
                    reason,
                    detail: &detail,
                    id: Some(observation.id),
                    digest,
                    page: item.page,
                    seq: Some(observation.seq),
                    time: item.time.0,
                    session: item.session(),
                    names: item.names().collect(),
                };
                return self.quarantine(of, item.text, &problem);
            }
        };
        if let Some(page) = item.page {
            self.sorted.page_loads.captured(of, page, observation.seq);
        }
        let database = self.way.place(
            &of.site(),
            item.names(),
            item.session(),
            verdict.iter().find_map(|own| own.key.session()),
            (observation.id, item.time.0),
        );
        let label = of.label(Origin::of(item.page.is_some()));
        let tray = self.sorted.trays.entry((database, label)).or_default();
        let store = &mut tray.store;
        if !self.seen.insert((of.site(), observation.id, digest)) {
            store.copy();
            return;
        }
        for name in item.names() {
            let named = tray.named.entry(name).or_default();
            named.push((observation.id, item.time.0));
        }
        let keys = self.plans.keys(&plan.rules.site);
        let row = observed::row(of, plan, item, &verdict, keys, digest);
        store.rows.push((observation.id, row));
        if let Some(share) = observed::share_of_session(of, plan, item, &verdict, digest) {
            let shares = self
                .sorted
                .sessions
                .entry((database, of.site()))
                .or_default();
            shares.push((observation.id, share));
        }
    }

    /// A page load that is that old has been summed up, so it is no further item of it.
    fn expired(&mut self, of: &Delivery<'_>) {
        let tray = self.sorted.trays.entry((0, of.label(Origin::Other)));
        let count = &mut tray.or_default().count;
        let count = count.entry(Drop::Expired).or_default();
        *count = count.saturating_add(1);
    }

    fn unreadable(
        &mut self,
        of: &Delivery<'_>,
        text: &str,
        page: Option<Id>,
        names: Vec<Subject>,
        error: &ItemError,
    ) {
        let clean = scrub_json(text);
        let text = clean.as_deref().unwrap_or(text);
        let problem = Problem {
            reason: error.reason,
            detail: &error.detail,
            id: error.id,
            digest: digest(text),
            page,
            seq: error.seq,
            time: error.id.map_or(of.message.received_at, Id::time),
            session: None,
            names,
        };
        self.quarantine(of, text, &problem);
    }

    fn quarantine(&mut self, of: &Delivery<'_>, text: &str, problem: &Problem<'_>) {
        let is_nobodys = problem.reason == Quarantine::UnknownSite;
        // Of nobody only the page load that sends is noted: items could name any number of them.
        let is_noted = |page| !is_nobodys || of.page() == Some(page);
        let place = problem.page.zip(problem.seq);
        let place = place.filter(|(page, _)| is_noted(*page));
        if let Some((page, seq)) = place {
            self.sorted.page_loads.captured(of, page, seq);
        }
        let id = problem
            .id
            .unwrap_or_else(|| made_up_id(problem.page, of.message.received_at, problem.digest));
        let fresh = self.seen.insert((of.site(), id, problem.digest));
        let origin =
            Origin::of(place.is_some() && (!fresh || self.quarantined.insert((of.site(), id))));
        let subjects = problem.names.iter().cloned();
        let at = (id, problem.time);
        let database = self
            .way
            .place(&of.site(), subjects, problem.session, None, at);
        let tray = self.sorted.trays.entry((database, of.label(origin)));
        let tray = tray.or_default();
        tray.is_nobodys |= is_nobodys;
        if !fresh {
            tray.quarantine.copy();
            return;
        }
        for name in &problem.names {
            let named = tray.named.entry(name.clone()).or_default();
            named.push((id, problem.time));
        }
        let row = Row::new(text.len().saturating_add(256))
            .id(Some(id))
            .number(problem.digest.cast_signed())
            .number(of.message.received_at)
            .text(problem.reason.name())
            .text(&told(problem.detail))
            .id(problem.page)
            .text(of.plan)
            .text(&of.request())
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
            let count = &mut self.sorted.trays.entry((0, label)).or_default().count;
            let count = count.entry(reason).or_default();
            *count = count.saturating_add(1);
            return;
        };
        let delivery = Delivery::of_page(message, &envelope);
        self.sorted.page_loads.sends(&delivery, &envelope);
        for raw in &envelope.items {
            let (id, seq) = beacon::peek(raw.get());
            let page = page_of(raw.get()).or(envelope.page);
            if let (Some(id), Some(seq), Some(page)) = (id, seq, page) {
                self.sorted.page_loads.captured(&delivery, page, seq);
                let names = delivery.visitor().map(Subject::Visitor).into_iter();
                let database = self
                    .way
                    .place(&delivery.site(), names, None, None, (id, id.time()));
                let label = delivery.label(Origin::Page);
                let tray = self.sorted.trays.entry((database, label));
                let rows = tray.or_default().drop.entry(reason).or_default();
                if self.dropped.insert((delivery.site(), id)) {
                    rows.rows.push((id, format!("\"{}\"", row::hex(id))));
                } else {
                    rows.copy();
                }
            } else {
                let tray = self.sorted.trays.entry((0, delivery.label(Origin::Other)));
                let count = tray.or_default().count.entry(reason).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    fn refused(&mut self, message: &Accepted<'_>, refused: &RefusedBody<'_>) {
        // Where Rust has ended on a body, nobody has looked for what could name a person.
        let bytes = STANDARD.decode(&*refused.body).ok();
        let clean = bytes.and_then(|bytes| scrub_bytes(&bytes));
        let body = clean.map_or_else(
            || Cow::Borrowed(&*refused.body),
            |clean| Cow::Owned(STANDARD.encode(clean)),
        );
        let digest = digest(&body);
        let id = made_up_id(None, message.received_at, digest);
        let label = Label::without_page(&refused.site, message.received_at);
        let fresh = self.seen.insert((label.site.clone(), id, digest));
        let tray = self.sorted.trays.entry((0, label.clone())).or_default();
        tray.is_nobodys |= label.site.is_empty();
        let rows = &mut tray.quarantine;
        if !fresh {
            rows.copy();
            return;
        }
        let row = Row::new(body.len().saturating_add(256))
            .id(Some(id))
            .number(digest.cast_signed())
            .number(message.received_at)
            .text(refused.reason().name())
            .text(&told(&refused.detail))
            .id(None)
            .text("")
            .text("{}")
            .text(&body)
            .end();
        rows.rows.push((id, row));
    }
}
