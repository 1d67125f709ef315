//! Plans near at hand: in the isolate, then in KV, then in the database, which decides.

use crate::{
    bindings::{Bindings, SigningKeys},
    clock, database,
    http::Failure,
    log,
    sink::{Compiled, PlanBook},
};
use goalpost_core::{BrowserPlan, Rules, limits, plan::Plan, reporting::Reporting};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc};

/// How long an isolate goes by what it knows of a site.
const SITE_MS: i64 = 30_000;

/// How long it goes by not knowing one: soon after its first plan, a site must be known.
const UNKNOWN_MS: i64 = 3_000;

/// How long KV keeps it: a write that KV lost is forgotten after five minutes.
const KV_SITE_S: u64 = 300;

/// Sites that an isolate remembers, unknown names included.
const SITES: usize = 1_024;

/// Compiled plans that an isolate remembers.
const PLANS: usize = 64;

/// What a beacon's way needs of a site.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Site {
    /// The hash of the plan in effect.
    pub(crate) plan: String,
    /// The hosts whose pages may send.
    pub(crate) hosts: Vec<String>,
    /// Whether pages without an origin may.
    #[serde(default)]
    pub(crate) sandboxed: bool,
}

/// A plan by its hash: it never changes.
pub(crate) struct Known {
    pub(crate) plan: Plan,
    pub(crate) rules: Arc<Rules>,
    pub(crate) reporting: Arc<Reporting>,
    /// What a page gets of it.
    pub(crate) page: String,
}

impl Known {
    fn compiled(&self) -> Compiled {
        Compiled {
            rules: Arc::clone(&self.rules),
            reporting: Arc::clone(&self.reporting),
        }
    }
}

struct Remembered {
    until: i64,
    site: Option<Rc<Site>>,
}

thread_local! {
    static SITE_CACHE: RefCell<BTreeMap<String, Remembered>> = const { RefCell::new(BTreeMap::new()) };
    static PLAN_CACHE: RefCell<BTreeMap<(String, String), Rc<Known>>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// The site of that name; `None` if it has no plan.
pub(crate) async fn site(edge: &Bindings, name: &str) -> Result<Option<Rc<Site>>, Failure> {
    if name.is_empty() || name.len() > limits::NAME_BYTES {
        return Ok(None);
    }
    let now = clock::now();
    let remembered = SITE_CACHE.with_borrow(|cache| {
        cache
            .get(name)
            .map(|known| (known.until > now, known.site.clone()))
    });
    if let Some((true, site)) = remembered {
        return Ok(site);
    }
    match look_up(edge, name).await {
        Ok(site) => {
            let site = site.map(Rc::new);
            remember(name, site.clone(), now);
            Ok(site)
        }
        // What was true half a minute ago serves a visitor better than an error.
        Err(_) if remembered.as_ref().is_some_and(|(_, site)| site.is_some()) => {
            Ok(remembered.and_then(|(_, site)| site))
        }
        Err(problem) => Err(problem),
    }
}

/// The site of that name, if this isolate knows it well enough to go by.
pub(crate) fn at_hand(name: &str) -> Option<Rc<Site>> {
    let now = clock::now();
    SITE_CACHE.with_borrow(|cache| {
        cache
            .get(name)
            .filter(|known| known.until > now)
            .and_then(|known| known.site.clone())
    })
}

fn remember(name: &str, site: Option<Rc<Site>>, now: i64) {
    SITE_CACHE.with_borrow_mut(|cache| {
        if cache.len() >= SITES {
            cache.clear();
        }
        let lasts = if site.is_some() { SITE_MS } else { UNKNOWN_MS };
        let until = now.saturating_add(lasts);
        cache.insert(String::from(name), Remembered { until, site });
    });
}

async fn look_up(edge: &Bindings, name: &str) -> Result<Option<Site>, Failure> {
    if let Some(text) = from_kv(edge, &site_key(name)).await
        && let Ok(site) = serde_json::from_str(&text)
    {
        return Ok(Some(site));
    }
    from_database(edge, name).await
}

async fn from_database(edge: &Bindings, name: &str) -> Result<Option<Site>, Failure> {
    let sql = "SELECT json_object('plan', s.plan, 'hosts', json(p.source -> '$.hosts'), \
               'sandboxed', json(coalesce(p.source -> '$.sandboxed', 'false'))) \
               FROM sites AS s JOIN plans AS p ON p.site = s.site AND p.hash = s.plan \
               WHERE s.site = ?1";
    let site: Option<Site> = database::row(edge, sql, &[name]).await?;
    if let Some(site) = &site {
        let text = serde_json::to_string(site)?;
        to_kv(edge, &site_key(name), &text, Some(KV_SITE_S)).await;
    }
    Ok(site)
}

/// The plans that the sink needs, from the pairs of site and hash that beacons name.
pub(crate) async fn book(
    edge: &Bindings,
    needed: &[(String, String)],
) -> Result<PlanBook, Failure> {
    let mut book = PlanBook::new();
    let keys = signing_keys(edge);
    for (name, hash) in needed {
        if let Some(keys) = keys.get(name) {
            book.set_keys(name, keys.clone());
        }
        if !book.has(name, "") {
            let site = match site(edge, name).await? {
                Some(site) => site,
                // Elsewhere it may have been published a moment ago: before an item waits in
                // quarantine for ever, the database decides.
                None => match from_database(edge, name).await? {
                    Some(site) => Rc::new(site),
                    None => continue,
                },
            };
            if let Some(current) = known(edge, name, &site.plan).await? {
                book.add_current(current.compiled());
            }
        }
        if !book.has(name, hash)
            && let Some(named) = known(edge, name, hash).await?
        {
            book.add(named.compiled());
        }
    }
    Ok(book)
}

/// What order tokens are signed with. Keys that cannot be read keep no item from being stored: a token
/// proves nothing then, and the health of the deployment says so.
pub(crate) fn signing_keys(edge: &Bindings) -> Cow<'_, SigningKeys> {
    match edge.signing_keys() {
        Ok(keys) => Cow::Borrowed(keys),
        Err(problem) => {
            log::error("signing_keys_unreadable", &[], &problem);
            Cow::Owned(SigningKeys::new())
        }
    }
}

