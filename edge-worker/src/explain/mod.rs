//! Why: what a plan makes of one observation, definition by definition, and what storage says of it.

mod answer;

pub(crate) use answer::schema;

use answer::{Answer, Held, explained};

use crate::{
    bindings::Bindings,
    body, clock, database,
    http::{self, Failure, Outcome},
    plans::{self, Known},
    problem::{Kind, Problem},
    reports::{Query, bad_parameter},
    routes::Parameter,
};
use goalpost_core::{
    Context, CountingKey, Id, Person,
    beacon::read_kept,
    clip,
    crawler::Doubt,
    limits,
    reasons::{self, Reason, Reasons},
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::{collections::BTreeMap, rc::Rc};
use worker::Request;

pub(crate) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "plan",
    about: "The plan to explain with: a version or a hash. Without it: the plan that decided, or \
            for an observation in the body the one in effect.",
    schema: || json!({"type": "string"}),
}];

/// The observation as it is stored, else as it waits in quarantine.
const FIND: &str = "\
SELECT json_object(
  'fate', 'stored', 'time', o.time, 'session', hex(o.session), 'visitor', hex(o.visitor),
  'identity', o.contact, 'source', o.source, 'doubts', coalesce(o.doubts, ''), 'plan', o.plan, 'body', o.body)
FROM observations AS o
WHERE o.site = ?1 AND o.id = unhex(?2)
UNION ALL
SELECT json_object(
  'fate', 'quarantined', 'source', iif(form = 'server', 'server', 'page'), 'plan', plan,
  'body', body)
FROM (SELECT * FROM quarantine WHERE site = ?1 AND id = unhex(?2) ORDER BY digest LIMIT 1)
LIMIT 1";

/// Whose they are, where that is known: an identity's contact, and a visitor's. `?1` site, `?2` identity,
/// `?3` visitor.
const WHOSE: &str = "\
SELECT json_array(
  (SELECT contact FROM identities WHERE site = ?1 AND identity = ?2),
  (SELECT contact FROM known_visitors WHERE site = ?1 AND visitor = unhex(?3)))";

/// What is stored under keys. `?1` site, `?2` rows of definition, scope, who and dedup.
const COUNTED: &str = "\
SELECT json_object(
  'definition', c.definition, 'observation', hex(c.observation), 'session', hex(c.session),
  'time', c.time, 'plan', c.plan)
FROM json_each(?2) AS r
JOIN conversions AS c ON c.site = ?1 AND c.definition = r.value ->> 0
  AND c.scope = r.value ->> 1 AND c.who = r.value ->> 2 AND c.dedup = r.value ->> 3";

/// What is to be explained.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    fate: Option<String>,
    time: Option<i64>,
    session: String,
    visitor: String,
    identity: Option<String>,
    contact: Option<String>,
    source: String,
    doubts: String,
    plan: String,
    body: String,
}

#[derive(Deserialize)]
struct Counted {
    definition: String,
    observation: String,
    session: String,
    time: i64,
    plan: String,
}

/// Explains a stored or quarantined observation.
pub(crate) async fn observation(
    request: &Request,
    edge: &Bindings,
    site: &str,
    id: &str,
) -> Outcome {
    let query = Query::of(request)?;
    let unknown = || {
        let id = clip(id, limits::NAME_BYTES);
        Failure::Problem(Problem::new(
            Kind::NotFound,
            format!("observation: '{site}' has stored none and quarantined none with id '{id}'"),
        ))
    };
    let id = Id::parse(id).ok_or_else(unknown)?;
    let hex = id.text().replace('-', "");
    let found: Vec<Item> = database::rows_of_all(edge, FIND, &[site, &hex]).await?;
    let mut item = found.into_iter().next().ok_or_else(unknown)?;
    item.contact = contact(edge, site, &item).await?;
    let known = match query.get("plan") {
        Some(wanted) => plan(edge, site, wanted).await?,
        // What waits because its site had no plan is explained by the one that there is now.
        None => match plans::known(edge, site, &item.plan).await? {
            Some(known) => known,
            None => plans::in_effect(edge, site).await?,
        },
    };
    answer(edge, site, &known, &item).await
}

/// Whose an observation is. A person may have moved to another database than what was observed of them.
async fn contact(edge: &Bindings, site: &str, item: &Item) -> Result<Option<String>, Failure> {
    let identity = item.identity.as_deref().unwrap_or_default();
    let values = [site, identity, &item.visitor];
    let whose: Vec<(Option<String>, Option<String>)> =
        database::rows_of_all(edge, WHOSE, &values).await?;
    let (mut named, mut known) = (None, None);
    for (of_identity, of_visitor) in whose {
        named = named.or(of_identity);
        known = known.or(of_visitor);
    }
    Ok(named.or_else(|| item.identity.clone()).or(known))
}

/// Explains an observation that is only tried out.
pub(crate) async fn tried(mut request: Request, edge: &Bindings, site: &str) -> Outcome {
    let query = Query::of(&request)?;
    let body = body::read(&mut request, limits::ITEM_BYTES).await?;
    let known = match query.get("plan") {
        Some(wanted) => plan(edge, site, wanted).await?,
        None => plans::in_effect(edge, site).await?,
    };
    let item = complete(&body, clock::new_id()?)?;
    answer(edge, site, &known, &item).await
}

