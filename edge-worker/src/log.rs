//! What the log says: one JSON object a line, with a reason that never changes its words, and ids.
//!
//! `{"level":"error","reason":"message_not_stored","message":"…","problem":"…"}`. The reasons are listed
//! in `docs/operating.md`. What is said beside a reason is an id, a number, or the name of a site; a
//! problem's own text goes through the same scrubber as what is stored.

use goalpost_core::{json::push_field, scrub};
use std::fmt::Display;

/// Somebody should look at it.
#[allow(clippy::disallowed_macros, reason = "here alone is the log written")]
pub(crate) fn error(reason: &str, about: &[(&str, &str)], problem: &dyn Display) {
    worker::console_error!("{}", line("error", reason, about, problem));
}

/// It was expected, and nothing is lost.
#[allow(clippy::disallowed_macros, reason = "here alone is the log written")]
pub(crate) fn warn(reason: &str, about: &[(&str, &str)], problem: &dyn Display) {
    worker::console_warn!("{}", line("warn", reason, about, problem));
}

fn line(level: &str, reason: &str, about: &[(&str, &str)], problem: &dyn Display) -> String {
    let mut out = String::from("{");
    push_field(&mut out, "level", level);
    push_field(&mut out, "reason", reason);
    for (name, value) in about {
        push_field(&mut out, name, value);
    }
    push_field(&mut out, "problem", &cleaned(problem));
    out.push('}');
    out
}

/// A reader's words may repeat what it could not read.
fn cleaned(problem: &dyn Display) -> String {
    let text = problem.to_string();
    scrub(&text).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path};

    /// The reasons that the files of a folder give.
    fn reasons(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                reasons(&path, found);
            } else if path.extension().is_some_and(|own| own == "rs") && !path.ends_with("log.rs") {
                let text = fs::read_to_string(&path).unwrap();
                for call in text
                    .split("log::error(")
                    .chain(text.split("log::warn("))
                    .skip(1)
                {
                    let reason = call.trim_start().strip_prefix('"');
                    let reason = reason.and_then(|own| own.split('"').next());
                    found.extend(reason.map(String::from));
                }
            }
        }
    }

    #[test]
    fn every_reason_is_explained_to_whoever_reads_the_log() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        reasons(&own.join("src"), &mut found);
        assert!(found.len() > 20, "{found:?}");
        let told = fs::read_to_string(own.join("../docs/operating.md")).unwrap();
        found.retain(|reason| !told.contains(&format!("`{reason}`")));
        assert_eq!(
            found,
            [] as [String; 0],
            "docs/operating.md does not list them"
        );
    }

    #[test]
    fn a_line_is_one_object_whatever_is_in_it() {
        let text = line(
            "error",
            "gone",
            &[("site", "a\"\n\\b")],
            &"two\nlines \u{1}",
        );
        assert!(!text.contains('\n'), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["level"], "error");
        assert_eq!(read["reason"], "gone");
        assert_eq!(read["site"], "a\"\n\\b");
        assert_eq!(read["problem"], "two\nlines \u{1}");
    }

    #[test]
    fn an_address_in_a_problem_is_not_logged() {
        let text = line(
            "warn",
            "odd",
            &[],
            &"invalid value: mia@example.com at line 1",
        );
        assert!(!text.contains("mia@"), "{text}");
    }
}
