//! Selectors of clicks and submits: a subset of CSS, matched the same in the page and at the edge.
//!
//! A compound of a type, `#id`, `.class` and `[attribute]` tests, descendants by a space, lists by
//! a comma. Combinators `>`, `+`, `~` and pseudo-classes are refused when a plan is checked: the
//! edge sees a click's path of elements, not the document.
//! Source: <https://www.w3.org/TR/selectors-4/>

use crate::codec::{wire_enum, wire_struct};
use crate::observation::Element;
use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};

/// One selector of a list: compounds from the outermost ancestor to the element itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector(Vec<Compound>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Compound {
    tag: String,
    tests: Vec<AttributeTest>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct AttributeTest {
    name: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Present,
    Equals,
    StartsWith,
    EndsWith,
    Contains,
    HasWord,
}

/// Why a text is no selector of the subset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectorError {
    /// Nothing where a selector should be.
    Empty,
    /// A character that the subset does not have.
    Unsupported(char),
    /// A `[` or a quote that is not closed.
    Unclosed,
}

impl SelectorError {
    /// What is wrong and how to put it right, in words that follow the selector.
    pub fn text(self) -> String {
        match self {
            Self::Empty => "is empty; write a selector such as 'a.cta' or '#buy'".to_string(),
            Self::Unsupported(character) => {
                let mut text = String::from("uses '");
                text.push(character);
                text.push_str(
                    "', which Goalpost's selectors do not have; use a type, '#id', '.class', '[attribute=value]', a space for descendants and ',' for alternatives",
                );
                text
            }
            Self::Unclosed => "has a '[' or a quote that is not closed".to_string(),
        }
    }
}

impl Selector {
    /// Compiles a comma-separated list of selectors.
    ///
    /// ```
    /// use goalpost_core::{Element, Selector};
    /// let list = Selector::parse_list("nav a[href^='tel:'], #call")?;
    /// let call = Element { tag: "button".into(), id: "call".into(), ..Element::default() };
    /// assert!(list.iter().any(|selector| selector.matches(std::slice::from_ref(&call))));
    /// # Ok::<(), goalpost_core::SelectorError>(())
    /// ```
    ///
    /// # Errors
    /// [`SelectorError`], for a selector outside the subset.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, SelectorError> {
        let mut reader = Reader { rest: text };
        let mut list = Vec::new();
        loop {
            list.push(reader.selector()?);
            match reader.take() {
                None => return Ok(list),
                Some(',') => {}
                Some(other) => return Err(SelectorError::Unsupported(other)),
            }
        }
    }

    /// Whether it matches an element of the path or one of its ancestors, as `closest()` does.
    pub fn matches(&self, elements: &[Element]) -> bool {
        let Some((subject, ancestors)) = self.0.split_last() else {
            return false;
        };
        elements.iter().enumerate().any(|(at, element)| {
            let mut outwards = elements.iter().skip(at.saturating_add(1));
            subject.matches(element)
                && ancestors
                    .iter()
                    .rev()
                    .all(|compound| outwards.any(|outer| compound.matches(outer)))
        })
    }

    /// Whether it asks about this attribute.
    pub fn asks_attribute(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|compound| compound.tests.iter().any(|test| test.name == name))
    }

    /// Whether one of its parts matches this element: such an ancestor is worth keeping.
    pub fn concerns(&self, element: &Element) -> bool {
        self.0.iter().any(|compound| compound.matches(element))
    }
}

impl Compound {
    fn matches(&self, element: &Element) -> bool {
        (self.tag.is_empty() || self.tag == element.tag)
            && self.tests.iter().all(|test| {
                element
                    .attribute(&test.name)
                    .is_some_and(|value| test.holds(value))
            })
    }
}

impl AttributeTest {
    fn holds(&self, value: &str) -> bool {
        let (value, wanted) = (value.as_bytes(), self.value.as_bytes());
        match self.operator {
            Operator::Present => true,
            Operator::Equals => value == wanted,
            Operator::StartsWith => !wanted.is_empty() && value.starts_with(wanted),
            Operator::EndsWith => !wanted.is_empty() && value.ends_with(wanted),
            Operator::Contains => contains(value, wanted),
            Operator::HasWord => value
                .split(u8::is_ascii_whitespace)
                .any(|word| word == wanted),
        }
    }
}

