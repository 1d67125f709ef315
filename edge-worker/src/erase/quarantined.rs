//! What waits in quarantine and bears a name: nobody has read it, so its bytes are searched.
//!
//! A body of which nobody could tell the site waits under no site. It may be of anybody's, so every
//! search goes through those as well, after the site's own.

use super::{Names, statements as sql};
use crate::{bindings::Bindings, database, http::Failure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use goalpost_core::erasure::Subject;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;

/// Ids that are looked at at once; a body may have 80 KB.
const LOOKED_AT: u32 = 100;

/// Rows that bear a name, among some.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Value>,
    /// Where the search goes on; `None`: everything was looked at.
    pub(crate) end: Option<String>,
}

/// How a cursor begins among what is of no site. The site's own rows have cursors of an id alone, so an
/// edge that knows only those finds nothing there and goes on.
const OF_NO_SITE: &str = "FF";

/// Digits of an id.
const ID_DIGITS: usize = 32;

/// Where a search is: a site's rows, or those of no site, after an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// Whose rows are looked at; empty: nobody's.
    pub(super) site: &'a str,
    after: &'a str,
    /// For whom they are looked at.
    asking: &'a str,
}

impl<'a> Place<'a> {
    /// The place of a cursor; an empty one is the beginning.
    pub(super) fn of(asking: &'a str, cursor: &'a str) -> Self {
        let after = cursor
            .strip_prefix(OF_NO_SITE)
            .filter(|after| after.is_empty() || after.len() == ID_DIGITS);
        match after {
            Some(after) => Self {
                site: "",
                after,
                asking,
            },
            None => Self {
                site: asking,
                after: cursor,
                asking,
            },
        }
    }

    /// What asks for the next rows.
    pub(super) fn values(self) -> Vec<String> {
        let most = LOOKED_AT.to_string();
        [self.site, self.after, &most].map(String::from).to_vec()
    }

    /// The cursor after the row that was looked at last; `None` at the end.
    fn next(self, last: Option<&str>) -> Option<String> {
        match (self.site.is_empty(), last) {
            (true, last) => last.map(|id| format!("{OF_NO_SITE}{id}")),
            (false, Some(id)) => Some(id.to_owned()),
            (false, None) => Some(OF_NO_SITE.to_owned()),
        }
    }
}

/// Looks for rows after a cursor.
pub(crate) async fn waiting(
    edge: &Bindings,
    site: &str,
    cursor: &str,
    names: &Names,
) -> Result<Found, Failure> {
    let place = Place::of(site, cursor);
    let values = place.values();
    let values = values.iter().map(String::as_str).collect();
    let mut answers = database::batch(edge, &[(sql::QUARANTINE, values)]).await?;
    Ok(found(place, &answers.pop().unwrap_or_default(), names)?)
}

/// Those of the rows at a place that bear a name.
pub(super) fn found(
    place: Place<'_>,
    rows: &[String],
    names: &Names,
) -> Result<Found, serde_json::Error> {
    let all = names.texts_of_bodies(|_| true);
    let unmistakable = names.texts_of_bodies(is_unmistakable);
    let (mut found, mut last) = (Vec::new(), None);
    for row in rows {
        let row: Value = serde_json::from_str(row)?;
        last = row.get("id").and_then(Value::as_str).map(String::from);
        let body = Body::of(&row);
        let texts = match body.whose(place) {
            Whose::Own => &all,
            Whose::Unknown => &unmistakable,
            Whose::Others => continue,
        };
        if texts.iter().any(|text| body.bears(text)) {
            found.push(row);
        }
    }
    Ok(Found {
        rows: found,
        end: place.next(last.as_deref()),
    })
}

/// Whether a name is one person's at whatever site: a customer's or an order's number is another
/// person's at the next.
fn is_unmistakable(subject: &Subject) -> bool {
    match subject {
        Subject::Visitor(_) => true,
        Subject::Identity(identity) => !identity.starts_with("customer:"),
        Subject::Order(_) => false,
    }
}