/// The item with an id and a place of its own where it has none, so that it can be written by hand.
fn complete(body: &[u8], id: Id) -> Result<Item, Failure> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Whose {
        session: String,
        visitor: String,
    }
    let wrong = |problem: &serde_json::Error| {
        bad_parameter("body", &format!("is not the JSON of an item: {problem}"))
    };
    let mut fields: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(body).map_err(|problem| wrong(&problem))?;
    let whose: Whose = serde_json::from_slice(body).map_err(|problem| wrong(&problem))?;
    for (name, value) in [("id", format!("\"{id}\"")), ("seq", String::from("0"))] {
        if !fields.contains_key(name) {
            fields.insert(String::from(name), RawValue::from_string(value)?);
        }
    }
    Ok(Item {
        session: whose.session,
        visitor: whose.visitor,
        body: serde_json::to_string(&fields)?,
        ..Item::default()
    })
}

/// The plan that the caller names by version or hash.
async fn plan(edge: &Bindings, site: &str, wanted: &str) -> Result<Rc<Known>, Failure> {
    let hash = match wanted.parse::<u32>() {
        Ok(number) => plans::version(edge, site, number).await?.1,
        Err(_) if is_hash(wanted) => String::from(wanted),
        Err(_) => {
            let wanted = clip(wanted, limits::NAME_BYTES);
            let detail = format!("'{wanted}' is no version, such as 3, and no hash of a plan");
            return Err(bad_parameter("plan", &detail).into());
        }
    };
    plans::known(edge, site, &hash).await?.ok_or_else(|| {
        let wanted = clip(wanted, limits::NAME_BYTES);
        Failure::Problem(Problem::new(
            Kind::NotFound,
            format!("plan: '{site}' has none known as '{wanted}'; GET …/plans lists them"),
        ))
    })
}

fn is_hash(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn answer(edge: &Bindings, site: &str, known: &Known, item: &Item) -> Outcome {
    let rules = &known.rules;
    let (id, time, reasons) = match read_kept(&item.body) {
        Ok(read) => {
            let observation = &read.observation;
            let time = item.time.unwrap_or_else(|| observation.id.time());
            let server = item.source == "server";
            let context = Context {
                time,
                session: read.session.or_else(|| Id::parse(&item.session)),
                person: Person {
                    visitor: Id::parse(&item.visitor),
                    contact: item.identity.as_deref().filter(|_| server),
                },
                server,
            };
            let reasons = reasons::of(rules, observation, &context);
            (Some(observation.id), Some(time), reasons)
        }
        Err(error) => {
            let reasons = Reasons {
                definitions: Vec::new(),
                problem: Some((error.reason, error.detail)),
            };
            (error.id, None, reasons)
        }
    };
    let counted = counted(edge, site, item, &reasons.definitions).await?;
    let definitions = reasons
        .definitions
        .iter()
        .map(|reason| {
            let stands = counted
                .iter()
                .find(|row| row.definition == reason.definition);
            explained(known, reason, stands, id)
        })
        .collect();
    http::json(&Answer {
        site,
        observation: id.map(Id::text),
        fate: item.fate.clone(),
        doubts: Doubt::read(&item.doubts)
            .into_iter()
            .map(Doubt::name)
            .collect(),
        plan: &rules.plan,
        time,
        problem: reasons.problem.map(|(reason, detail)| Held {
            reason: reason.name(),
            detail,
        }),
        definitions,
    })
}

/// What is stored under the keys of the conversions.
async fn counted(
    edge: &Bindings,
    site: &str,
    item: &Item,
    reasons: &[Reason],
) -> Result<Vec<Counted>, Failure> {
    let keys: Vec<_> = reasons
        .iter()
        .filter_map(|reason| {
            let key = &reason.conversion.as_ref()?.key;
            let who = who(key, item.contact.as_deref());
            Some((&reason.definition, &key.scope, who, &key.dedup))
        })
        .collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys = serde_json::to_string(&keys)?;
    database::rows_of_all(edge, COUNTED, &[site, &keys]).await
}

/// The key's person as storage has it: the contact takes the visitor's place.
fn who(key: &CountingKey, contact: Option<&str>) -> String {
    match contact {
        Some(contact) if !key.who.is_empty() => format!("contact {contact}"),
        _ => key.who.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_by_hand_gets_an_id_and_a_place() {
        let id = Id::new(1_795_000_000_000, [1; 10]);
        let item = complete(br#"{"kind":"event","name":"x"}"#, id).unwrap();
        let read = read_kept(&item.body).unwrap();
        assert_eq!((read.observation.id, read.observation.seq), (id, 0));
        // An amount keeps its decimals.
        let text = br#"{"kind":"event","name":"x","seq":7,"properties":{"a":1.10}}"#;
        let item = complete(text, id).unwrap();
        let read = read_kept(&item.body).unwrap();
        assert_eq!(read.observation.seq, 7);
        assert_eq!(read.observation.properties.text("a"), Some("1.10"));
    }

    #[test]
    fn what_is_no_item_is_named() {
        for bad in [&b"x"[..], b"[]", b"", b"{\"session\":7}"] {
            let id = Id::new(1, [1; 10]);
            let Err(Failure::Problem(problem)) = complete(bad, id) else {
                panic!("{bad:?}");
            };
            assert!(
                problem
                    .detail
                    .starts_with("body: is not the JSON of an item")
            );
        }
    }
}
