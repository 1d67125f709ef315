//! Events of a site's own servers: stored before they are answered, and answered each.
//!
//! A request is one transaction. Whoever gets no answer sends it again as it was: the ids follow from
//! what the events say, so those that were stored are found to be there.

mod fates;

use crate::{
    bindings::Bindings,
    body, clock,
    http::{self, Failure, Outcome, header},
    log,
    openapi::shape,
    plans,
    problem::{Kind, Problem},
    routes::Scope,
    store,
};
use fates::Fates;
use goalpost_core::{
    accepted::{Accepted, Content, ServerEvents},
    limits,
    server_event::{BodyError, ServerEvent, Terms, peek_id, read_event, read_events},
    signature,
    webhook::Said,
};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;
use worker::Request;

/// Whether a request of a server shows a signature in place of a token.
pub(crate) fn is_signed(request: &Request, scope: Scope) -> bool {
    scope == Scope::Events && !header(request, signature::HEADER).is_empty()
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    /// It is stored, for the first time.
    Stored,
    /// It was stored before.
    Duplicate,
    /// Another event with its id was here before.
    Conflict,
    /// It waits, with all that it says, until the plan is put right.
    Quarantined,
    /// Nothing of it is kept.
    Refused,
}

#[derive(Serialize)]
struct Answer {
    results: Vec<Answered>,
    #[serde(skip)]
    rows_written: usize,
}

