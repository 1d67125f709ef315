//! Links between a site's hosts: the page that is left asks for a token, and the page that is reached
//! hands it back. What a token proves is decided in `goalpost_core::link_token`.
//!
//! | what came | answer |
//! | --- | --- |
//! | no question | 400 |
//! | too much: of the site, of the network | 429 |
//! | a site without a plan | 404 |
//! | a page of another host | 403 |
//! | a browser that signals a refusal, or a crawler | 200, nothing |
//! | a question, and the site has no signing key | 200, and why not |
//! | a token that proves nothing | 200, and why not; counted |
//! | a token that holds | 200, the record with which the visit goes on; counted |

use super::{foreign_host, origin, visitor};
use crate::{
    admission,
    bindings::Bindings,
    body, clock, database,
    http::Failure,
    log,
    openapi::shape,
    plans,
    problem::{Kind, Problem},
    runtime::{Heard, Lines, answered},
};
use goalpost_core::{
    SessionRecord, limits,
    link_token::{self, LinkProblem, Way},
    signature::SignatureProblem,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use worker::Request;

/// What a page asks or tells.
#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    site: Cow<'a, str>,
    /// What its tabs share; empty if nothing.
    #[serde(borrow, default)]
    record: Cow<'a, str>,
    /// The other host: where a link leads, or with a token where the visitor comes from.
    #[serde(borrow)]
    host: Cow<'a, str>,
    /// None: it asks for one.
    #[serde(borrow)]
    token: Option<Cow<'a, str>>,
}

#[derive(Serialize, Default)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Answers a page of one of the site's hosts about a link from or to another.
pub(crate) async fn link(
    mut request: Request,
    edge: &Bindings,
) -> Result<web_sys::Response, Failure> {
    let heard = Heard::of(request.inner(), edge.env());
    let heard = heard.lines();
    let body = body::read(&mut request, limits::LINK_BYTES).await?;
    let asked: Asked<'_> = serde_json::from_slice(&body).map_err(|_| not_asked())?;
    let site = plans::site(edge, &asked.site).await?;
    let known = admission::known(&asked.site, site.is_some());
    admission::admit(edge, request.inner(), known).await?;
    let Some(site) = site else {
        return Err(plans::unknown_site(&asked.site).into());
    };
    if !origin::is_own(heard.origin, heard.referer, &site.hosts) {
        return Err(foreign_host(&heard, &asked.site).into());
    }
    if heard.refuses() || heard.is_no_person().is_some() {
        return said(&heard, &Answer::default(), "");
    }
    let keys = plans::signing_keys(edge);
    let keys = keys.get(&*asked.site).map_or(&[][..], Vec::as_slice);
    let Some(token) = &asked.token else {
        let answer = asked.give(&heard, &site.hosts, keys)?;
        return said(&heard, &answer, "");
    };
    let record = asked.take(token, &heard, &site.hosts, keys);
    let outcome = record.as_ref().map_or_else(|why| why.name(), |_| "ok");
    count(edge, &asked.site, outcome).await;
    let cookie = record.as_ref().map_or_else(
        |_| String::new(),
        |record| visitor::cookie(record.visitor, heard.url),
    );
    let answer = match record {
        Ok(record) => Answer {
            record: Some(record.text()),
            ..Answer::default()
        },
        Err(why) => Answer {
            why: Some(why.to_string()),
            ..Answer::default()
        },
    };
    said(&heard, &answer, &cookie)
}

impl Asked<'_> {
    /// A token for the page's visitor: the older one of storage and cookie, as everywhere.
    fn give(
        &self,
        heard: &Lines<'_>,
        hosts: &[String],
        keys: &[String],
    ) -> Result<Answer, Problem> {
        let record = SessionRecord::parse(&self.record).ok_or_else(not_asked)?;
        let way = self.way(hosts, here(heard), &self.host);
        let way = way.map_err(|why| Problem::new(Kind::BadParameter, why.to_string()))?;
        let token = link_token::sign(&with_cookie(record, heard), way, keys, clock::now());
        let why = token.is_none().then(|| SignatureProblem::NoKey.to_string());
        Ok(Answer {
            token,
            why,
            ..Answer::default()
        })
    }

    /// The record with which the visit goes on here.
    fn take(
        &self,
        token: &str,
        heard: &Lines<'_>,
        hosts: &[String],
        keys: &[String],
    ) -> Result<SessionRecord, LinkProblem> {
        let way = self.way(hosts, &self.host, here(heard))?;
        let linked = link_token::verify(token, way, keys, clock::now())?;
        let own = SessionRecord::parse(&self.record);
        let record = own.map_or(linked, |own| link_token::joined(own, linked));
        Ok(with_cookie(record, heard))
    }

    fn way<'b>(
        &'b self,
        hosts: &'b [String],
        from: &str,
        to: &str,
    ) -> Result<Way<'b>, LinkProblem> {
        Way::between(&self.site, hosts, from, to)
    }
}

/// The host of the page that asks.
fn here<'a>(heard: &Lines<'a>) -> &'a str {
    let address = if heard.origin.is_empty() {
        heard.referer
    } else {
        heard.origin
    };
    origin::host(address).unwrap_or_default()
}

fn with_cookie(record: SessionRecord, heard: &Lines<'_>) -> SessionRecord {
    let cookie = visitor::of_cookies(heard.cookies).unwrap_or(record.visitor);
    SessionRecord {
        visitor: record.visitor.min(cookie),
        ..record
    }
}

fn not_asked() -> Problem {
    Problem::new(
        Kind::BadParameter,
        "body: is not the JSON of site, record, host and, to hand one back, token",
    )
}

fn said(heard: &Lines<'_>, answer: &Answer, cookie: &str) -> Result<web_sys::Response, Failure> {
    Ok(answered(
        &serde_json::to_string(answer)?,
        heard.origin,
        cookie,
    ))
}

const COUNT: &str = "\
INSERT INTO links (site, day, outcome, count)
VALUES (?1, date(CAST(?3 AS INTEGER) / 1000, 'unixepoch'), ?2, 1)
ON CONFLICT DO UPDATE SET count = count + 1";

/// Counts what became of a token. A visit goes on where that fails.
async fn count(edge: &Bindings, site: &str, outcome: &str) {
    let now = clock::now().to_string();
    let counted = database::batch(edge, &[(COUNT, vec![site, outcome, &now])]).await;
    if let Err(problem) = counted {
        log::warn("link_not_counted", &[("site", site)], &problem);
    }
}

/// The shape of the answer.
pub(crate) fn link_schema() -> Value {
    shape::object_with(
        &[],
        &[
            (
                "token",
                shape::text("What the link's address is to carry as `_gp`."),
            ),
            (
                "record",
                shape::text("What the page's tabs are to share from now on."),
            ),
            ("why", shape::text("Why there is neither.")),
        ],
    )
}
