//! Goalpost at the edge: a Cloudflare Worker that collects, verifies, stores and reports.
//!
//! A request goes through the table of [`routes`]; a beacon goes through [`collect`] into the queue,
//! and from there through [`queue`] and [`sink`] into the database, whose rows the [`reports`] read.
//! Every error becomes an answer in one place, [`http::respond`].

mod access;
mod admission;
mod archive;
mod assets;
mod audit;
mod auth;
mod backlog;
mod beats;
mod bindings;
mod body;
mod carts;
mod check;
mod clock;
mod collect;
mod compat;
mod contacts;
mod costs;
mod database;
mod erase;
mod events;
mod explain;
mod health;
mod http;
mod live;
mod log;
mod metrics;
mod openapi;
mod overflow;
mod pack;
mod pages;
mod plans;
mod problem;
mod quarantine;
mod queue;
mod replay;
mod reports;
mod retention;
mod roll_up;
mod routes;
mod runtime;
mod segments;
mod shards;
pub mod sink;
mod store;
#[cfg(test)]
mod testing;
mod timing;
mod tokens;
mod webhooks;

pub use openapi::openapi;

use bindings::Bindings;
use http::Failure;
use problem::{Kind, Problem};
use routes::{Action, Operation, Parts, Route};
use std::panic::AssertUnwindSafe;
use worker::{
    Context, Env, MessageBatch, Request, ScheduleContext, ScheduledEvent, event,
    js_sys::{Promise, futures::future_to_promise},
    wasm_bindgen::{self, prelude::wasm_bindgen},
};

/// Answers a request.
///
/// It is exported by hand, because the crate's own macro waits for every answer in Rust.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env) -> Promise {
    collect::at_once(&request, &env).unwrap_or_else(|| {
        future_to_promise(AssertUnwindSafe(async move {
            let edge = Bindings::new(env);
            Ok(http::respond(answer(request.into(), &edge).await)?.into())
        }))
    })
}

#[event(queue)]
async fn queue(batch: MessageBatch<String>, env: Env, _context: Context) -> worker::Result<()> {
    queue::consume(&batch, &Bindings::new(env)).await;
    Ok(())
}

/// What is due: each step is done as far as one run may go, and goes on with the next.
#[event(scheduled)]
async fn scheduled(event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "JavaScript's only number; a time has at most 53 bits"
    )]
    let now = event.schedule() as i64;
    let edge = Bindings::new(env);
    let mut run = beats::Run::begin(&edge).await;
    run.step("shards", shards::run(&edge, now).await);
    run.step("carts", carts::watch::run(&edge, now).await);
    run.step("figures", roll_up::roll_up(&edge, now).await);
    run.step("erasures", erase::go_on_with_all(&edge).await);
    run.step("retention", retention::run(&edge, now).await);
    run.step("replays", replay::go_on_with_all(&edge).await);
    run.step("archive", archive::run(&edge, now).await);
    run.step("check", check::run(&edge, now).await);
    run.end().await;
}

async fn answer(request: Request, edge: &Bindings) -> Result<web_sys::Response, Failure> {
    // The crate's own type takes every method that it does not know for GET.
    let method = request.inner().method();
    let Some((route, parts)) = routes::find(&request.path(), edge.prefix()) else {
        return Ok(http::signed(assets::other(request, edge).await?)?);
    };
    if method == "OPTIONS" {
        let response = http::empty(204)?;
        response.headers().set("Allow", &routes::allowed(route))?;
        return Ok(http::signed(http::guarded(response)?)?);
    }
    let head = method == "HEAD";
    let wanted = if head { "GET" } else { method.as_str() };
    let Some(operation) = route
        .operations
        .iter()
        .find(|operation| operation.method.name() == wanted)
    else {
        return Err(wrong_method(route, &method).into());
    };
    let response = match serve(request, edge, operation, &parts).await {
        Ok(response) => response,
        Err(failure) => {
            let action = format!("{:?}", operation.action);
            return Err(http::told(failure, &action, parts.get("site")).into());
        }
    };
    if head {
        return http::without_body(&response);
    }
    Ok(response)
}

fn wrong_method(route: &Route, method: &str) -> Problem {
    let allowed = routes::allowed(route);
    let mut problem = Problem::new(
        Kind::MethodNotAllowed,
        format!("{method} is not a method of this route; it takes {allowed}"),
    );
    problem.allow = Some(allowed);
    problem
}

