//! The same conversions by core: the pure fold of copies and refunds, from what is stored of the
//! observations alone.

use super::*;
use goalpost_core::{
    Currency,
    ledger::{Evidence, Refund, Source, apply, fold},
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The conversions that the tables have.
pub(super) const KEPT: &str = "\
SELECT
  site, definition, scope, who, dedup, time, lower(hex(observation)), source, points, plan, minor,
  currency, coalesce(money, '') = 'verified', lower(hex(visitor)), lower(hex(session)), contact,
  refunded, voided, person
FROM conversions ORDER BY 1, 2, 3, 4, 5";

const STORED: &str = "\
SELECT json_object(
  'site', site, 'id', hex(id), 'time', time, 'source', source, 'visitor', hex(visitor),
  'session', hex(session), 'contact', contact, 'identities', json(identities), 'plan', plan,
  'order', order_number, 'refund', json(refund), 'verdict', json(verdict))
FROM observations ORDER BY site, id";

type Key = [String; 5];

/// The conversions that follow from the observations, as [`KEPT`] shows them.
pub(super) fn conversions(db: &Db) -> Table {
    let stored: Vec<Json> = db
        .table(STORED)
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let names = names(&stored);
    let canonical = |site: &str, identity: &str| -> String {
        let own = (site.to_owned(), identity.to_owned());
        names.get(&own).cloned().unwrap_or(own.1)
    };
    // Rows come in the order of their ids, so the first identification is the earliest.
    let mut known: BTreeMap<(String, Id), String> = BTreeMap::new();
    for row in &stored {
        if let (Some(contact), Some(visitor)) = (row["contact"].as_str(), id_of(&row["visitor"])) {
            let site = text(row, "site");
            let contact = canonical(&site, contact);
            known.entry((site, visitor)).or_insert(contact);
        }
    }
    let mut copies: BTreeMap<Key, Vec<(Evidence, Option<String>)>> = BTreeMap::new();
    for row in &stored {
        let site = text(row, "site");
        let visitor = id_of(&row["visitor"]);
        let contact = match row["contact"].as_str() {
            Some(contact) => Some(canonical(&site, contact)),
            None => visitor.and_then(|visitor| known.get(&(site.clone(), visitor)).cloned()),
        };
        for entry in row["verdict"].as_array().into_iter().flatten() {
            let who = match (entry["who"].as_str(), &contact) {
                (None, _) => String::new(),
                (Some(_), Some(contact)) => format!("contact {contact}"),
                (Some(who), None) => who.to_owned(),
            };
            let key = [
                site.clone(),
                text(entry, "definition"),
                text(entry, "scope"),
                who,
                text(entry, "dedup"),
            ];
            let evidence = Evidence {
                time: row["time"].as_i64().unwrap(),
                observation: id_of(&row["id"]).unwrap(),
                source: source(&text(row, "source")),
                minor: entry["minor"].as_i64(),
                currency: currency(&entry["currency"]),
                verified: entry["money"] == "verified",
                visitor,
                session: id_of(&row["session"]),
                contact: contact.clone(),
                points: u32::try_from(entry["points"].as_u64().unwrap_or(0)).unwrap(),
                plan: text(row, "plan"),
            };
            let order = row["order"].as_str().map(str::to_owned);
            copies.entry(key).or_default().push((evidence, order));
        }
    }
    copies
        .into_iter()
        .map(|(key, copies)| line(&key, &copies, &stored))
        .collect()
}

fn line(key: &Key, copies: &[(Evidence, Option<String>)], stored: &[Json]) -> String {
    let evidence: Vec<Evidence> = copies.iter().map(|(copy, _)| copy.clone()).collect();
    let one = fold(&evidence).unwrap();
    // The order is that of the copy with the money; a refund bought nothing.
    let is_refund = |id: Id| {
        stored.iter().any(|row| {
            row["refund"].is_object()
                && text(row, "site") == key[0]
                && id_of(&row["id"]) == Some(id)
        })
    };
    let order = copies
        .iter()
        .min_by_key(|(copy, _)| {
            let rank = (copy.minor.is_none(), !copy.verified);
            (rank, copy.time, copy.observation)
        })
        .filter(|(copy, _)| !is_refund(copy.observation))
        .and_then(|(_, order)| order.clone());
    let refunds: Vec<Refund> = stored
        .iter()
        .filter(|row| {
            row["refund"].is_object()
                && text(row, "site") == key[0]
                && order.is_some()
                && row["order"].as_str() == order.as_deref()
        })
        .map(|row| Refund {
            observation: id_of(&row["id"]).unwrap(),
            time: row["time"].as_i64().unwrap(),
            minor: row["refund"]["minor"].as_i64(),
            currency: currency(&row["refund"]["currency"]),
        })
        .collect();
    let net = apply(one.money, &refunds);
    let hex = |id: Option<Id>| id.map_or_else(String::new, crate::sink::row::hex);
    let person = match (&one.contact, one.visitor) {
        (Some(contact), _) => format!("contact {contact}"),
        (None, Some(visitor)) => format!("visitor {}", hex(Some(visitor))),
        (None, None) => format!("observation {}", hex(Some(one.observation))),
    };
    let number = |number: Option<i64>| number.map_or_else(|| "-".to_owned(), |it| it.to_string());
    [
        key.join(" | "),
        one.time.to_string(),
        hex(Some(one.observation)),
        ["page", "pixel", "server"][one.source as usize].to_owned(),
        one.points.to_string(),
        one.plan,
        number(one.money.map(|money| money.minor)),
        one.money
            .map_or_else(|| "-".to_owned(), |money| money.currency.code().to_owned()),
        i64::from(one.verified).to_string(),
        hex(one.visitor),
        hex(one.session),
        one.contact.unwrap_or_else(|| "-".to_owned()),
        net.refunded_minor.to_string(),
        i64::from(net.voided).to_string(),
        person,
    ]
    .join(" | ")
}

/// Each linked identity's contact: the smallest name that can be reached.
fn names(stored: &[Json]) -> BTreeMap<(String, String), String> {
    let mut names = BTreeMap::new();
    let links: Vec<(String, BTreeSet<String>)> = stored
        .iter()
        .filter_map(|row| {
            let list = row["identities"].as_array()?;
            let list = list.iter().map(|name| name.as_str().unwrap().to_owned());
            Some((text(row, "site"), list.collect()))
        })
        .collect();
    loop {
        let before = names.clone();
        for (site, list) in &links {
            let of = |name: &String| (site.clone(), name.clone());
            let known = list.iter().map(|name| names.get(&of(name)).unwrap_or(name));
            let smallest = known.min().unwrap().clone();
            for name in list {
                names.insert(of(name), smallest.clone());
            }
        }
        if names == before {
            return names;
        }
    }
}

fn text(row: &Json, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn id_of(value: &Json) -> Option<Id> {
    Id::parse(value.as_str()?)
}

fn currency(value: &Json) -> Option<Currency> {
    Currency::parse(value.as_str()?).ok()
}

fn source(name: &str) -> Source {
    match name {
        "page" => Source::Page,
        "pixel" => Source::Pixel,
        _ => Source::Server,
    }
}
