//! The list of contacts for a spreadsheet.

use crate::reports::{guarded, push_line, utc};
use serde_json::Value;
use std::collections::BTreeSet;

/// Columns of each currency, by where an amount is in a contact's value; named as reports name them.
const AMOUNTS: [(&str, &str); 4] = [
    ("verified", "/verified/gross/decimal"),
    ("net", "/verified/net/decimal"),
    ("claimed", "/claimed/gross/decimal"),
    ("claimed_net", "/claimed/net/decimal"),
];

const COUNTS: [&str; 5] = ["points", "sessions", "conversions", "voided", "orders"];

const TIMES: [&str; 2] = ["first_seen", "last_seen"];

/// The contacts as they are shown, a line each.
pub(super) fn text(contacts: &[Value]) -> String {
    let values = |contact: &Value| contact["value"].as_array().cloned().unwrap_or_default();
    let currencies: BTreeSet<String> = contacts
        .iter()
        .flat_map(values)
        .filter_map(|value| Some(String::from(value.get("currency")?.as_str()?)))
        .collect();
    let amounts = || {
        currencies
            .iter()
            .flat_map(|currency| AMOUNTS.map(|(name, path)| (currency, name, path)))
    };
    let mut out = String::new();
    let names = ["contact", "stage"].into_iter().map(String::from);
    let of_money = amounts().map(|(currency, name, _)| format!("{name} {currency}"));
    let others = COUNTS.into_iter().chain(TIMES).map(String::from);
    push_line(&mut out, names.chain(of_money).chain(others));
    for contact in contacts {
        let word = |name: &str| guarded(contact[name].as_str().unwrap_or_default());
        let values = values(contact);
        let of_money = amounts().map(|(currency, _, path)| {
            let own = values
                .iter()
                .find(|value| value["currency"].as_str() == Some(currency));
            let amount = own.and_then(|value| value.pointer(path)?.as_str());
            String::from(amount.unwrap_or_default())
        });
        let counts = COUNTS.map(|name| contact[name].to_string());
        let times = TIMES.map(|name| contact[name].as_i64().map(utc).unwrap_or_default());
        let line = ["contact", "stage"]
            .map(word)
            .into_iter()
            .chain(of_money)
            .chain(counts)
            .chain(times);
        push_line(&mut out, line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_contact_is_a_line_and_each_currency_has_its_columns() {
        let amounts = |gross: &str, net: &str| json!({ "gross": { "decimal": gross }, "net": { "decimal": net } });
        let contact = |name: &str, value: Value| {
            json!({
                "contact": name, "stage": "customer", "value": value, "points": 7,
                "first_seen": 1_795_000_000_000_i64, "last_seen": null, "sessions": 2,
                "conversions": 3, "voided": 1, "orders": 1,
            })
        };
        let yen = json!([{ "currency": "JPY", "verified": amounts("900", "400"),
                           "claimed": amounts("0", "0") }]);
        let dollars = json!([{ "currency": "USD", "verified": amounts("0.00", "0.00"),
                               "claimed": amounts("1.50", "-1.50") }]);
        let text = text(&[contact("customer:7", yen), contact("=cmd|x", dollars)]);
        let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
        assert_eq!(
            lines,
            [
                "contact,stage,verified JPY,net JPY,claimed JPY,claimed_net JPY,verified USD,net USD,\
                 claimed USD,claimed_net USD,points,sessions,conversions,voided,orders,first_seen,last_seen",
                "customer:7,customer,900,400,0,0,,,,,7,2,3,1,1,2026-11-18T11:06:40Z,",
                "'=cmd|x,customer,,,,,0.00,0.00,1.50,-1.50,7,2,3,1,1,2026-11-18T11:06:40Z,",
            ]
        );
    }
}
