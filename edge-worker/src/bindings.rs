//! The parts that a deployment gives to the Worker, by role.

use crate::{access::Access, auth, http::Failure, timing::Spent};
use serde::de::DeserializeOwned;
use std::{
    cell::{Cell, OnceCell},
    collections::BTreeMap,
    rc::Rc,
    slice,
};
use worker::{Bucket, D1Database, Env, Fetcher, ObjectNamespace, Queue, kv::KvStore};

/// The default of `PREFIX`: where the routes of a page begin.
pub(crate) const PREFIX: &str = "/_g";

/// The queue whose messages are stored; the other queue that is bound carries dead letters.
pub(crate) const DEAD_QUEUE: &str = "goalpost-dead";

/// The limits of requests: of a site, and of one network at a site.
pub(crate) const RATES: [&str; 2] = ["RATE_SITE", "RATE_NETWORK"];

/// Databases that are looked for at most.
const MOST_DATABASES: u32 = 16;

/// The name of the binding of a database: `DB`, `DB_2`, `DB_3`.
pub(crate) fn binding(number: u32) -> String {
    match number {
        0 => String::from("DB"),
        _ => format!("DB_{}", number.saturating_add(1)),
    }
}

/// A deployment's bindings and settings, each looked up at most once in an invocation.
///
/// Where there are several databases, it is about the first one; each of [`Bindings::databases`] is about
/// its own.
pub(crate) struct Bindings {
    env: Env,
    /// The number of its database, from 0.
    number: u32,
    database: OnceCell<D1Database>,
    /// All of them, where there are several.
    databases: OnceCell<Vec<Self>>,
    prefix: OnceCell<String>,
    signing_keys: OnceCell<SigningKeys>,
    webhook_keys: OnceCell<WebhookKeys>,
    spent: Rc<Cell<Spent>>,
}

/// Per site, the keys that its servers sign with; a site has several while it changes them.
pub(crate) type SigningKeys = BTreeMap<String, Vec<String>>;

/// Per site and kind of webhook, the keys that sign it.
pub(crate) type WebhookKeys = BTreeMap<String, BTreeMap<String, Vec<String>>>;

impl Bindings {
    pub(crate) fn new(env: Env) -> Self {
        Self::of(env, 0, Rc::new(Cell::new(Spent::NOTHING)))
    }

    fn of(env: Env, number: u32, spent: Rc<Cell<Spent>>) -> Self {
        Self {
            env,
            number,
            database: OnceCell::new(),
            databases: OnceCell::new(),
            prefix: OnceCell::new(),
            signing_keys: OnceCell::new(),
            webhook_keys: OnceCell::new(),
            spent,
        }
    }

    /// `DB`, or `DB_2` and so on: what is true.
    pub(crate) fn database(&self) -> Result<&D1Database, Failure> {
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let database = self.env.d1(&binding(self.number))?;
        Ok(self.database.get_or_init(|| database))
    }

    /// The same with all databases: of those that [`Self::databases`] lists, each but the first knows only
    /// itself.
    pub(crate) fn whole(&self) -> Self {
        Self::of(self.env.clone(), 0, Rc::clone(&self.spent))
    }

    /// Every database that is bound, the first one first.
    pub(crate) fn databases(&self) -> &[Self] {
        let several = self.databases.get_or_init(|| {
            let own = |number| Self::of(self.env.clone(), number, Rc::clone(&self.spent));
            let further = (1..MOST_DATABASES)
                .take_while(|number| self.number == 0 && self.env.d1(&binding(*number)).is_ok());
            let mut several: Vec<Self> = further.map(own).collect();
            if !several.is_empty() {
                several.insert(0, own(0));
            }
            several
        });
        if several.is_empty() {
            slice::from_ref(self)
        } else {
            several
        }
    }

    /// `SHARDS`: over how many of them what comes is spread; without it, the first has all.
    pub(crate) fn shards(&self) -> u32 {
        let bound = u32::try_from(self.databases().len()).unwrap_or(1);
        self.wanted_shards().map_or(1, |wanted| wanted.min(bound))
    }

    fn wanted_shards(&self) -> Option<u32> {
        let shards = self.env.var("SHARDS").ok()?.to_string();
        shards.parse().ok().filter(|shards| *shards > 0)
    }

