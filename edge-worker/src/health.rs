//! Whether a deployment is ready, and if not, why.

mod vitals;

use crate::{
    bindings::{self, Bindings, RATES},
    database,
    http::{self, Failure, Outcome},
    openapi::shape,
    shards::how_far,
};
use goalpost_core::signature;
use serde::Serialize;
use serde_json::Value;

/// The migrations that this code is written for, in order.
const MIGRATIONS: &[&str] = &[
    "0001_goalpost.sql",
    "0002_conversions.sql",
    "0003_figures.sql",
    "0004_credits.sql",
    "0005_replay.sql",
    "0006_people.sql",
    "0007_consent.sql",
    "0008_links.sql",
    "0009_safety.sql",
    "0010_kept_carts.sql",
    "0011_privacy.sql",
    "0012_archive.sql",
    "0013_joined_later.sql",
    "0014_watch.sql",
    "0015_doors.sql",
    "0016_shards.sql",
    "0017_sessions.sql",
    "0018_moved.sql",
    "0019_quarantine.sql",
    "0020_again.sql",
    "0021_funnels.sql",
];

#[derive(Serialize)]
struct Health {
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    /// What is missing, and how to put it right or what follows from it; empty if nothing is.
    detail: String,
}

/// Looks at each part, and answers 503 if one is missing.
pub(crate) async fn report(edge: &Bindings) -> Outcome {
    let database = every_migration(edge).await;
    let asks = database.is_ok();
    let mut checks = vec![
        check("DB", database),
        check("SHARDS", shards(edge)),
        spread(edge).await,
        check("PLANS", plans(edge).await),
        events(edge),
        check("ASSETS", edge.assets().map(drop)),
        check("ADMIN_TOKEN_HASH", admin(edge)),
        check("SIGNING_KEYS", signing_keys(edge)),
        check("WEBHOOK_KEYS", webhook_keys(edge)),
        check("PREFIX", prefix(edge)),
        check("DAILY_ITEMS", daily_items(edge)),
        check("ACCESS", access(edge)),
        rates(edge),
        archive(edge),
        check("ARCHIVE_AFTER_DAYS", archive_after_days(edge)),
    ];
    checks.extend(vitals::backlogs(edge).await);
    if asks {
        checks.extend(vitals::checks(edge).await);
    }
    let ready = checks.iter().all(|check| check.ok);
    let status = if ready { 200 } else { 503 };
    Ok(http::json(&Health { ready, checks })?.with_status(status))
}

fn check(name: &'static str, found: Result<(), Failure>) -> Check {
    Check {
        name,
        ok: found.is_ok(),
        detail: found
            .err()
            .map(|problem| problem.to_string())
            .unwrap_or_default(),
    }
}

async fn every_migration(edge: &Bindings) -> Result<(), Failure> {
    for (number, part) in (0..).zip(edge.databases()) {
        migrations(part, &bindings::binding(number)).await?;
    }
    Ok(())
}

fn shards(edge: &Bindings) -> Result<(), Failure> {
    if edge.shards_is_good() {
        return Ok(());
    }
    Err(Failure::Internal(format!(
        "is no whole number from 1 to {}, the databases that are bound, so what comes is spread over {}",
        edge.databases().len(),
        edge.shards()
    )))
}

/// Whether everybody is at home: if not, reports are right all the same.
async fn spread(edge: &Bindings) -> Check {
    let bound = edge.databases().len();
    let told = |detail: String| Check {
        name: "SPREAD",
        ok: true,
        detail,
    };
    if bound < 2 {
        return told(String::new());
    }
    let detail = match how_far(edge).await {
        Ok(Some(spread)) if spread.is_done(edge.shards(), bound) => String::new(),
        Ok(Some(spread)) => format!(
            "rows move to where they belong: {}, {} rows so far; replays wait for one database",
            spread.place(),
            spread.moved
        ),
        Ok(None) => {
            String::from("rows have not begun to move to where they belong; the clock begins")
        }
        Err(problem) => problem.to_string(),
    };
    told(detail)
}

