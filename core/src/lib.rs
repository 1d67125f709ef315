//! The rules of Goalpost, and nothing else.
//!
//! # The way of an observation
//!
//! A page shows something; the SDK makes an [`Observation`] of it, with an [`Id`] that carries its
//! capture time and a sequence number. [`evaluate`] says what it means under the site's [`Rules`]:
//! the page *claims* the conversions, writes the observation into an [`beacon::Item`] and keeps it
//! until a [`beacon`] with it was confirmed. The edge reads each item on its own, evaluates it again
//! with the same function and the same rules, and stores its own verdict under each conversion's
//! [`CountingKey`]. Every copy that arrives meets exactly one [`Fate`].
//!
//! # What this crate does not have
//!
//! No clock, no randomness, no I/O, no global state, no JavaScript: they are arguments. So the page,
//! the edge, a replay and the fault simulator run the very same code. The default features are what
//! a page needs; `edge` adds reading of JSON, `schema` the types for other languages.
#![cfg_attr(not(feature = "edge"), no_std)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "edge")]
pub mod accepted;
#[cfg(feature = "edge")]
pub mod access_token;
#[cfg(feature = "edge")]
pub mod attribution;
pub mod beacon;
#[cfg(feature = "edge")]
pub mod cart;
#[cfg(feature = "edge")]
pub mod channel;
pub mod commerce;
#[cfg(feature = "edge")]
pub mod compat;
#[cfg(feature = "edge")]
pub mod contact;
#[cfg(feature = "edge")]
pub mod crawler;
#[cfg(feature = "edge")]
pub mod erasure;
pub mod fate;
#[cfg(feature = "edge")]
pub mod funnel;
#[cfg(feature = "edge")]
pub mod home;
pub mod json;
#[cfg(feature = "edge")]
pub mod kpi;
#[cfg(feature = "edge")]
pub mod ledger;
pub mod limits;
#[cfg(feature = "edge")]
pub mod link_token;
#[cfg(feature = "edge")]
pub mod order_token;
#[cfg(feature = "edge")]
pub mod plan;
#[cfg(feature = "edge")]
pub mod reasons;
#[cfg(feature = "edge")]
pub mod replay;
#[cfg(feature = "edge")]
pub mod reporting;
#[cfg(feature = "edge")]
pub mod segment;
#[cfg(feature = "edge")]
pub mod server_event;
#[cfg(feature = "edge")]
pub mod sessionize;
#[cfg(feature = "edge")]
pub mod signature;
#[doc(hidden)]
pub mod testing;
#[cfg(feature = "edge")]
pub mod trail;
#[cfg(feature = "edge")]
pub mod webhook;

mod browser_plan;
mod codec;
mod condition;
mod counting;
mod decimal;
mod evaluate;
mod fact;
mod id;
mod link;
mod money;
mod observation;
mod page_pattern;
mod parts;
mod rules;
mod scrub;
#[cfg(feature = "edge")]
mod scrub_json;
mod selector;
mod session;
mod zone;

pub use browser_plan::{BrowserPlan, DecodeError};
pub use commerce::CommerceStep;
pub use condition::{Condition, Test};
pub use counting::{Counting, CountingKey, Person};
pub use decimal::Decimal;
pub use evaluate::{Context, Conversion, Explanation, Verdict, claims, evaluate, explain};
pub use fate::Fate;
pub use id::Id;
pub use link::LinkKind;
pub use money::{Currency, Money, MoneyError};
pub use observation::{Element, MediaStep, Observation, Properties, Seen, Value, clip, clip_text};
pub use page_pattern::{PagePattern, PatternError};
pub use parts::Parts;
pub use rules::{Amount, Definition, Rule, Rules, Trigger, Worth, is_campaign_key};
pub use scrub::scrub;
#[cfg(feature = "edge")]
pub use scrub_json::{scrub_bytes, scrub_json};
pub use selector::{Selector, SelectorError};
pub use session::SessionRecord;
pub use zone::{Date, Zone};
