//! The queue between collect and sink: sending, and the two consumers.
//!
//! A message is acknowledged after its transaction has committed, and the sink takes a message any
//! number of times, so neither a lost acknowledgement nor a second delivery changes a total.

use crate::{
    backlog::{self, Place},
    beats,
    bindings::{Bindings, DEAD_QUEUE},
    clock,
    http::Failure,
    log, overflow, runtime, sink,
    store::{self, is_of_the_database, is_passing},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::{
    accepted::{Accepted, Content, RefusedBody},
    fate, scrub_bytes,
};
use serde::Deserialize;
use std::borrow::Cow;
use worker::{
    MessageBatch, MessageExt as _, QueueRetryOptionsBuilder, RawMessage, js_sys::JSON,
    wasm_bindgen::JsValue,
};

/// Hands a message to the queue; where the queue does not take it, to the [`overflow`]; and to the database
/// where there is no queue, or neither takes it.
///
/// # Errors
/// [`Failure::Platform`] if none took it: the sender must keep it.
pub(crate) async fn deliver(edge: &Bindings, text: String) -> Result<(), Failure> {
    if edge.events().is_ok() {
        let Err(problem) = send(edge, &text).await else {
            return Ok(());
        };
        log::warn("queue_refused", &[], &problem);
        if let Some(objects) = edge.overflow() {
            match overflow::keep(&objects, &text).await {
                Ok(()) => return Ok(()),
                Err(problem) => log::warn("overflow_refused", &[], &problem),
            }
        }
    }
    store::store(edge, &[serde_json::from_str(&text)?]).await?;
    Ok(())
}

/// Hands a message to the queue.
///
/// # Errors
/// [`Failure::Platform`] if it does not take it.
pub(crate) async fn send(edge: &Bindings, text: &str) -> Result<(), Failure> {
    runtime::send(edge.events()?.as_ref(), text).await
}

/// Takes a batch of either queue.
pub(crate) async fn consume(batch: &MessageBatch<String>, edge: &Bindings) {
    let messages: Vec<(RawMessage, String)> = batch
        .raw_iter()
        .map(|message| {
            let text = text_of(&message.body());
            (message, text)
        })
        .collect();
    if batch.queue() == DEAD_QUEUE {
        bury_all(edge, &messages).await;
    } else {
        store_all(edge, &messages).await;
        beats::batch_came(edge, messages.iter().map(|(message, _)| sent_at(message))).await;
    }
}

fn sent_at(message: &RawMessage) -> i64 {
    i64::try_from(message.timestamp().as_millis()).unwrap_or(0)
}

/// A body that is not text was not sent by this code; its JSON is what can be kept of it.
fn text_of(body: &JsValue) -> String {
    body.as_string()
        .or_else(|| JSON::stringify(body).ok()?.as_string())
        .unwrap_or_default()
}

async fn store_all(edge: &Bindings, messages: &[(RawMessage, String)]) {
    let mut owners = Vec::with_capacity(messages.len());
    let mut accepted: Vec<Accepted<'_>> = Vec::with_capacity(messages.len());
    for (message, text) in messages {
        match serde_json::from_str(text) {
            Ok(read) => {
                owners.push(message);
                accepted.push(read);
            }
            // Newer code may read it; if none does, it ends in the dead letters with its bytes.
            Err(problem) => {
                log::error(
                    "message_unreadable",
                    &[("message", &message.id())],
                    &problem,
                );
                message.retry();
            }
        }
    }
    let mut owners = owners.into_iter();
    for part in sink::chunks(&accepted) {
        let owners: Vec<&RawMessage> = owners.by_ref().take(part.len()).collect();
        store_part(edge, part, &owners).await;
    }
}

async fn store_part(edge: &Bindings, part: &[Accepted<'_>], owners: &[&RawMessage]) {
    let Err(problem) = store::store(edge, part).await else {
        for message in owners {
            message.ack();
        }
        return;
    };
    if part.len() < 2 || is_passing(&problem) {
        for message in owners {
            try_again(message, &problem);
        }
        return;
    }
    // One of them may be at fault: alone, it costs only itself.
    let count = part.len().to_string();
    log::warn("messages_go_alone", &[("messages", &count)], &problem);
    for (one, message) in part.chunks(1).zip(owners) {
        match store::store(edge, one).await {
            Ok(_) => message.ack(),
            Err(problem) => try_again(message, &problem),
        }
    }
}

/// Seconds until a message comes again: as long as it is old, so each pause is about twice the last.
const PAUSE_S: (i64, i64) = (1, 3_600);

fn pause_s(sent: i64, now: i64) -> u32 {
    let age = now.saturating_sub(sent) / 1_000;
    u32::try_from(age.clamp(PAUSE_S.0, PAUSE_S.1)).unwrap_or(1)
}

fn try_again(message: &RawMessage, problem: &Failure) {
    log::error("message_not_stored", &[("message", &message.id())], problem);
    let pause = QueueRetryOptionsBuilder::new()
        .with_delay_seconds(pause_s(sent_at(message), clock::now()))
        .build();
    message.retry_with_options(&pause);
}

async fn bury_all(edge: &Bindings, messages: &[(RawMessage, String)]) {
    let mut failed = Vec::new();
    for (message, text) in messages {
        match bury(edge, text).await {
            Ok(()) => message.ack(),
            Err(problem) => {
                try_again(message, &problem);
                failed.push(sent_at(message));
            }
        }
    }
    let oldest = failed.iter().copied().min().unwrap_or_default();
    backlog::note(edge, Place::Dead, failed.len(), oldest).await;
}

/// Stores a dead letter after all, or else keeps its bytes in quarantine.
async fn bury(edge: &Bindings, text: &str) -> Result<(), Failure> {
    let detail = match serde_json::from_str::<Accepted<'_>>(text) {
        // It may have died of an outage that is over.
        Ok(accepted) => match store::store(edge, &[accepted]).await {
            Ok(_) => return Ok(()),
            Err(problem) if is_of_the_database(&problem) => return Err(problem),
            Err(problem) => format!("the sink could not store it: {problem}"),
        },
        Err(problem) => format!("the sink could not read it: {problem}"),
    };
    store::store(edge, &[poison(text, &detail, clock::now())]).await?;
    Ok(())
}

fn poison<'a>(text: &'a str, detail: &'a str, now: i64) -> Accepted<'a> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Letter<'a> {
        received_at: Option<i64>,
        #[serde(borrow)]
        content: LetterContent<'a>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct LetterContent<'a> {
        #[serde(borrow)]
        beacon: LetterBeacon<'a>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct LetterBeacon<'a> {
        #[serde(borrow)]
        site: Cow<'a, str>,
    }
    let letter: Letter<'a> = serde_json::from_str(text).unwrap_or_default();
    Accepted {
        received_at: letter.received_at.unwrap_or(now),
        visitor: None,
        country: "".into(),
        device: "".into(),
        doubts: "".into(),
        content: Content::Refused(RefusedBody {
            reason: fate::Quarantine::Poison.name().into(),
            detail: detail.into(),
            site: letter.content.beacon.site,
            body: STANDARD
                .encode(
                    scrub_bytes(text.as_bytes())
                        .as_deref()
                        .unwrap_or(text.as_bytes()),
                )
                .into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_about_twice_the_last() {
        let mut now = 500;
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let pause = pause_s(0, now);
            pauses.push(pause);
            now += i64::from(pause) * 1_000;
        }
        assert_eq!(pauses, [1, 1, 2, 4, 8, 16]);
        assert_eq!(pause_s(0, i64::MAX), 3_600);
        assert_eq!(pause_s(10_000, 0), 1);
    }

    #[test]
    fn a_dead_letter_is_tried_for_93_hours() {
        // As often as wrangler.jsonc asks for: the platform allows no more.
        let tries = 100;
        let mut age_ms = 20_000;
        for _ in 0..tries {
            age_ms += i64::from(pause_s(0, age_ms)) * 1_000;
        }
        assert_eq!(age_ms / 3_600_000, 93, "docs/scale.md says so");
    }

    #[test]
    fn a_dead_letter_keeps_its_bytes_and_its_site() {
        let text = r#"{"received_at":7,"content":{"beacon":{"site":"shop","items":3}}}"#;
        let accepted = poison(text, "why", 9);
        let Content::Refused(body) = accepted.content else {
            panic!("not refused");
        };
        assert_eq!(body.site, "shop");
        assert_eq!(
            STANDARD.decode(body.body.as_bytes()).unwrap(),
            text.as_bytes()
        );
        let junk = poison("\u{1}", "why", 9);
        assert_eq!(junk.received_at, 9);
    }
}
