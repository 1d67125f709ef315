//! Time and chance, which `core` takes as arguments.

use crate::http::Failure;
use goalpost_core::Id;
use worker::wasm_bindgen::JsCast as _;

/// Now: Unix milliseconds by the edge's clock.
pub(crate) fn now() -> i64 {
    i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX)
}

/// A new id of now.
pub(crate) fn new_id() -> Result<Id, Failure> {
    Ok(Id::new(now(), random()?))
}

/// Bytes that nobody can guess.
pub(crate) fn random<const BYTES: usize>() -> Result<[u8; BYTES], Failure> {
    let mut random = [0; BYTES];
    worker::js_sys::global()
        .unchecked_into::<web_sys::WorkerGlobalScope>()
        .crypto()
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut random))
        .map_err(|_| Failure::Platform(String::from("no randomness")))?;
    Ok(random)
}
