//! The way of most beacons, on which Rust waits for nothing: JavaScript waits for the body and for the
//! queue, and asks in between. Two waits in Rust would cost a tenth of the beacon.
//!
//! It knows one end, that the beacon is kept. Whatever else is to be done takes the longer way.

use super::{Asking, Kept, objection};
use crate::{
    admission,
    bindings::Bindings,
    http, plans,
    runtime::{self, Decide, Heard, Later},
};
use goalpost_core::{beacon::Envelope, limits};
use std::{cell::OnceCell, panic::AssertUnwindSafe};
use worker::{
    Env,
    js_sys::{Promise, Uint8Array, futures::future_to_promise},
    wasm_bindgen::{JsValue, prelude::Closure},
};

/// What JavaScript is given with each request, made once in an isolate.
struct Asked {
    path: JsValue,
    decide: Closure<Decide>,
    later: Closure<Later>,
}

thread_local! {
    static ASKED: OnceCell<Asked> = const { OnceCell::new() };
}

/// The answer to a beacon; `None` if it has to be read with care, or is none at all.
pub(crate) fn at_once(request: &web_sys::Request, env: &Env) -> Option<Promise> {
    let most = u32::try_from(limits::BEACON_BYTES).unwrap_or(0);
    ASKED.with(|asked| {
        let asked = asked.get_or_init(|| Asked::new(env));
        runtime::take(request, env, &asked.path, most, &asked.decide, &asked.later)
    })
}

impl Asked {
    fn new(env: &Env) -> Self {
        let edge = Bindings::new(env.clone());
        let path = format!("{}/c", edge.prefix());
        let most = edge.daily_items();
        let decide =
            move |lines, body: Uint8Array| decide(Heard::already(lines), &body.to_vec(), most);
        Self {
            path: JsValue::from_str(&path),
            decide: Closure::new(decide),
            later: Closure::new(later),
        }
    }
}

/// See `take` in `runtime.js`.
#[allow(clippy::needless_pass_by_value, reason = "JavaScript gives it away")]
fn decide(heard: Heard, body: &[u8], most: Option<u64>) -> Option<String> {
    let heard = heard.lines();
    let envelope = Envelope::read(body).ok()?;
    let site = plans::at_hand(&envelope.site)?;
    let forgets_only = super::forgets(&envelope) && envelope.items.is_empty();
    if forgets_only || objection(&heard, &site, &envelope).is_some() {
        return None;
    }
    if admission::at_hand(most, &envelope.site, envelope.items.len()) != Some(true) {
        return None;
    }
    let text = core::str::from_utf8(body).ok()?;
    let kept = Kept::new(&heard, &envelope, text).ok()?;
    let site = envelope.site.as_ref();
    Some([site, &kept.cookie, &kept.answer, &kept.message].join("\n"))
}

fn later(request: web_sys::Request, env: Env, body: Uint8Array, is_over: bool) -> Promise {
    future_to_promise(AssertUnwindSafe(async move {
        let edge = Bindings::new(env);
        let heard = Heard::of(&request, edge.env());
        let asking = Asking {
            request: &request,
            heard: heard.lines(),
            is_over,
        };
        let outcome = super::open(&edge, &asking, &body.to_vec()).await;
        Ok(http::respond(outcome)?.into())
    }))
}