/// Whether `wanted` stands in `value`; an empty text stands nowhere, as in CSS.
pub(crate) fn contains(value: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && value.windows(wanted.len()).any(|window| window == wanted)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let first = characters.next();
        self.rest = characters.as_str();
        first
    }

    fn skip_spaces(&mut self) -> bool {
        let before = self.rest.len();
        while self.peek().is_some_and(|next| next.is_ascii_whitespace()) {
            self.take();
        }
        before != self.rest.len()
    }

    fn selector(&mut self) -> Result<Selector, SelectorError> {
        self.skip_spaces();
        let mut compounds = Vec::new();
        loop {
            compounds.push(self.compound()?);
            let space = self.skip_spaces();
            match self.peek() {
                None | Some(',') => return Ok(Selector(compounds)),
                Some(_) if space => {}
                Some(other) => return Err(SelectorError::Unsupported(other)),
            }
        }
    }

    fn compound(&mut self) -> Result<Compound, SelectorError> {
        let mut compound = Compound {
            tag: self.name().to_ascii_lowercase(),
            tests: Vec::new(),
        };
        let mut any = !compound.tag.is_empty();
        if !any && self.peek() == Some('*') {
            self.take();
            any = true;
        }
        while let Some(sign) = self.peek() {
            let (name, operator) = match sign {
                '#' => ("id", Operator::Equals),
                '.' => ("class", Operator::HasWord),
                '[' => {
                    self.take();
                    compound.tests.push(self.attribute()?);
                    any = true;
                    continue;
                }
                _ => break,
            };
            self.take();
            let value = self.name();
            if value.is_empty() {
                return Err(SelectorError::Unsupported(self.peek().unwrap_or(sign)));
            }
            compound.tests.push(AttributeTest {
                name: name.to_string(),
                operator,
                value,
            });
            any = true;
        }
        match (any, self.peek()) {
            (true, _) => Ok(compound),
            (false, None | Some(',')) => Err(SelectorError::Empty),
            (false, Some(other)) => Err(SelectorError::Unsupported(other)),
        }
    }

    fn attribute(&mut self) -> Result<AttributeTest, SelectorError> {
        self.skip_spaces();
        let name = self.name().to_ascii_lowercase();
        if name.is_empty() {
            return Err(self
                .peek()
                .map_or(SelectorError::Unclosed, SelectorError::Unsupported));
        }
        self.skip_spaces();
        let operator = match self.take().ok_or(SelectorError::Unclosed)? {
            ']' => {
                return Ok(AttributeTest {
                    name,
                    operator: Operator::Present,
                    value: String::new(),
                });
            }
            '=' => Operator::Equals,
            sign => {
                let operator = match sign {
                    '^' => Operator::StartsWith,
                    '$' => Operator::EndsWith,
                    '*' => Operator::Contains,
                    '~' => Operator::HasWord,
                    other => return Err(SelectorError::Unsupported(other)),
                };
                match self.take() {
                    Some('=') => operator,
                    _ => return Err(SelectorError::Unsupported(sign)),
                }
            }
        };
        self.skip_spaces();
        let value = match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.take();
                let mut value = String::new();
                loop {
                    match self.take().ok_or(SelectorError::Unclosed)? {
                        end if end == quote => break value,
                        other => value.push(other),
                    }
                }
            }
            _ => self.name(),
        };
        self.skip_spaces();
        match self.take() {
            Some(']') => Ok(AttributeTest {
                name,
                operator,
                value,
            }),
            Some(other) => Err(SelectorError::Unsupported(other)),
            None => Err(SelectorError::Unclosed),
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(next) = self.peek() {
            if next.is_ascii_alphanumeric() || matches!(next, '-' | '_') || !next.is_ascii() {
                name.push(next);
                self.take();
            } else {
                break;
            }
        }
        name
    }
}

wire_struct!(Selector { 0 });
wire_struct!(Compound { tag, tests });
wire_struct!(AttributeTest {
    name,
    operator,
    value
});
wire_enum!(Operator { 0 = Present, 1 = Equals, 2 = StartsWith, 3 = EndsWith, 4 = Contains, 5 = HasWord });

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{borrow::ToOwned, vec};
    use proptest::prelude::*;

    fn element(tag: &str, id: &str, class: &str, attributes: &[(&str, &str)]) -> Element {
        Element {
            tag: tag.to_owned(),
            id: id.to_owned(),
            class: class.to_owned(),
            attributes: attributes
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        }
    }

    fn matches(selector: &str, elements: &[Element]) -> bool {
        Selector::parse_list(selector)
            .unwrap()
            .iter()
            .any(|selector| selector.matches(elements))
    }

    #[test]
    fn it_matches_as_closest_does() {
        let path = vec![
            element("span", "", "icon", &[]),
            element(
                "a",
                "call",
                "btn tel",
                &[("href", "tel:+81312345678"), ("data-sku", "runner")],
            ),
            element("section", "contact", "", &[]),
        ];
        for selector in [
            "a",
            "#call",
            "a.btn.tel",
            "a[href^='tel:']",
            "a[href*=\"312\"]",
            "[href$='678']",
            "*#call",
            "section a",
            "#contact .tel",
            "section span",
            "a[class~=tel]",
            "x, a",
            "a[data-sku]",
            "[data-sku=runner]",
            "A",
            " a , b ",
        ] {
            assert!(matches(selector, &path), "{selector}");
        }
        for selector in [
            "b",
            "a section",
            "#contact #contact",
            "a.te",
            "[href^='']",
            "[data-sku=run]",
            "a[rel]",
        ] {
            assert!(!matches(selector, &path), "{selector}");
        }
    }

    #[test]
    fn what_is_outside_the_subset_says_so() {
        for (selector, error) in [
            ("", SelectorError::Empty),
            ("a,", SelectorError::Empty),
            ("a:hover", SelectorError::Unsupported(':')),
            ("a > b", SelectorError::Unsupported('>')),
            ("a[href", SelectorError::Unclosed),
            ("a[href='x", SelectorError::Unclosed),
            ("a[href|=x]", SelectorError::Unsupported('|')),
            ("a..b", SelectorError::Unsupported('.')),
        ] {
            assert_eq!(Selector::parse_list(selector), Err(error), "{selector}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = Selector::parse_list(&text);
        }
    }
}
