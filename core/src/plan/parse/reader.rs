//! Reading JSON values with their places, and keeping every problem.

use crate::{
    limits,
    plan::{PlanProblem, suggest},
};
use alloc::{borrow::ToOwned as _, format, string::String, vec::Vec};
use serde_json::{Map, Value};

/// A value and its place in the plan.
#[derive(Clone)]
pub(super) struct At<'v> {
    pub(super) path: String,
    pub(super) value: &'v Value,
}

/// An object and its place in the plan.
pub(super) struct Fields<'v> {
    pub(super) path: String,
    map: &'v Map<String, Value>,
}

/// The problems found so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<PlanProblem>,
}

impl<'v> At<'v> {
    /// The members of a list.
    fn members(&self, list: &'v [Value]) -> Vec<Self> {
        list.iter()
            .enumerate()
            .map(|(index, value)| Self {
                path: format!("{}[{index}]", self.path),
                value,
            })
            .collect()
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.is_string()
    }
}

impl<'v> Fields<'v> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'v str> {
        self.map.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<At<'v>> {
        self.map.get(name).map(|value| At {
            path: self.place(name),
            value,
        })
    }

    pub(super) fn place(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}

impl Reader {
    pub(super) fn problem(&mut self, path: &str, text: impl Into<String>) {
        let path = if path.is_empty() { "plan" } else { path };
        self.problems.push(PlanProblem {
            path: path.to_owned(),
            text: text.into(),
        });
    }

    fn other_type(&mut self, at: &At<'_>, wanted: &str) {
        let found = match at.value {
            Value::Null => "null; leave the field out, or write",
            Value::Bool(_) => "true or false; write",
            Value::Number(_) => "a number; write",
            Value::String(_) => "text; write",
            Value::Array(_) => "a list; write",
            Value::Object(_) => "an object; write",
        };
        self.problem(&at.path, format!("is {found} {wanted}"));
    }

