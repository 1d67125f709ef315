//! What a click meant: the link, button or thing of the plan's that it landed in.

use goalpost_core::{Element, Rules, limits};

/// Attributes that say what an element is for; they are kept whatever the plan asks about.
const PURPOSE: [&str; 5] = ["href", "download", "type", "name", "role"];

/// From the whole way outwards of a click to what is worth keeping of it: the element that was
/// meant, then its ancestors that have an id or that a selector of the plan could name.
///
/// `None` for a click on nothing in particular.
pub(super) fn meant(elements: Vec<Element>, rules: Option<&Rules>) -> Option<Vec<Element>> {
    let concerns = |element: &Element| rules.is_some_and(|rules| rules.concerns(element));
    let mut kept: Vec<Element> = Vec::new();
    for mut element in elements {
        let wanted = if kept.is_empty() {
            is_interactive(&element) || concerns(&element)
        } else {
            kept.len() < limits::PATH_ELEMENTS && (!element.id.is_empty() || concerns(&element))
        };
        if wanted {
            if let Some(rules) = rules {
                // Without the attributes that nobody asks about; what a button does, its submit tells.
                let is_button = element.tag == "button";
                keep(&mut element.attributes, &|name| {
                    PURPOSE.contains(&name) && !(is_button && name == "type")
                        || rules.asks_attribute(name)
                });
            }
            kept.push(element);
        }
    }
    (!kept.is_empty()).then_some(kept)
}

/// Drops all pairs but those with wanted names.
pub(super) fn keep(pairs: &mut Vec<(String, String)>, wanted: &dyn Fn(&str) -> bool) {
    pairs.retain(|(name, _)| wanted(name));
}

fn is_interactive(element: &Element) -> bool {
    match element.tag.as_str() {
        "a" | "area" => element.attribute("href").is_some(),
        "button" | "summary" | "form" => true,
        "input" => matches!(
            element.attribute("type"),
            Some("submit" | "button" | "image")
        ),
        _ => element.attribute("role") == Some("button"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use goalpost_core::{Rule, Selector, Trigger};

    fn element(tag: &str, id: &str, attributes: &[(&str, &str)]) -> Element {
        Element {
            tag: tag.into(),
            id: id.into(),
            class: String::new(),
            attributes: attributes
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        }
    }

    #[test]
    fn a_click_means_the_link_around_it() {
        let way = vec![
            element("span", "", &[]),
            element("a", "", &[("href", "/x"), ("data-x", "1")]),
            element("div", "", &[]),
            element("main", "content", &[]),
        ];
        let rules = goalpost_core::testing::rules();
        let kept = meant(way, Some(&rules)).unwrap();
        assert_eq!(
            kept,
            vec![
                element("a", "", &[("href", "/x")]),
                element("main", "content", &[])
            ]
        );
    }

    #[test]
    fn a_button_has_a_type_only_where_the_plan_asks_about_it() {
        let button = || {
            vec![element(
                "button",
                "",
                &[("type", "button"), ("name", "size")],
            )]
        };
        let mut rules = goalpost_core::testing::rules();
        let kept = meant(button(), Some(&rules)).unwrap();
        assert_eq!(kept, vec![element("button", "", &[("name", "size")])]);
        rules.definitions[0].when = vec![Rule {
            trigger: Trigger::Click(Selector::parse_list("button[type=button]").unwrap()),
            conditions: Vec::new(),
        }];
        assert_eq!(meant(button(), Some(&rules)).unwrap(), button());
        assert_eq!(meant(button(), None).unwrap(), button());
    }

    #[test]
    fn a_click_on_nothing_is_nothing() {
        assert_eq!(
            meant(vec![element("p", "", &[]), element("body", "", &[])], None),
            None
        );
    }
}
