//! From something seen to an item whose text never changes again.

use super::{Captured, Consent, Effect, Engine, Plan, Presence, click, delivery::fits};
use goalpost_core::{
    CommerceStep, Id, Observation, Properties, Seen, beacon::Item, claims, commerce, explain,
    fate::Drop, is_campaign_key, limits,
};

/// An item is shortened to this. The edge puts words such as `[email]` in the place of what names a
/// person, so that its text may grow, and must still be within its bound when it is read again.
const FULL_BYTES: usize = limits::ITEM_BYTES.saturating_sub(384);

impl Engine {
    pub(super) fn see(
        &mut self,
        captured: Option<Captured>,
        path: String,
        seen: Seen,
        mut properties: Properties,
    ) {
        let names = matches!(seen, Seen::Identify { .. });
        if self.settings.consent == Consent::Denied || (names && self.settings.cookieless) {
            return;
        }
        // What the loader held is already what was meant.
        let seen = match (captured, seen) {
            (None, Seen::Click { elements }) => match click::meant(elements, self.rules()) {
                Some(elements) => Seen::Click { elements },
                None => return,
            },
            (None, Seen::Submit { elements }) => Seen::Submit {
                elements: click::meant(elements, self.rules()).unwrap_or_default(),
            },
            (_, seen) => seen,
        };
        let captured = captured.unwrap_or_else(|| Captured {
            id: self.random.id(self.now),
            index: self.next_index,
        });
        self.next_index = self.next_index.max(captured.index.saturating_add(1));
        if self.waiting() >= limits::OUTBOX_ITEMS || captured.index > 0xffff {
            self.drop(Drop::Overflow, 1);
            return;
        }
        if matches!(seen, Seen::Commerce { .. }) {
            commerce::rename(&mut properties);
        }
        let time = captured.id.time();
        let rules = self.plan.rules();
        let campaign = rules.map_or(0, |rules| rules.campaign_mark(&seen));
        if let Presence::Open { record, .. } = &mut self.presence {
            if record.continues(time, campaign, rules) {
                record.last = record.last.max(time);
            } else {
                // What was seen before belongs to the session that ends here.
                self.seal();
                self.presence = Presence::Closed;
            }
        }
        self.captured.push(Observation {
            id: captured.id,
            seq: captured.index,
            path,
            seen,
            properties,
        });
    }

    /// Turns what was captured into items whose text never changes again.
    pub(super) fn seal(&mut self) {
        let Presence::Open {
            record, page_load, ..
        } = &self.presence
        else {
            return;
        };
        let (record, page_load) = (*record, *page_load);
        for mut observation in core::mem::take(&mut self.captured) {
            observation.seq |= u32::from(page_load) << 16;
            if let Seen::Page { query, .. } = &mut observation.seen {
                let rules = self.rules();
                click::keep(query, &|key| {
                    rules.map_or_else(|| is_campaign_key(key), |rules| rules.keeps_query(key))
                });
            }
            let mut is_shortened = false;
            let (item, mut problem) = loop {
                let written = self.write(&observation, record.session);
                // What an item has no room for must not cost the rest of it.
                if written.0.json.len() <= FULL_BYTES || !observation.shorten() {
                    break written;
                }
                is_shortened = true;
            };
            if is_shortened {
                problem = Some(String::from("\u{1f}t"));
            }
            let is_lost = !fits(&item);
            if is_lost {
                self.drop(Drop::Overflow, 1);
                problem = Some(String::from("\u{1f}l"));
            }
            if self.settings.debug {
                self.explain(&observation, problem);
            }
            if is_lost {
                continue;
            }
            if self.settings.retells {
                self.effects.push(Effect::Sealed(item.json.clone()));
            }
            let urgent = is_urgent(&observation.seen);
            self.outbox.push(item, urgent, false);
            if urgent {
                self.flush_at = Some(self.now);
            } else {
                self.flush_soon();
            }
        }
    }

    /// The item of an observation, and what is wrong with that by the plan.
    fn write(&self, observation: &Observation, session: Id) -> (Item, Option<String>) {
        let claimed = self.rules().map(|rules| claims(rules, observation));
        let claims = claimed
            .as_ref()
            .map(|claimed| claimed.as_deref().unwrap_or_default());
        let item = Item::new(observation, self.page, Some(session), claims);
        let problem = claimed.and_then(Result::err).map(|(_, text)| text);
        (item, problem)
    }

    /// One line of what was seen, and one for each definition that it concerned: its id, and the code
    /// of a sentence.
    pub(super) fn explain(&mut self, observation: &Observation, problem: Option<String>) {
        let mut text = String::from(observation.seen.kind());
        text.push(' ');
        text.push_str(&observation.path);
        if let Plan::Settled(Some(rules)) = &self.plan {
            for definition in &rules.definitions {
                if let Some(code) = explain(rules, definition, observation).code(definition.count) {
                    text.push_str("\n  ");
                    text.push_str(&definition.id);
                    text.push('\u{1f}');
                    text.push(char::from(b'0'.saturating_add(code)));
                }
            }
        }
        if let Some(problem) = problem {
            text.push_str("\n  ! ");
            text.push_str(&problem);
        }
        self.effects.push(Effect::Say(text));
    }
}

/// Money and identity go first, and to the disk before the network.
fn is_urgent(seen: &Seen) -> bool {
    matches!(
        seen,
        Seen::Commerce {
            step: CommerceStep::Purchase | CommerceStep::Refund | CommerceStep::BeginCheckout
        } | Seen::Identify { .. }
    )
}
