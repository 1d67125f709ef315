//! Metrics as text, as `OpenMetrics` 1.0 writes them.
//!
//! Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use std::fmt::{Display, Write as _};

/// The type of that text.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a family of figures is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// The text so far.
#[derive(Default)]
pub(super) struct Text(String);

impl Text {
    /// A family. Its name ends with its unit, if it has one; `samples` are labels and a figure each.
    pub(super) fn family<F: Display>(
        &mut self,
        (name, unit, kind): (&str, &str, Kind),
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, F)>,
    ) {
        let (kind, suffix) = match kind {
            Kind::Counter => ("counter", "_total"),
            Kind::Gauge => ("gauge", ""),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "# TYPE {name} {kind}");
        if !unit.is_empty() {
            let _ = writeln!(self.0, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.0, "# HELP {name} {}", escaped(help));
        for (labels, figure) in samples {
            let labels: Vec<String> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = if labels.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", labels.join(","))
            };
            let _ = writeln!(self.0, "{name}{suffix}{labels} {figure}");
        }
    }

    /// The whole text.
    pub(super) fn end(mut self) -> String {
        self.0.push_str("# EOF\n");
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_written_as_the_format_wants() {
        let mut text = Text::default();
        text.family(
            ("goalpost_arrivals", "", Kind::Counter),
            "Items that arrived.",
            [(vec![("form", String::from("wasm"))], 7)],
        );
        text.family(
            ("goalpost_cron_age_seconds", "seconds", Kind::Gauge),
            "A \"help\"\nof two lines \\",
            [(vec![], 1.5)],
        );
        insta::assert_snapshot!(text.end(), @r#"
        # TYPE goalpost_arrivals counter
        # HELP goalpost_arrivals Items that arrived.
        goalpost_arrivals_total{form="wasm"} 7
        # TYPE goalpost_cron_age_seconds gauge
        # UNIT goalpost_cron_age_seconds seconds
        # HELP goalpost_cron_age_seconds A \"help\"\nof two lines \\
        goalpost_cron_age_seconds 1.5
        # EOF
        "#);
    }

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let mut text = Text::default();
        let label = String::from("a\"} 9\nb\\");
        text.family(("x", "", Kind::Gauge), "", [(vec![("site", label)], 1)]);
        assert!(text.end().contains("x{site=\"a\\\"} 9\\nb\\\\\"} 1\n"));
    }
}
