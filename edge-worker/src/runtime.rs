//! The runtime's side of a beacon, in as few calls as there can be; see `runtime.js`.

use crate::http::Failure;
use worker::{
    Env,
    js_sys::{Promise, Uint8Array, futures::JsFuture},
    wasm_bindgen::{
        self, JsValue,
        prelude::{Closure, wasm_bindgen},
    },
};

/// From what a request says of itself, and its body: cookie, answer and message, a line each.
pub(crate) type Decide = dyn Fn(String, Uint8Array) -> Option<String>;

/// The answer to a request whose body is read already.
pub(crate) type Later = dyn Fn(web_sys::Request, Env, Uint8Array) -> Promise;

#[wasm_bindgen(module = "/src/runtime.js")]
extern "C" {
    fn heard(request: &web_sys::Request) -> String;
    pub(crate) fn take(
        request: &web_sys::Request,
        env: &Env,
        path: &JsValue,
        most_bytes: u32,
        decide: &Closure<Decide>,
        later: &Closure<Later>,
    ) -> Option<Promise>;
    fn answer(text: &str, origin: &str, cookie: &str) -> web_sys::Response;
    #[wasm_bindgen(catch, js_name = send)]
    fn send_text(queue: &JsValue, text: &str) -> Result<Promise, JsValue>;
}

/// What a request says of itself, taken before its body is read.
pub(crate) struct Heard(String);

impl Heard {
    pub(crate) fn of(request: &web_sys::Request) -> Self {
        Self(heard(request))
    }

    /// What `runtime.js` has asked already.
    pub(crate) const fn already(lines: String) -> Self {
        Self(lines)
    }

    /// The lines, in the order of `runtime.js`.
    pub(crate) fn lines(&self) -> Lines<'_> {
        let mut lines = self.0.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        Lines {
            origin: next(),
            referer: next(),
            agent: next(),
            cookies: next(),
            gpc: next(),
            dnt: next(),
            country: next(),
            url: next(),
        }
    }
}

/// What a request says of itself; empty where it says nothing.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    pub(crate) origin: &'a str,
    pub(crate) referer: &'a str,
    pub(crate) agent: &'a str,
    pub(crate) cookies: &'a str,
    pub(crate) gpc: &'a str,
    pub(crate) dnt: &'a str,
    pub(crate) country: &'a str,
    pub(crate) url: &'a str,
}

/// The answer to a page of `origin`.
pub(crate) fn answered(text: &str, origin: &str, cookie: &str) -> web_sys::Response {
    answer(text, origin, cookie)
}

/// Hands a text to the queue, and waits until it is there.
pub(crate) async fn send(queue: &JsValue, text: &str) -> Result<(), Failure> {
    let failed = |problem| Failure::from(worker::Error::from(problem));
    JsFuture::from(send_text(queue, text).map_err(failed)?)
        .await
        .map_err(failed)?;
    Ok(())
}