async fn migrations(edge: &Bindings, binding: &str) -> Result<(), Failure> {
    let sql = "SELECT json_quote(name) FROM d1_migrations ORDER BY id";
    let applied: Vec<String> = database::rows(edge, sql, &[]).await.map_err(|problem| {
        Failure::Platform(format!(
            "{problem}; apply the migrations: wrangler d1 migrations apply {binding}"
        ))
    })?;
    let missing: Vec<&str> = MIGRATIONS
        .iter()
        .copied()
        .filter(|name| !applied.iter().any(|own| own == name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::Platform(format!(
        "migrations missing: {}; wrangler d1 migrations apply {binding}",
        missing.join(", ")
    )))
}

async fn plans(edge: &Bindings) -> Result<(), Failure> {
    edge.plans()?.get("health").text().await?;
    Ok(())
}

/// A deployment may do without it; then it should know.
fn events(edge: &Bindings) -> Check {
    let detail = match edge.events() {
        Ok(_) => "",
        Err(_) => "not bound, so each beacon is stored before it is answered; see wrangler.jsonc",
    };
    Check {
        name: "EVENTS",
        ok: true,
        detail: String::from(detail),
    }
}

fn admin(edge: &Bindings) -> Result<(), Failure> {
    match edge.admin_token_hash() {
        Some(hash) if hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            Ok(())
        }
        Some(_) => Err(Failure::Internal(String::from(
            "is not the SHA-256 of a token: 64 hexadecimal digits",
        ))),
        None => Err(Failure::Platform(String::from(
            "is missing; wrangler secret put ADMIN_TOKEN_HASH",
        ))),
    }
}

/// They are needed only where a server signs; but a key that counts for nothing is a mistake.
fn signing_keys(edge: &Bindings) -> Result<(), Failure> {
    long_enough(edge.signing_keys()?.values())
}

fn webhook_keys(edge: &Bindings) -> Result<(), Failure> {
    let kinds = edge.webhook_keys()?.values();
    long_enough(kinds.flat_map(|keys| keys.values()))
}

/// Anyone may ask, so it is not told whose key it is.
fn long_enough<'a>(keys: impl Iterator<Item = &'a Vec<String>>) -> Result<(), Failure> {
    if keys.flatten().all(|key| key.len() >= signature::KEY_BYTES) {
        return Ok(());
    }
    Err(Failure::Internal(format!(
        "a key has less than {} bytes, so it signs nothing",
        signature::KEY_BYTES
    )))
}

fn daily_items(edge: &Bindings) -> Result<(), Failure> {
    if edge.daily_items_is_good() {
        return Ok(());
    }
    Err(Failure::Internal(String::from(
        "is no whole number, so the items of a day are not limited",
    )))
}

/// A deployment may do without them; then it should know.
fn rates(edge: &Bindings) -> Check {
    let bound = edge.rates();
    let missing: Vec<&str> = RATES
        .into_iter()
        .filter(|name| !bound.contains(name))
        .collect();
    let detail = if missing.is_empty() {
        String::new()
    } else {
        let missing = missing.join(" and ");
        format!("{missing}: not bound, so these requests are not limited; see wrangler.jsonc")
    };
    Check {
        name: "RATE",
        ok: true,
        detail,
    }
}

/// A deployment may do without it; then it should know.
fn archive(edge: &Bindings) -> Check {
    let detail = match edge.archive() {
        Some(_) => "",
        None => {
            "not bound, so nothing is archived and nothing leaves the database; see wrangler.jsonc"
        }
    };
    Check {
        name: "ARCHIVE",
        ok: true,
        detail: String::from(detail),
    }
}

fn archive_after_days(edge: &Bindings) -> Result<(), Failure> {
    if !edge.archive_after_days_is_good() {
        return Err(Failure::Internal(String::from(
            "is no whole number of days above 0, so nothing leaves the database",
        )));
    }
    if edge.archive_after_days().is_some() && edge.archive().is_none() {
        return Err(Failure::Internal(String::from(
            "is set, but ARCHIVE is not bound, so nothing leaves the database; bind a bucket",
        )));
    }
    Ok(())
}

fn access(edge: &Bindings) -> Result<(), Failure> {
    if edge.access_is_good() {
        return Ok(());
    }
    Err(Failure::Internal(String::from(
        "lets nobody through: ACCESS_TEAM is to be a host such as acme.cloudflareaccess.com, ACCESS_AUD \
         the application's audience, and ACCESS_SCOPES, if it is set, scopes with spaces between",
    )))
}

fn prefix(edge: &Bindings) -> Result<(), Failure> {
    if edge.prefix_is_good() {
        return Ok(());
    }
    Err(Failure::Internal(format!(
        "is no path such as /_g, so {} is used",
        edge.prefix()
    )))
}

/// The document's shape.
pub(crate) fn schema() -> Value {
    shape::object(&[
        ("ready", shape::boolean("Whether every part is there.")),
        (
            "checks",
            shape::list(shape::object(&[
                (
                    "name",
                    shape::text(
                        "The part: a binding, a secret, a setting, or what the deployment does by itself.",
                    ),
                ),
                ("ok", shape::boolean("Whether it is there.")),
                (
                    "detail",
                    shape::text("What is missing, or how it is; empty if there is nothing to say."),
                ),
            ])),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_is_asked_for() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, MIGRATIONS);
    }
}