    /// Whether `SHARDS` is a number of databases that are bound, or not set at all.
    pub(crate) fn shards_is_good(&self) -> bool {
        self.env.var("SHARDS").is_err() || self.wanted_shards() == Some(self.shards())
    }

    /// Adds to what the databases were asked in this invocation.
    pub(crate) fn spend(&self, more: Spent) {
        let mut spent = self.spent.get();
        spent.add(more);
        self.spent.set(spent);
    }

    /// What the databases were asked in this invocation.
    pub(crate) fn spent(&self) -> Spent {
        self.spent.get()
    }

    /// Rows that the databases have read in this invocation, entries of indexes too: what D1 is paid for.
    pub(crate) fn rows_read(&self) -> usize {
        self.spent.get().rows_read
    }

    /// `PLANS`: copies of plans near the visitor, and notes of what waits; it may be stale.
    pub(crate) fn plans(&self) -> Result<KvStore, Failure> {
        Ok(self.env.kv("PLANS")?)
    }

    /// `EVENTS`: where accepted beacons wait for the sink.
    pub(crate) fn events(&self) -> Result<Queue, Failure> {
        Ok(self.env.queue("EVENTS")?)
    }

    /// `OVERFLOW`: where messages wait that the queue does not take; a deployment may do without.
    pub(crate) fn overflow(&self) -> Option<ObjectNamespace> {
        self.env.durable_object("OVERFLOW").ok()
    }

    /// `ASSETS`: the loader, the SDK, and whatever else the deployment serves.
    pub(crate) fn assets(&self) -> Result<Fetcher, Failure> {
        Ok(self.env.assets("ASSETS")?)
    }

    /// `PREFIX`: where the routes of a page begin; neutral and free to choose, since blockers match
    /// paths.
    pub(crate) fn prefix(&self) -> &str {
        self.prefix.get_or_init(|| {
            self.env
                .var("PREFIX")
                .map(|prefix| prefix.to_string())
                .ok()
                .filter(|prefix| is_prefix(prefix))
                .unwrap_or_else(|| String::from(PREFIX))
        })
    }

    /// Whether `PREFIX` is what it should be, or not set at all.
    pub(crate) fn prefix_is_good(&self) -> bool {
        self.env
            .var("PREFIX")
            .map_or(true, |prefix| is_prefix(&prefix.to_string()))
    }

    /// `DAILY_ITEMS`: how many items the pages of each site may send in a day; none: any number.
    pub(crate) fn daily_items(&self) -> Option<u64> {
        self.env.var("DAILY_ITEMS").ok()?.to_string().parse().ok()
    }

    /// Whether `DAILY_ITEMS` is a number, or not set at all.
    pub(crate) fn daily_items_is_good(&self) -> bool {
        self.env.var("DAILY_ITEMS").is_err() || self.daily_items().is_some()
    }

    /// `ARCHIVE`: the bucket that keeps observations of days that are over; a deployment may do without.
    pub(crate) fn archive(&self) -> Option<Bucket> {
        self.env.bucket("ARCHIVE").ok()
    }

    /// `ARCHIVE_AFTER_DAYS`: how many days observations stay in the database once they are in the
    /// archive; none: for good.
    pub(crate) fn archive_after_days(&self) -> Option<u32> {
        let days = self.env.var("ARCHIVE_AFTER_DAYS").ok()?.to_string();
        days.parse().ok().filter(|days| *days > 0)
    }

    /// Whether `ARCHIVE_AFTER_DAYS` is a number of days, or not set at all.
    pub(crate) fn archive_after_days_is_good(&self) -> bool {
        self.env.var("ARCHIVE_AFTER_DAYS").is_err() || self.archive_after_days().is_some()
    }

    /// `ACCESS_TEAM`, `ACCESS_AUD` and `ACCESS_SCOPES`: whom Cloudflare Access lets through, and what they
    /// may do; none: tokens alone let anybody in.
    pub(crate) fn access(&self) -> Option<Access> {
        let text = |name| self.env.var(name).ok().map(|text| text.to_string());
        access_of(
            &text("ACCESS_TEAM")?,
            &text("ACCESS_AUD")?,
            text("ACCESS_SCOPES").as_deref().unwrap_or("read"),
        )
    }

