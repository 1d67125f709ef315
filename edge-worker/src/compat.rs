//! Servers that speak to another product's client: what they tell becomes events, answered as those of
//! a server of the shop are.

use crate::{
    auth,
    bindings::Bindings,
    body, events,
    http::{Outcome, header},
    problem::{Kind, Problem},
    routes::Scope,
};
use goalpost_core::{compat::Client, limits};
use worker::Request;

/// Takes what a client sent at once. Its token is where the client has its own key.
pub(crate) async fn take(
    mut request: Request,
    edge: &Bindings,
    site: &str,
    client: Client,
) -> Outcome {
    let shown = header(&request, "authorization");
    let encoding = header(&request, "content-encoding");
    let sent = body::as_it_came(&mut request, limits::SERVER_BYTES).await?;
    let body = body::opened(&encoding, &sent, limits::SERVER_BYTES)?;
    let batch = client
        .read(&body)
        .map_err(|problem| Problem::new(Kind::BadEvents, problem.to_string()))?;
    let token = batch
        .key
        .or_else(|| auth::basic_name(&shown))
        .or_else(|| auth::bearer(&shown).map(String::from));
    auth::check_token(token.as_deref(), edge, site, Scope::Events).await?;
    events::take_said(edge, site, client.name(), &batch.said).await
}
