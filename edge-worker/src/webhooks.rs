//! Webhooks of other systems: each is checked by its own signature, then read as events of a server.

use crate::{
    bindings::Bindings,
    body, events,
    http::{Failure, Outcome, header},
    log,
    problem::{Kind, Problem},
};
use goalpost_core::{
    clip, limits, signature,
    webhook::{self, Kind as Sender, Said, WebhookError},
};
use serde_json::{Value, json};
use worker::Request;

/// Takes a webhook.
pub(crate) async fn take(mut request: Request, edge: &Bindings, site: &str, kind: &str) -> Outcome {
    match Sender::named(kind) {
        Some(Sender::Goalpost) if header(&request, signature::HEADER).is_empty() => {
            let detail = "Goalpost-Signature: is missing; sign the request";
            Err(Problem::new(Kind::Unauthorized, detail).into())
        }
        Some(Sender::Goalpost) => events::take(request, edge, site).await,
        Some(Sender::Shopify) => shopify(&mut request, edge, site).await,
        None => {
            let kind = clip(kind, limits::NAME_BYTES);
            let detail = format!(
                "kind: '{kind}' sends no webhooks that are read here; {} do",
                Sender::ALL.map(Sender::name).join(" and ")
            );
            Err(Problem::new(Kind::NotFound, detail).into())
        }
    }
}

async fn shopify(request: &mut Request, edge: &Bindings, site: &str) -> Outcome {
    let sent = body::as_it_came(request, limits::SERVER_BYTES).await?;
    let keys = edge
        .webhook_keys()?
        .get(site)
        .and_then(|own| own.get(Sender::Shopify.name()));
    let keys = keys.map(Vec::as_slice).unwrap_or_default();
    let code = header(request, webhook::SHOPIFY_SIGNATURE);
    webhook::check_shopify(&code, &sent, keys).map_err(|problem| refused(&problem))?;
    let topic = header(request, webhook::SHOPIFY_TOPIC);
    match webhook::read_shopify(&topic, &sent) {
        Ok(Said::Event(event)) => events::take_one(edge, site, &event).await,
        Ok(Said::Nothing(why)) => events::told(why),
        // To be sent the same again would help nobody, and Shopify gives up a webhook that fails.
        Err(problem) => {
            log::error("webhook_unreadable", &[("site", site)], &problem);
            events::told(&problem.to_string())
        }
    }
}

fn refused(problem: &WebhookError) -> Failure {
    Problem::new(Kind::Unauthorized, problem.to_string()).into()
}

/// The kinds, for the address.
pub(crate) fn kinds() -> Value {
    json!({"enum": Sender::ALL.map(Sender::name)})
}