impl Answer {
    fn refused(&self) -> usize {
        let refused = |own: &&Answered| own.result == Fate::Refused;
        self.results.iter().filter(refused).count()
    }
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Answered {
    /// As the server gave it, else as it was made of the event.
    id: Option<String>,
    result: Fate,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// Takes a request of a server.
pub(crate) async fn take(mut request: Request, edge: &Bindings, site: &str) -> Outcome {
    let signed = header(&request, signature::HEADER);
    let encoding = header(&request, "content-encoding");
    let sent = body::as_it_came(&mut request, limits::SERVER_BYTES).await?;
    let now = clock::now();
    if is_signed(&request, Scope::Events) {
        check_signature(edge, site, &signed, &sent, now)?;
    }
    let body = body::opened(&encoding, &sent, limits::SERVER_BYTES)?;
    let events = read_events(&body, site).map_err(|problem| bad_body(&problem))?;
    let events: Vec<&str> = events.iter().map(|event| event.get()).collect();
    answer(edge, site, &events, now).await
}

/// Takes one event that somebody else's words were made into.
pub(crate) async fn take_one(edge: &Bindings, site: &str, event: &str) -> Outcome {
    answer(edge, site, &[event], clock::now()).await
}

/// Takes what another product's client said. It looks at the status alone: an error would have it send
/// all again, or throw all away. So what is refused is told in the answer, and its number in the log.
pub(crate) async fn take_said(edge: &Bindings, site: &str, client: &str, said: &[Said]) -> Outcome {
    if said.len() > limits::SERVER_EVENTS {
        return Err(bad_body(&BodyError::TooMany(said.len())));
    }
    let mut events = Vec::new();
    let mut ignored: BTreeMap<&str, u32> = BTreeMap::new();
    for one in said {
        match one {
            Said::Event(event) => events.push(event.as_str()),
            Said::Nothing(why) => {
                let times = ignored.entry(why).or_default();
                *times = times.saturating_add(1);
            }
        }
    }
    let answered = answered(edge, site, &events, clock::now()).await?;
    let refused = answered.refused();
    if refused > 0 {
        log::warn(
            "events_refused",
            &[("site", site), ("events", &refused.to_string())],
            &format!("{client} sent them; its answer says why"),
        );
    }
    let ignored: Vec<String> = ignored
        .into_iter()
        .map(|(why, times)| match times {
            1 => format!("once: {why}"),
            2 => format!("twice: {why}"),
            _ => format!("{times} times: {why}"),
        })
        .collect();
    http::json(&json!({"results": answered.results, "ignored": ignored.join("; ")}))
}

/// The answer to words in which nothing is counted.
pub(crate) fn told(why: &str) -> Outcome {
    http::json(&json!({"results": [], "ignored": why}))
}

async fn answer(edge: &Bindings, site: &str, events: &[&str], now: i64) -> Outcome {
    let answer = answered(edge, site, events, now).await?;
    let response = http::json(&answer)?;
    let headers = response.headers();
    headers.set("Goalpost-Rows-Written", &answer.rows_written.to_string())?;
    Ok(response)
}

async fn answered(
    edge: &Bindings,
    site: &str,
    events: &[&str],
    now: i64,
) -> Result<Answer, Failure> {
    let known = plans::in_effect(edge, site).await?;
    let terms = Terms {
        rules: &known.rules,
        now,
        since: known.reporting.since,
    };
    let read: Vec<_> = events
        .iter()
        .map(|event| (peek_id(event), read_event(event, &terms)))
        .collect();
    let good: Vec<&ServerEvent> = read
        .iter()
        .filter_map(|(_, event)| event.as_ref().ok())
        .collect();
    let (mut fates, rows_written) = store_all(edge, site, now, &good).await?;
    let results = read
        .iter()
        .map(|(id, event)| match event {
            Ok(event) => {
                let (result, problem) = fates.of(event);
                Answered {
                    id: id.clone().or_else(|| Some(event.id.text())),
                    result,
                    problem,
                }
            }
            Err(problem) => Answered {
                id: id.clone(),
                result: Fate::Refused,
                problem: Some(problem.to_string()),
            },
        })
        .collect();
    Ok(Answer {
        results,
        rows_written,
    })
}

/// A signature is of the bytes as they came, and is looked at before anything reads them.
fn check_signature(
    edge: &Bindings,
    site: &str,
    signed: &str,
    body: &[u8],
    now: i64,
) -> Result<(), Failure> {
    let keys = edge.signing_keys()?.get(site);
    let keys = keys.map(Vec::as_slice).unwrap_or_default();
    signature::verify(signed, body, keys, now)
        .map_err(|problem| Problem::new(Kind::Unauthorized, problem.to_string()).into())
}

fn bad_body(problem: &BodyError) -> Failure {
    let kind = match problem {
        BodyError::TooMany(_) => Kind::TooLarge,
        _ => Kind::BadEvents,
    };
    Problem::new(kind, problem.to_string()).into()
}

async fn store_all(
    edge: &Bindings,
    site: &str,
    now: i64,
    events: &[&ServerEvent],
) -> Result<(Fates, usize), Failure> {
    if events.is_empty() {
        return Ok((Fates::default(), 0));
    }
    let receipt = store(edge, site, now, events).await?;
    let fates = Fates::read(edge, site, receipt.batch, events).await?;
    Ok((fates, receipt.rows_written))
}

/// Stores events of a server in one transaction.
///
/// # Errors
/// [`Failure::Platform`]; then nothing of them is stored.
pub(crate) async fn store(
    edge: &Bindings,
    site: &str,
    now: i64,
    events: &[&ServerEvent],
) -> Result<store::Receipt, Failure> {
    let items = events
        .iter()
        .map(|event| serde_json::from_str::<&RawValue>(&event.json))
        .collect::<Result<_, _>>()?;
    let message = Accepted {
        received_at: now,
        visitor: None,
        country: "".into(),
        device: "".into(),
        doubts: "".into(),
        content: Content::Server(ServerEvents {
            site: site.into(),
            items,
        }),
    };
    store::store(edge, &[message]).await
}

/// The answer's shape.
pub(crate) fn schema() -> Value {
    shape::object(&[results()])
}

/// The shape of the answer to a webhook.
pub(crate) fn webhook_schema() -> Value {
    let ignored = (
        "ignored",
        shape::text("Why something in it is not counted."),
    );
    shape::object_with(&[results()], &[ignored])
}

fn results() -> (&'static str, Value) {
    let results = ["stored", "duplicate", "conflict", "quarantined", "refused"];
    (
        "results",
        shape::list(shape::object_with(
            &[
                (
                    "id",
                    json!({
                        "type": ["string", "null"],
                        "description": "The event's id, or the one that was made of it.",
                    }),
                ),
                ("result", json!({"enum": results})),
            ],
            &[(
                "problem",
                shape::text("What is wrong, and how to put it right."),
            )],
        )),
    )
}