async fn serve(
    request: Request,
    edge: &Bindings,
    operation: &Operation,
    parts: &Parts,
) -> Result<web_sys::Response, Failure> {
    let site = parts.get("site");
    let began = clock::now();
    let (caller, timed) = match operation.scope {
        Some(scope) if !events::is_signed(&request, scope) => {
            let caller = auth::check(&request, edge, site, scope).await?;
            (caller, Some(clock::now()))
        }
        _ => (auth::Caller::default(), None),
    };
    let response = match operation.action {
        Action::Collect => return collect::collect(request, edge).await,
        Action::PageSegments => return segments::for_page(request, edge).await,
        Action::Link => return collect::link(request, edge).await,
        Action::Pixel => collect::pixel(&request, edge).await,
        Action::Events => events::take(request, edge, site).await,
        Action::Webhook => webhooks::take(request, edge, site, parts.get("kind")).await,
        Action::Compat(client) => compat::take(request, edge, site, client).await,
        // They run in the shop's pages, whose policy is the shop's.
        Action::Loader => return Ok(http::signed(assets::loader(&request, edge).await?)?),
        Action::Asset => return Ok(http::signed(assets::asset(&request, edge, parts).await?)?),
        Action::BrowserPlan => plans::for_page(&request, edge, site).await,
        Action::Page(file) => pages::serve(file),
        Action::Health => health::report(edge).await,
        Action::OpenApi => http::json(&openapi::openapi_at(edge.prefix())),
        Action::Publish => plans::publish(request, edge, site, &caller).await,
        Action::CurrentPlan => plans::current(edge, site).await,
        Action::Versions => plans::versions(edge, site).await,
        Action::RollBack => plans::roll_back(edge, site, parts.get("version"), &caller).await,
        Action::Explain => {
            explain::observation(&request, edge, site, parts.get("observation")).await
        }
        Action::ExplainTried => explain::tried(request, edge, site).await,
        Action::BeginReplay => replay::begin(request, edge, site, &caller).await,
        Action::Replay => replay::show(edge, site, parts.get("replay")).await,
        Action::ReplayStep => replay::step(&request, edge, site, parts.get("replay")).await,
        Action::Archive => archive::files(&request, edge, site).await,
        Action::PutCosts => costs::put(request, edge, site, &caller).await,
        Action::Costs => costs::list(&request, edge, site).await,
        Action::Metrics => metrics::metrics(edge, site).await,
        Action::Report(name) => reports::report(&request, edge, site, name).await,
        Action::Contact => contacts::contact(&request, edge, site, parts.get("contact")).await,
        Action::Segments => segments::list(&request, edge, site).await,
        Action::Members => segments::members(&request, edge, site, parts.get("segment")).await,
        Action::Live => live::since(&request, edge, site, &caller).await,
        Action::CreateToken => tokens::create(request, edge, site, &caller).await,
        Action::Tokens => tokens::list(edge, site).await,
        Action::RotateToken => tokens::rotate(edge, site, parts.get("token"), &caller).await,
        Action::RevokeToken => tokens::revoke(edge, site, parts.get("token"), &caller).await,
        Action::Erase => erase::begin(edge, site, parts.get("contact"), &caller).await,
        Action::Erasure => erase::show(edge, site, parts.get("erasure")).await,
        Action::ErasureStep => erase::step(edge, site, parts.get("erasure")).await,
        Action::Export => {
            contacts::export(&request, edge, site, parts.get("contact"), &caller).await
        }
        Action::Audit(_) => audit::list(&request, edge, site).await,
        Action::Quarantine(_) => quarantine::list(&request, edge, site).await,
        Action::Quarantined(_) => quarantine::show(edge, site, parts.get("id"), &caller).await,
        Action::ReplayQuarantined(_) => {
            quarantine::replay(request, edge, site, parts.get("id"), &caller).await
        }
        Action::DiscardQuarantined(_) => {
            quarantine::discard(edge, site, parts.get("id"), &caller).await
        }
    };
    let response = http::guarded(response?)?;
    if let Some(known) = timed {
        let (auth, total) = (
            known.saturating_sub(began),
            clock::now().saturating_sub(began),
        );
        let timing = edge.spent().header(auth, total);
        response.headers().set("Server-Timing", &timing)?;
    }
    Ok(http::signed(response)?)
}
