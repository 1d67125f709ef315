//! The plans that a transaction evaluates with.

use goalpost_core::Rules;
use std::{collections::BTreeMap, sync::Arc};

/// Compiled plans by site: the current one, and others by their hash.
#[derive(Clone, Debug, Default)]
pub struct PlanBook {
    sites: BTreeMap<String, SitePlans>,
}

#[derive(Clone, Debug, Default)]
struct SitePlans {
    current: Option<Arc<Rules>>,
    by_hash: BTreeMap<String, Arc<Rules>>,
}

impl PlanBook {
    /// A book without plans.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plan that a page may still name.
    pub fn add(&mut self, rules: Arc<Rules>) {
        let site = self.sites.entry(rules.site.clone()).or_default();
        site.by_hash.insert(rules.plan.clone(), rules);
    }

    /// Adds a plan that decides wherever a page names none, or one that is not in the book.
    pub fn add_current(&mut self, rules: Arc<Rules>) {
        self.add(Arc::clone(&rules));
        let site = self.sites.entry(rules.site.clone()).or_default();
        site.current = Some(rules);
    }

    /// Whether the book has this very plan; an empty hash asks for the current one.
    pub fn has(&self, site: &str, hash: &str) -> bool {
        self.sites.get(site).is_some_and(|plans| {
            if hash.is_empty() {
                plans.current.is_some()
            } else {
                plans.by_hash.contains_key(hash)
            }
        })
    }

    /// The plan that decides about a beacon; `None` if nobody has published one for its site.
    pub(super) fn rules(&self, site: &str, hash: &str) -> Option<&Rules> {
        let plans = self.sites.get(site)?;
        plans
            .by_hash
            .get(hash)
            .or(plans.current.as_ref())
            .map(Arc::as_ref)
    }
}