    /// An object whose fields may only be these.
    pub(super) fn object<'v>(
        &mut self,
        at: &At<'v>,
        what: &str,
        known: &[&str],
    ) -> Option<Fields<'v>> {
        let fields = self.any_object(at, what)?;
        self.no_others(&fields, what, known);
        Some(fields)
    }

    /// An object whose fields decide what it is.
    pub(super) fn any_object<'v>(&mut self, at: &At<'v>, what: &str) -> Option<Fields<'v>> {
        if let Value::Object(map) = at.value {
            Some(Fields {
                path: at.path.clone(),
                map,
            })
        } else {
            self.other_type(at, &format!("{what} as an object"));
            None
        }
    }

    /// Reports fields beside the known ones; says whether there were none.
    pub(super) fn no_others(&mut self, fields: &Fields<'_>, what: &str, known: &[&str]) -> bool {
        let before = self.problems.len();
        for name in fields.names() {
            if known.contains(&name) {
                continue;
            }
            let text = match suggest::nearest(name, known.iter().copied()) {
                Some(meant) => format!("is not a field of {what}; did you mean '{meant}'?"),
                None => format!(
                    "is not a field of {what}; its fields are {}",
                    known.join(", ")
                ),
            };
            self.problem(&fields.place(name), text);
        }
        self.problems.len() == before
    }

    /// A field that must be there.
    pub(super) fn required<'v>(
        &mut self,
        fields: &Fields<'v>,
        name: &str,
        fix: &str,
    ) -> Option<At<'v>> {
        let found = fields.get(name);
        if found.is_none() {
            self.problem(&fields.place(name), format!("is missing; {fix}"));
        }
        found
    }

    /// Text that is neither empty nor longer than `bytes`.
    pub(super) fn text<'v>(&mut self, at: &At<'v>, wanted: &str, bytes: usize) -> Option<&'v str> {
        let Value::String(text) = at.value else {
            self.other_type(at, &format!("{wanted} as text"));
            return None;
        };
        if text.is_empty() {
            self.problem(&at.path, format!("is empty; write {wanted}"));
            return None;
        }
        if text.len() > bytes {
            self.problem(
                &at.path,
                format!(
                    "has at most {bytes} bytes, this has {}; shorten it",
                    text.len()
                ),
            );
            return None;
        }
        Some(text)
    }

    /// Decimal text; a JSON number could lose digits.
    pub(super) fn decimal_text<'v>(&mut self, at: &At<'v>, wanted: &str) -> Option<&'v str> {
        if at.value.is_number() {
            self.problem(
                &at.path,
                format!(
                    "is a number; write it as text, \"{}\", so that no digit changes",
                    at.value
                ),
            );
            return None;
        }
        self.text(at, wanted, limits::NAME_BYTES)
    }

    /// A name that people read.
    pub(super) fn title(&mut self, at: &At<'_>) -> Option<String> {
        self.text(at, "a name", limits::TEXT_BYTES)
            .map(str::to_owned)
    }

    /// The name of a property.
    pub(super) fn property(&mut self, at: &At<'_>) -> Option<String> {
        self.text(at, "a property's name", limits::NAME_BYTES)
            .map(str::to_owned)
    }

    /// An id of the plan's own.
    pub(super) fn id(&mut self, at: &At<'_>) -> Option<String> {
        let text = self.text(at, "an id such as \"newsletter\"", limits::NAME_BYTES)?;
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.bytes().all(good) {
            return Some(text.to_owned());
        }
        let fixed: String = text
            .trim()
            .chars()
            .map(|letter| letter.to_ascii_lowercase())
            .map(|letter| {
                if matches!(letter, ' ' | '_' | '.') {
                    '-'
                } else {
                    letter
                }
            })
            .collect();
        let fix = if fixed.bytes().all(good) {
            format!("; write '{fixed}'")
        } else {
            String::new()
        };
        self.problem(
            &at.path,
            format!("'{text}' is not an id, which has only small letters, digits and hyphens{fix}"),
        );
        None
    }

    /// One of the texts of a closed list.
    pub(super) fn choice<'c>(
        &mut self,
        at: &At<'_>,
        what: &str,
        names: impl Iterator<Item = &'c str> + Clone,
    ) -> Option<&'c str> {
        let Value::String(text) = at.value else {
            let names: Vec<_> = names.collect();
            self.other_type(at, &format!("{what}: {}", names.join(", ")));
            return None;
        };
        if let Some(found) = names.clone().find(|name| name == text) {
            return Some(found);
        }
        let problem = if let Some(meant) = suggest::nearest(text, names.clone()) {
            format!("'{text}' is not {what}; did you mean '{meant}'?")
        } else {
            let names: Vec<_> = names.collect();
            format!("'{text}' is not {what}; one of {}", names.join(", "))
        };
        self.problem(&at.path, problem);
        None
    }

    pub(super) fn flag(&mut self, at: &At<'_>) -> Option<bool> {
        if let Value::Bool(value) = at.value {
            return Some(*value);
        }
        self.other_type(at, "true or false");
        None
    }

    pub(super) fn whole_number(&mut self, at: &At<'_>, from: u32, to: u32) -> Option<u32> {
        let Value::Number(number) = at.value else {
            self.other_type(at, &format!("a whole number from {from} to {to}"));
            return None;
        };
        let found = number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (from..=to).contains(number));
        if found.is_none() {
            self.problem(
                &at.path,
                format!("{number} is not a whole number from {from} to {to}"),
            );
        }
        found
    }

    /// The members of a list that has at least one and at most `max`.
    pub(super) fn list<'v>(&mut self, at: &At<'v>, of: &str, max: usize) -> Vec<At<'v>> {
        let Value::Array(list) = at.value else {
            self.other_type(at, &format!("a list of {of}"));
            return Vec::new();
        };
        if list.len() > max {
            self.problem(
                &at.path,
                format!("has at most {max} {of}, this has {}", list.len()),
            );
        }
        at.members(list.get(..max).unwrap_or(list))
    }

    /// As [`Self::list`], for a list that makes no sense without members.
    pub(super) fn filled_list<'v>(&mut self, at: &At<'v>, of: &str, max: usize) -> Vec<At<'v>> {
        let list = self.list(at, of, max);
        if at.value.as_array().is_some_and(Vec::is_empty) {
            self.problem(&at.path, format!("is empty; write {of}"));
        }
        list
    }
}
