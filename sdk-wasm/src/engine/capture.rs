//! From something seen to an item whose text never changes again.

use super::{Captured, Consent, Effect, Engine, Plan, Presence, click};
use goalpost_core::{
    CommerceStep, Context, Explanation, Id, Observation, Person, Properties, Seen, beacon::Item,
    commerce, evaluate, explain, fate::Drop, is_campaign_key, limits,
};

impl Engine {
    pub(super) fn see(
        &mut self,
        captured: Option<Captured>,
        path: String,
        seen: Seen,
        mut properties: Properties,
    ) {
        if self.settings.consent == Consent::Denied {
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
            id: Id::new(self.now, self.random.id_bytes()),
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
        let timeout = self.session_timeout_ms();
        let time = captured.id.time();
        if let Presence::Open { record, .. } = &mut self.presence {
            if record.continues(time, timeout) {
                record.last = record.last.max(time);
            } else {
                // What was seen before the gap belongs to the session that ends with it.
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
                query.retain(|(key, _)| {
                    rules.map_or_else(|| is_campaign_key(key), |rules| rules.keeps_query(key))
                });
            }
            let context = Context {
                time: observation.id.time(),
                session: Some(record.session),
                person: Person {
                    visitor: Some(record.visitor),
                    contact: None,
                },
                server: false,
            };
            let verdict = self
                .rules()
                .map(|rules| evaluate(rules, &observation, &context));
            let claims: Option<Vec<&str>> = verdict.as_ref().map(|verdict| {
                verdict
                    .conversions
                    .iter()
                    .map(|conversion| conversion.definition.as_str())
                    .collect()
            });
            let item = Item::new(
                &observation,
                self.page,
                Some(record.session),
                claims.as_deref(),
            );
            if self.settings.debug {
                self.explain(
                    &observation,
                    verdict
                        .and_then(|verdict| verdict.problem)
                        .map(|(_, text)| text),
                );
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

    /// One line of what was seen, and one for each definition that it concerned.
    pub(super) fn explain(&mut self, observation: &Observation, problem: Option<String>) {
        let mut text = String::from(observation.seen.kind());
        text.push(' ');
        text.push_str(&observation.path);
        if let Plan::Settled(Some(rules)) = &self.plan {
            for definition in &rules.definitions {
                let explanation = explain(rules, definition, observation);
                if !matches!(
                    explanation,
                    Explanation::OtherKind | Explanation::Inert | Explanation::ServerOnly
                ) {
                    text.push_str("\n  ");
                    text.push_str(&definition.id);
                    text.push_str(": ");
                    text.push_str(explanation.text());
                    if explanation == Explanation::Matched {
                        text.push_str(", counts ");
                        text.push_str(definition.count.name());
                    }
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
