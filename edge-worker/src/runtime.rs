//! The runtime's side of a beacon, in as few calls as there can be; see `runtime.js`.

use crate::{bindings::Bindings, database::Answer, http::Failure};
use worker::{
    D1PreparedStatement, Env,
    js_sys::{Array, Promise, Uint8Array, futures::JsFuture},
    wasm_bindgen::{
        self, JsValue,
        prelude::{Closure, wasm_bindgen},
    },
};

/// From what a request says of itself, and its body: site, cookie, answer and message, a line each.
pub(crate) type Decide = dyn Fn(String, Uint8Array) -> Option<String>;

/// The answer to a request whose body is read already, and whether its site or network has sent too
/// many of them.
pub(crate) type Later = dyn Fn(web_sys::Request, Env, Uint8Array, bool) -> Promise;

#[wasm_bindgen(module = "/src/runtime.js")]
extern "C" {
    fn heard(request: &web_sys::Request, env: &Env) -> String;
    pub(crate) fn take(
        request: &web_sys::Request,
        env: &Env,
        path: &JsValue,
        most_bytes: u32,
        decide: &Closure<Decide>,
        later: &Closure<Later>,
    ) -> Option<Promise>;
    fn answer(text: &str, origin: &str, cookie: &str) -> web_sys::Response;
    fn admitted(env: &Env, request: &web_sys::Request, site: &str) -> Promise;
    #[wasm_bindgen(catch, js_name = send)]
    fn send_text(queue: &JsValue, text: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_name = batch)]
    fn run_batch(database: &JsValue, statements: &Array) -> Promise;
}

/// What a request says of itself.
pub(crate) struct Heard(String);

impl Heard {
    pub(crate) fn of(request: &web_sys::Request, env: &Env) -> Self {
        Self(heard(request, env))
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
            brands: next(),
            network: next(),
            known_crawler: next(),
            takes_headless: next(),
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
    pub(crate) brands: &'a str,
    pub(crate) network: &'a str,
    pub(crate) known_crawler: &'a str,
    pub(crate) takes_headless: &'a str,
}

/// The answer to a page of `origin`.
pub(crate) fn answered(text: &str, origin: &str, cookie: &str) -> web_sys::Response {
    answer(text, origin, cookie)
}

/// Whether the limits of requests admit one more of this site and of the caller's network.
pub(crate) async fn is_admitted(edge: &Bindings, request: &web_sys::Request, site: &str) -> bool {
    let admitted = JsFuture::from(admitted(edge.env(), request, site)).await;
    // Without a limit that works, everybody is admitted.
    !admitted.is_ok_and(|admitted| admitted.is_falsy())
}

/// Hands a text to the queue, and waits until it is there.
pub(crate) async fn send(queue: &JsValue, text: &str) -> Result<(), Failure> {
    let failed = |problem| Failure::from(worker::Error::from(problem));
    JsFuture::from(send_text(queue, text).map_err(failed)?)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Runs prepared statements as one transaction.
///
/// The crate's own answers do not fit a database of more than 4 GiB: they read its size into 32 bits.
pub(crate) async fn batch(
    database: &JsValue,
    statements: &[D1PreparedStatement],
) -> Result<Vec<Answer>, Failure> {
    let statements: Array = statements.iter().map(D1PreparedStatement::inner).collect();
    let answers = JsFuture::from(run_batch(database, &statements))
        .await
        .map_err(|problem| Failure::from(worker::Error::from(problem)))?;
    Ok(Array::from(&answers)
        .iter()
        .map(|own| answer_of(&own))
        .collect())
}

/// Two counts, how long, how large, then texts.
fn answer_of(own: &JsValue) -> Answer {
    let own = Array::from(own);
    let mut parts = own.iter();
    let mut number = || {
        parts
            .next()
            .and_then(|own| own.as_f64())
            .unwrap_or_default()
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "D1 counts rows in whole numbers"
    )]
    let (rows_read, rows_written) = (number() as usize, number() as usize);
    let (sql_ms, database_bytes) = (number(), number());
    Answer {
        rows_read,
        rows_written,
        sql_ms,
        database_bytes,
        texts: parts.filter_map(|own| own.as_string()).collect(),
    }
}
