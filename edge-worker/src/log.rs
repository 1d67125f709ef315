//! What the log says: one JSON object a line, with a reason that never changes its words, and ids.
//!
//! `{"level":"error","reason":"message_not_stored","message":"…","problem":"…"}`. The reasons are listed
//! in `docs/operating.md`. What is said beside a reason is an id, a number, or the name of a site; a
//! problem's own text goes through the same scrubber as what is stored.

use goalpost_core::{json::push_field, scrub};
use std::fmt::Display;

/// Somebody should look at it.
pub(crate) fn error(reason: &str, about: &[(&str, &str)], problem: &dyn Display) {
    worker::console_error!("{}", line("error", reason, about, problem));
}

/// It was expected, and nothing is lost.
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