impl Found {
    /// Ids and digests.
    pub(super) fn keys(&self) -> Vec<(&Value, &Value)> {
        let rows = self.rows.iter();
        rows.map(|row| (&row["id"], &row["digest"])).collect()
    }
}

/// Whose a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Own,
    Others,
    Unknown,
}

/// What a row holds, as it is searched.
struct Body<'a> {
    request: &'a str,
    text: &'a str,
    /// What is no item waits as base64.
    bytes: Option<Vec<u8>>,
}

impl<'a> Body<'a> {
    fn of(row: &'a Value) -> Self {
        let field = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let text = field("body");
        Self {
            request: field("request"),
            text,
            bytes: STANDARD.decode(text).ok(),
        }
    }

    fn bears(&self, text: &str) -> bool {
        let inside = |bytes: &[u8]| bytes.windows(text.len()).any(|own| own == text.as_bytes());
        inside(self.request.as_bytes())
            || inside(self.text.as_bytes())
            || self.bytes.as_deref().is_some_and(inside)
    }

    fn whose(&self, place: Place<'_>) -> Whose {
        #[derive(Deserialize)]
        struct OfSite<'t> {
            #[serde(borrow)]
            site: Cow<'t, str>,
        }
        if !place.site.is_empty() {
            return Whose::Own;
        }
        let bytes = self.bytes.as_deref().unwrap_or_default();
        match serde_json::from_slice::<OfSite<'_>>(bytes) {
            Ok(named) if named.site == place.asking => Whose::Own,
            Ok(_) => Whose::Others,
            Err(_) => Whose::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019D3D0AC48C70008000000000000018";

    fn row(body: &str) -> String {
        let body = STANDARD.encode(body);
        format!(r#"{{"id":"{ID}","digest":1,"request":"{{}}","body":"{body}"}}"#)
    }

    fn bears(body: &str) -> bool {
        let names = Names {
            visitors: vec![String::from(ID)],
            identities: vec![String::from("email:ab"), String::from("customer:7")],
            orders: vec![String::from("1")],
        };
        let found = found(Place::of("shop", OF_NO_SITE), &[row(body)], &names).unwrap();
        !found.rows.is_empty()
    }

    #[test]
    fn a_search_goes_through_the_sites_own_rows_and_then_through_those_of_no_site() {
        let own = Place::of("shop", "");
        assert_eq!(own.values(), ["shop", "", "100"]);
        assert_eq!(own.next(Some(ID)).as_deref(), Some(ID));
        let own = Place::of("shop", ID);
        assert_eq!(own.values(), ["shop", ID, "100"]);
        let nobodys = own.next(None).unwrap();
        assert_eq!(Place::of("shop", &nobodys).values(), ["", "", "100"]);
        let further = Place::of("shop", &nobodys).next(Some(ID)).unwrap();
        assert_eq!(Place::of("shop", &further).values(), ["", ID, "100"]);
        assert_eq!(Place::of("shop", &further).next(None), None);
        // An id may begin with anything.
        let far = "FF".repeat(16);
        assert_eq!(Place::of("shop", &far).values(), ["shop", &far, "100"]);
    }

    #[test]
    fn a_body_of_no_site_is_of_whom_it_names_unless_it_names_another_site() {
        for name in ["\"019d3d0a-c48c-7000-8000-000000000018\"", "\"email:ab\""] {
            assert!(bears(&format!("{{\"x\":{name}")), "{name}, cut short");
            assert!(bears(&format!(
                "{{\"v\":7,\"site\":\"shop\",\"x\":{name}}}"
            )));
            assert!(!bears(&format!(
                "{{\"v\":7,\"site\":\"twin\",\"x\":{name}}}"
            )));
        }
        for number in ["\"customer:7\"", "\"1\""] {
            assert!(bears(&format!("{{\"site\":\"shop\",\"x\":{number}}}")));
            assert!(
                !bears(&format!("{{\"site\":\"shop\",\"x\":{number}")),
                "{number}"
            );
        }
    }
}
