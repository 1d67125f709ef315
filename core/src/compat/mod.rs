//! What servers tell that speak to another product: its client is pointed here, and its words become
//! events of a server of the shop ([`server_event`](crate::server_event)).
//!
//! Each keeps its own id and time, so what a client sends again meets its own row. What has the name of
//! a [`CommerceStep`](crate::CommerceStep) is one; whatever else was told is an event of that name.

mod posthog;
mod segment;
mod snowplow;
mod told;

use crate::webhook::Said;
use alloc::{string::String, vec::Vec};
use serde::Deserialize;

/// Whose client it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "each has its own words")]
pub enum Client {
    /// Segment's, as `@segment/analytics-node`: `POST /v1/batch`.
    Segment,
    /// `PostHog`'s, as `posthog-node`: `POST /batch/`.
    Posthog,
    /// Snowplow's, as `@snowplow/node-tracker`: `POST /com.snowplowanalytics.snowplow/tp2`.
    Snowplow,
}

/// What a client sent at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is made here alone")]
pub struct Batch {
    /// The token, where the client has its place in the body.
    pub key: Option<String>,
    /// What it says, in its order.
    pub said: Vec<Said>,
}

/// Why a body is not one of the client's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a batch of {client}: line {line}, column {column}")]
#[non_exhaustive]
pub struct BatchError {
    /// The client's product.
    client: &'static str,
    /// Where it stops to be one, from 1.
    line: usize,
    /// The place in the line.
    column: usize,
}

impl Client {
    /// Every client, in order.
    pub const ALL: [Self; 3] = [Self::Segment, Self::Posthog, Self::Snowplow];

    /// The product's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Segment => "Segment",
            Self::Posthog => "PostHog",
            Self::Snowplow => "Snowplow",
        }
    }

    /// Reads what it sent.
    ///
    /// ```
    /// use goalpost_core::{compat::Client, webhook::Said};
    /// let body = br#"{"batch": [{"type": "track", "event": "Order Completed", "messageId": "m-1",
    ///     "timestamp": "2026-11-21T03:00:00.000Z", "userId": "7",
    ///     "properties": {"order_id": "A1", "total": 14800, "currency": "JPY"}}]}"#;
    /// let batch = Client::Segment.read(body)?;
    /// let [Said::Event(event)] = batch.said.as_slice() else {
    ///     unreachable!("an order is an event");
    /// };
    /// assert!(event.contains(r#""commerce":"purchase","order":"A1","revenue":14800"#));
    /// # Ok::<(), goalpost_core::compat::BatchError>(())
    /// ```
    ///
    /// # Errors
    /// [`BatchError`]; then nothing of the body was read.
    pub fn read(self, body: &[u8]) -> Result<Batch, BatchError> {
        Ok(match self {
            Self::Segment => segment::read(self.parsed(body)?),
            Self::Posthog => posthog::read(self.parsed(body)?),
            Self::Snowplow => snowplow::read(&self.parsed(body)?),
        })
    }

    fn parsed<'a, T: Deserialize<'a>>(self, body: &'a [u8]) -> Result<T, BatchError> {
        // The reader's own words could show a part of a value.
        serde_json::from_slice(body).map_err(|problem| BatchError {
            client: self.name(),
            line: problem.line(),
            column: problem.column(),
        })
    }
}

#[cfg(test)]
mod tests;
