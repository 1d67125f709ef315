//! The plans that a transaction goes by.

use goalpost_core::{Rules, reporting::Reporting};
use std::{collections::BTreeMap, sync::Arc};

/// A plan, compiled: what its observations mean, and how figures are made of them.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What decides about observations.
    pub rules: Arc<Rules>,
    /// What only the edge needs.
    pub reporting: Arc<Reporting>,
}

/// Compiled plans by site: the current one, and others by their hash.
#[derive(Clone, Debug, Default)]
pub struct PlanBook {
    sites: BTreeMap<String, SitePlans>,
}

#[derive(Clone, Debug, Default)]
struct SitePlans {
    current: Option<Compiled>,
    by_hash: BTreeMap<String, Compiled>,
    keys: Vec<String>,
}

impl PlanBook {
    /// A book without plans.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plan that a page may still name.
    pub fn add(&mut self, plan: Compiled) {
        let site = self.sites.entry(plan.rules.site.clone()).or_default();
        site.by_hash.insert(plan.rules.plan.clone(), plan);
    }

    /// Adds a plan that decides wherever a page names none, or one that is not in the book.
    pub fn add_current(&mut self, plan: Compiled) {
        self.add(plan.clone());
        let site = self.sites.entry(plan.rules.site.clone()).or_default();
        site.current = Some(plan);
    }

    /// Sets the keys that sign the order tokens of a site.
    pub fn set_keys(&mut self, site: &str, keys: Vec<String>) {
        self.sites.entry(site.to_owned()).or_default().keys = keys;
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

    /// The plan that decides about a request; `None` if nobody has published one for its site.
    pub(super) fn plan(&self, site: &str, hash: &str) -> Option<&Compiled> {
        let plans = self.sites.get(site)?;
        plans.by_hash.get(hash).or(plans.current.as_ref())
    }

    /// The keys that sign the order tokens of a site.
    pub(super) fn keys(&self, site: &str) -> &[String] {
        self.sites.get(site).map_or(&[], |plans| &plans.keys)
    }
}
