//! Every route, once: what serves it, who may call it, and what the `OpenAPI` document says of it.

mod access;
mod page;
mod people;
mod privacy;
mod quarantine;
mod servers;

use crate::{pages, reports};
use goalpost_core::compat::Client;
use serde_json::{Value, json};

/// What a request may do to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Put,
    Post,
    Delete,
}

impl Method {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// What a token may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// To see figures, observations and plans.
    Read,
    /// To publish plans.
    Publish,
    /// To report events; a signature of the request allows it too.
    Events,
    /// To say what visitors cost.
    Costs,
    /// To make and revoke tokens that allow no more than one's own.
    Tokens,
    /// To answer what people may ask for: to export and erase a contact, and to see who did what.
    Privacy,
    /// To see how the deployment is, and nothing of what it stores.
    Metrics,
    /// All of the others, and what none of them allows alone.
    Admin,
}

impl Scope {
    /// Every scope but the one that is all of them, in order.
    pub(crate) const ALL: [Self; 7] = [
        Self::Read,
        Self::Publish,
        Self::Events,
        Self::Costs,
        Self::Tokens,
        Self::Privacy,
        Self::Metrics,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Events => "events",
            Self::Costs => "costs",
            Self::Tokens => "tokens",
            Self::Privacy => "privacy",
            Self::Metrics => "metrics",
            Self::Admin => crate::auth::ADMIN,
        }
    }
}

/// What serves an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Loader,
    Asset,
    BrowserPlan,
    Collect,
    PageSegments,
    Link,
    Pixel,
    Events,
    Webhook,
    Compat(Client),
    Page(pages::File),
    Health,
    OpenApi,
    Publish,
    CurrentPlan,
    Versions,
    RollBack,
    Explain,
    ExplainTried,
    BeginReplay,
    Replay,
    ReplayStep,
    Archive,
    PutCosts,
    Costs,
    Report(reports::Name),
    Metrics,
    Contact,
    Segments,
    Members,
    Live,
    CreateToken,
    Tokens,
    RotateToken,
    RevokeToken,
    Export,
    Erase,
    Erasure,
    ErasureStep,
    Audit(Filed),
    Quarantine(Filed),
    Quarantined(Filed),
    ReplayQuarantined(Filed),
    DiscardQuarantined(Filed),
}

/// Where the rows of a route stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filed {
    UnderSite,
    /// Nobody could tell the site: only whoever may ask for all sites may ask for them.
    UnderNone,
}

/// A value in the query.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) schema: fn() -> Value,
}

/// What an operation takes.
pub(crate) struct Body {
    pub(crate) is_required: bool,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: usize,
    pub(crate) about: &'static str,
}

/// What an operation answers when all is well.
pub(crate) struct Success {
    pub(crate) content_type: &'static str,
    pub(crate) about: &'static str,
    pub(crate) schema: fn() -> Value,
}

/// One method of one route.
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) action: Action,
    /// What a token must allow; `None`: anyone may call it.
    pub(crate) scope: Option<Scope>,
    pub(crate) summary: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Option<Body>,
    pub(crate) success: Success,
    /// Statuses of the problems it may answer, beside those that its token and body bring.
    pub(crate) problems: &'static [u16],
}

/// A path with its operations.
pub(crate) struct Route {
    /// `{prefix}` is the deployment's; any other name in braces is one part of the path.
    pub(crate) path: &'static str,
    pub(crate) operations: &'static [Operation],
}

/// Every route; those of pages first, which serve most requests.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    [
        page::ROUTES,
        servers::ROUTES,
        people::ROUTES,
        access::ROUTES,
        privacy::ROUTES,
        quarantine::ROUTES,
    ]
    .into_iter()
    .flatten()
}

const FILE: fn() -> Value = || json!({"type": "string", "format": "binary"});

const fn page_file(
    action: Action,
    summary: &'static str,
    content_type: &'static str,
    about: &'static str,
) -> Operation {
    Operation {
        method: Method::Get,
        action,
        scope: None,
        summary,
        parameters: &[],
        body: None,
        success: Success {
            content_type,
            about,
            schema: FILE,
        },
        problems: &[404],
    }
}

/// The named parts of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts(Vec<(&'static str, String)>);

impl Parts {
    /// The part of that name; empty if the route has none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value)
    }
}

/// The route of a path, with its named parts.
pub(crate) fn find(path: &str, prefix: &str) -> Option<(&'static Route, Parts)> {
    all().find_map(|route| Some((route, parts(route.path, path, prefix)?)))
}

fn parts(template: &'static str, path: &str, prefix: &str) -> Option<Parts> {
    let (template, path) = match template.strip_prefix("{prefix}") {
        Some(template) => (template, path.strip_prefix(prefix)?),
        None => (template, path),
    };
    let mut parts = Vec::new();
    let mut found = path.split('/');
    for wanted in template.split('/') {
        let found = found.next()?;
        match wanted
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) if !found.is_empty() => parts.push((name, String::from(found))),
            None if wanted == found => {}
            _ => return None,
        }
    }
    found.next().is_none().then_some(Parts(parts))
}

/// The route's path as a client writes it.
pub(crate) fn public_path(route: &Route, prefix: &str) -> String {
    route.path.replace("{prefix}", prefix)
}

/// The methods that a route takes, for `Allow`.
pub(crate) fn allowed(route: &Route) -> String {
    let mut methods: Vec<_> = route
        .operations
        .iter()
        .map(|operation| operation.method.name())
        .collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings;

    #[test]
    fn each_route_is_found_by_its_own_path() {
        for route in all() {
            let path = public_path(route, bindings::PREFIX).replace(['{', '}'], "");
            let (found, _) = find(&path, bindings::PREFIX).unwrap();
            assert_eq!(found.path, route.path);
        }
    }

    #[test]
    fn parts_are_named_and_never_empty() {
        let (_, parts) = find("/api/v1/sites/cloud-kicks/plans/3/publish", "/_g").unwrap();
        assert_eq!(parts.get("site"), "cloud-kicks");
        assert_eq!(parts.get("version"), "3");
        assert!(find("/api/v1/sites//plans", "/_g").is_none());
        assert!(find("/api/v1/sites/a/plans/", "/_g").is_none());
        assert!(find("/_g/c/", "/_g").is_none());
    }

    #[test]
    fn the_prefix_is_the_deployments() {
        assert!(find("/m/x/c", "/m/x").is_some());
        assert!(find("/_g/c", "/m/x").is_none());
    }
}
