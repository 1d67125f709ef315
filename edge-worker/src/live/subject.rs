//! What was seen, in words that a shop's owner reads.

use goalpost_core::{Element, MediaStep, Observation, Seen, beacon::read_kept};

/// The subject of an observation and the page it was seen on.
pub(super) fn of(body: &str) -> (String, String) {
    match read_kept(body) {
        Ok(item) => {
            let path = item.observation.path.clone();
            (words(&item.observation), path)
        }
        Err(problem) => (problem.detail, String::new()),
    }
}

fn words(observation: &Observation) -> String {
    let property = |name| observation.properties.text(name).unwrap_or_default();
    match &observation.seen {
        Seen::Page { title, .. } if title.is_empty() => observation.path.clone(),
        Seen::Page { title, .. } => title.clone(),
        Seen::Click { elements } => elements.first().map(clicked).unwrap_or_default(),
        Seen::Submit { elements } => elements.first().map(named).unwrap_or_default(),
        Seen::Media { step, video } => match step {
            MediaStep::Play => format!("{video} plays"),
            MediaStep::Progress(percent) => format!("{percent} % of {video} played"),
            MediaStep::Complete => format!("{video} ended"),
        },
        Seen::Scroll { percent } => format!("{percent} % of the way down"),
        Seen::Dwell { seconds } => format!("{seconds} s on the page"),
        Seen::Event { name } => name.clone(),
        Seen::Commerce { step } => {
            let mut words = step.name().replace('_', " ");
            for (before, name, after) in [
                (" ", "product", ""),
                (" · order ", "order", ""),
                (" · ", "revenue", " "),
            ] {
                let value = property(name);
                if !value.is_empty() {
                    words.push_str(before);
                    words.push_str(value);
                    words.push_str(after);
                }
            }
            if !property("revenue").is_empty() {
                words.push_str(property("currency"));
            }
            String::from(words.trim_end())
        }
        Seen::Trigger { definition } => definition.clone(),
        // The rest of it is a hash, which tells nobody anything.
        Seen::Identify { contact } => contact
            .split(':')
            .next()
            .map(|kind| format!("by {kind}"))
            .unwrap_or_default(),
        #[allow(unreachable_patterns, reason = "kinds to come are shown by their name")]
        _ => String::from(observation.seen.kind()),
    }
}

fn clicked(element: &Element) -> String {
    let mut words = named(element);
    if let Some(href) = element.attribute("href") {
        words.push_str(" → ");
        words.push_str(href);
    }
    words
}

/// An element as a selector names it.
fn named(element: &Element) -> String {
    let mut words = element.tag.clone();
    if !element.id.is_empty() {
        words.push('#');
        words.push_str(&element.id);
    }
    for class in element.class.split_whitespace().take(2) {
        words.push('.');
        words.push_str(class);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(fields: &str) -> String {
        let body = format!(
            r#"{{"id":"01a1ef37-9e00-7303-8303-030303030303","seq":1,"path":"/x/",{fields}}}"#
        );
        of(&body).0
    }

    #[test]
    fn each_kind_has_its_words() {
        for (fields, words) in [
            (r#""kind":"page","title":"Shoes""#, "Shoes"),
            (r#""kind":"page""#, "/x/"),
            (
                r#""kind":"click","elements":[{"tag":"a","class":"cta big red","attr":{"href":"tel:+81"}}]"#,
                "a.cta.big → tel:+81",
            ),
            (
                r#""kind":"submit","elements":[{"tag":"form","id":"newsletter"}]"#,
                "form#newsletter",
            ),
            (
                r#""kind":"media","step":"progress","percent":50,"video":"walk""#,
                "50 % of walk played",
            ),
            (r#""kind":"scroll","percent":75"#, "75 % of the way down"),
            (r#""kind":"dwell","seconds":30"#, "30 s on the page"),
            (
                r#""kind":"commerce","name":"purchase","properties":{"order":"A1","revenue":14800,"currency":"JPY"}"#,
                "purchase · order A1 · 14800 JPY",
            ),
            (r#""kind":"identify","contact":"email:00ff""#, "by email"),
        ] {
            assert_eq!(subject(fields), words);
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert!(of("{}").0.contains("id"));
    }
}