/// The plan of that hash; `None` if the site never had it.
pub(crate) async fn known(
    edge: &Bindings,
    name: &str,
    hash: &str,
) -> Result<Option<Rc<Known>>, Failure> {
    let id = (String::from(name), String::from(hash));
    if let Some(known) = PLAN_CACHE.with_borrow(|cache| cache.get(&id).cloned()) {
        return Ok(Some(known));
    }
    let key = plan_key(name, hash);
    let near = from_kv(edge, &key).await;
    let known = if let Some(known) = near.and_then(|source| compile(&source, hash).ok()) {
        known
    } else {
        let sql = "SELECT json_quote(source) FROM plans WHERE site = ?1 AND hash = ?2";
        let source: Option<String> = database::row(edge, sql, &[name, hash]).await?;
        let Some(source) = source else {
            return Ok(None);
        };
        let known = compile(&source, hash)?;
        to_kv(edge, &key, &source, None).await;
        known
    };
    let known = Rc::new(known);
    PLAN_CACHE.with_borrow_mut(|cache| {
        if cache.len() >= PLANS {
            cache.clear();
        }
        cache.insert(id, known.clone());
    });
    Ok(Some(known))
}

fn compile(source: &str, hash: &str) -> Result<Known, Failure> {
    let plan = Plan::parse(source).map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        Failure::Internal(format!(
            "a published plan is no plan any more: {}",
            first.unwrap_or_default()
        ))
    })?;
    // The hash is a name given once: newer code may write the same plan differently.
    let rules = Rules {
        plan: String::from(hash),
        ..plan.compile()
    };
    let page = BrowserPlan::encode(&rules);
    let reporting = Arc::new(plan.reporting());
    Ok(Known {
        plan,
        rules: Arc::new(rules),
        reporting,
        page,
    })
}

/// Puts a plan just published where it is looked for first.
pub(super) async fn spread(edge: &Bindings, plan: &Plan, hash: &str) {
    let site = Site {
        plan: String::from(hash),
        hosts: plan.hosts.clone(),
        sandboxed: plan.sandboxed,
    };
    to_kv(edge, &plan_key(&plan.site, hash), &plan.json(), None).await;
    if let Ok(text) = serde_json::to_string(&site) {
        to_kv(edge, &site_key(&plan.site), &text, Some(KV_SITE_S)).await;
    }
    remember(&plan.site, Some(Rc::new(site)), clock::now());
}

fn site_key(name: &str) -> String {
    format!("site:{name}")
}

fn plan_key(name: &str, hash: &str) -> String {
    format!("plan:{name}:{hash}")
}

/// KV is a copy: without it, or with what cannot be read, everything is slower, and nothing is wrong.
async fn from_kv(edge: &Bindings, key: &str) -> Option<String> {
    edge.plans().ok()?.get(key).text().await.ok().flatten()
}

async fn to_kv(edge: &Bindings, key: &str, value: &str, ttl_s: Option<u64>) {
    let outcome = async {
        let put = edge.plans()?.put(key, value)?;
        let put = match ttl_s {
            Some(seconds) => put.expiration_ttl(seconds),
            None => put,
        };
        Ok::<(), Failure>(put.execute().await?)
    };
    if let Err(problem) = outcome.await {
        log::warn("cache_not_written", &[("key", key)], &problem);
    }
}