    /// Whether what is set for Access is all there and in form, or nothing is.
    pub(crate) fn access_is_good(&self) -> bool {
        let is_set = |name: &&str| self.env.var(name).is_ok();
        !["ACCESS_TEAM", "ACCESS_AUD", "ACCESS_SCOPES"]
            .iter()
            .any(is_set)
            || self.access().is_some()
    }

    /// `RATE_SITE` and `RATE_NETWORK`, the limits of requests: those that are bound.
    pub(crate) fn rates(&self) -> Vec<&'static str> {
        RATES
            .into_iter()
            .filter(|name| self.env.rate_limiter(name).is_ok())
            .collect()
    }

    /// The bindings themselves, for the runtime.
    pub(crate) const fn env(&self) -> &Env {
        &self.env
    }

    /// `ADMIN_TOKEN_HASH`: the SHA-256 of the token that may do everything, in hexadecimal.
    pub(crate) fn admin_token_hash(&self) -> Option<String> {
        self.env
            .secret("ADMIN_TOKEN_HASH")
            .ok()
            .map(|hash| hash.to_string())
    }

    /// `SIGNING_KEYS`: what the sites' servers sign with, as `{"shop": ["key", "next key"]}`.
    pub(crate) fn signing_keys(&self) -> Result<&SigningKeys, Failure> {
        self.keys(&self.signing_keys, "SIGNING_KEYS", "{\"shop\": [\"key\"]}")
    }

    /// `WEBHOOK_KEYS`: what signs the sites' webhooks, as `{"shop": {"shopify": ["key"]}}`.
    pub(crate) fn webhook_keys(&self) -> Result<&WebhookKeys, Failure> {
        self.keys(
            &self.webhook_keys,
            "WEBHOOK_KEYS",
            "{\"shop\": {\"shopify\": [\"key\"]}}",
        )
    }

    fn keys<'a, K: Default + DeserializeOwned>(
        &self,
        known: &'a OnceCell<K>,
        secret: &str,
        example: &str,
    ) -> Result<&'a K, Failure> {
        if let Some(keys) = known.get() {
            return Ok(keys);
        }
        let keys = match self.env.secret(secret) {
            // The reader's own words could show a part of a key.
            Ok(text) => serde_json::from_str(&text.to_string()).map_err(|_| {
                Failure::Internal(format!("{secret} is not JSON such as {example}"))
            })?,
            Err(_) => K::default(),
        };
        Ok(known.get_or_init(|| keys))
    }
}

fn access_of(team: &str, audiences: &str, scopes: &str) -> Option<Access> {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let is_host = team.contains('.') && team.bytes().all(plain);
    let audiences: Vec<String> = audiences.split_whitespace().map(String::from).collect();
    let scopes: Vec<&str> = scopes.split_whitespace().collect();
    let known = scopes.iter().all(|scope| auth::is_scope(scope));
    let is_good = is_host && known && !audiences.is_empty() && !scopes.is_empty();
    is_good.then(|| Access {
        team: String::from(team),
        audiences,
        scopes: scopes.join(" "),
    })
}

fn is_prefix(text: &str) -> bool {
    text.len() > 1
        && text.starts_with('/')
        && !text.ends_with('/')
        && !text.starts_with("/api/")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_all_there_or_it_opens_no_door() {
        let team = "acme.cloudflareaccess.com";
        let access = access_of(team, "4714c1 9f2b", "read  costs").unwrap();
        assert_eq!(
            (access.team.as_str(), access.scopes.as_str()),
            (team, "read costs")
        );
        assert_eq!(access.audiences, ["4714c1", "9f2b"]);
        for (team, audiences, scopes) in [
            ("", "a", "read"),
            ("acme", "a", "read"),
            ("https://acme.cloudflareaccess.com", "a", "read"),
            ("acme.cloudflareaccess.com/x", "a", "read"),
            (team, " ", "read"),
            (team, "a", ""),
            (team, "a", "read write"),
        ] {
            assert_eq!(
                access_of(team, audiences, scopes),
                None,
                "{team} {audiences} {scopes}"
            );
        }
    }

    #[test]
    fn a_prefix_is_a_path_without_a_last_slash() {
        for good in [PREFIX, "/x", "/shop/m-1"] {
            assert!(is_prefix(good), "{good}");
        }
        for bad in ["", "/", "g", "/g/", "/a b", "/api/v1"] {
            assert!(!is_prefix(bad), "{bad}");
        }
    }
}
