//! Where messages wait that the queue does not take, until it takes them.
//!
//! A second queue in front of the first: what it hands on goes the usual way, with its batches, its dead
//! letters and its one transaction for each item. Why it is an object and not the database:
//! `docs/decisions/0017-where-messages-wait.md`.

#![allow(
    missing_docs,
    reason = "of the methods that the crate's own macro writes"
)]

use crate::{
    backlog::{self, Place},
    bindings::Bindings,
    clock,
    http::Failure,
    log, queue,
};
use serde::Deserialize;
use std::time::Duration;
use worker::{
    DurableObject, Env, Method, ObjectNamespace, Request, RequestInit, Response, State,
    durable_object,
    wasm_bindgen::{self, JsValue},
};

/// How many objects share the messages: each has one thread.
const OBJECTS: i64 = 8;

/// How many messages one run hands on.
const BATCH: i64 = 200;

/// Seconds until the queue is tried again: as long as the oldest message is old, within these.
const PAUSE_S: (i64, i64) = (1, 60);

const TABLE: &str = "CREATE TABLE IF NOT EXISTS messages \
     (place INTEGER PRIMARY KEY, kept_at INTEGER NOT NULL, text TEXT NOT NULL) STRICT";
const KEEP: &str = "INSERT INTO messages (kept_at, text) VALUES (?1, ?2)";
const OLDEST: &str = "SELECT place, kept_at, text FROM messages ORDER BY place LIMIT ?1";
const COUNT: &str = "SELECT count(*) AS messages FROM messages";
const HANDED_ON: &str = "DELETE FROM messages WHERE place = ?1";

/// Keeps a message; it is on the disk once this returns.
///
/// # Errors
/// [`Failure::Platform`] if it is not kept.
pub(crate) async fn keep(objects: &ObjectNamespace, text: &str) -> Result<(), Failure> {
    let name = clock::now().rem_euclid(OBJECTS).to_string();
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_body(Some(JsValue::from_str(text)));
    let request = Request::new_with_init("https://overflow/", &init)?;
    let answer = objects
        .get_by_name(&name)?
        .fetch_with_request(request)
        .await?;
    match answer.status_code() {
        204 => Ok(()),
        status => Err(Failure::Internal(format!("the overflow answered {status}"))),
    }
}

/// Some of the messages that wait.
#[durable_object(alarm)]
#[derive(Debug)]
pub struct Overflow {
    state: State,
    env: Env,
}

#[derive(Deserialize)]
struct Waiting {
    place: i64,
    kept_at: i64,
    text: String,
}

#[derive(Deserialize)]
struct Count {
    messages: usize,
}

impl DurableObject for Overflow {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let text = request.text().await?;
        let storage = self.state.storage();
        let sql = storage.sql();
        sql.exec(TABLE, None)?;
        sql.exec(KEEP, vec![clock::now().into(), text.into()])?;
        if storage.get_alarm().await?.is_none() {
            storage.set_alarm(pause(0)).await?;
        }
        Ok(Response::empty()?.with_status(204))
    }

    /// Hands on what waits. A message that is handed on twice is a copy, as the queue's own are.
    async fn alarm(&self) -> worker::Result<Response> {
        let storage = self.state.storage();
        let sql = storage.sql();
        let waiting: Vec<Waiting> = sql.exec(OLDEST, vec![BATCH.into()])?.to_array()?;
        let edge = Bindings::new(self.env.clone());
        for message in &waiting {
            if let Err(problem) = queue::send(&edge, &message.text).await {
                let age = clock::now().saturating_sub(message.kept_at);
                log::warn("overflow_waits", &[], &problem);
                storage.set_alarm(pause(age)).await?;
                let count: Count = sql.exec(COUNT, None)?.one()?;
                backlog::note(&edge, Place::Overflow, count.messages, message.kept_at).await;
                return Response::empty();
            }
            sql.exec(HANDED_ON, vec![message.place.into()])?;
        }
        if !waiting.is_empty() {
            // More may have come in meanwhile.
            storage.set_alarm(Duration::ZERO).await?;
        }
        Response::empty()
    }
}

fn pause(age_ms: i64) -> Duration {
    let seconds = (age_ms / 1_000).clamp(PAUSE_S.0, PAUSE_S.1);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(1))
}
