//! What a person reads while steps run, and the table at the end.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// Runs one step under a heading, and says how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n== {name}");
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "done" } else { "failed" };
    println!("   {end}: {name}, {}", seconds(start.elapsed()));
    result
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

enum Verdict {
    Passed,
    Failed(String),
    NotRun(&'static str),
}

struct Row {
    name: &'static str,
    time: Duration,
    verdict: Verdict,
}

/// A run of steps that goes on after a failure wherever the next step does not need the failed one.
#[derive(Default)]
pub(crate) struct Run {
    rows: Vec<Row>,
}

impl Run {
    /// Runs a step unless one that it needs did not pass.
    pub(crate) fn step(
        &mut self,
        name: &'static str,
        needs: &[&'static str],
        work: impl FnOnce() -> Result<()>,
    ) {
        let missing = needs.iter().copied().find(|need| !self.passed(need));
        let start = Instant::now();
        let verdict = if let Some(need) = missing {
            println!("\n== {name}\n   not run: it needs `{need}`, which did not pass");
            Verdict::NotRun(need)
        } else {
            match step(name, work) {
                Ok(()) => Verdict::Passed,
                Err(error) => {
                    println!("   error: {error:#}");
                    Verdict::Failed(format!("{error:#}"))
                }
            }
        };
        self.rows.push(Row {
            name,
            time: start.elapsed(),
            verdict,
        });
    }

    fn passed(&self, name: &str) -> bool {
        self.rows
            .iter()
            .any(|row| row.name == name && matches!(row.verdict, Verdict::Passed))
    }

    /// Prints the table and the closing line; fails if any step did not pass.
    pub(crate) fn finish(&self) -> Result<()> {
        println!("\n== steps");
        for row in &self.rows {
            let (word, why) = match &row.verdict {
                Verdict::Passed => ("ok", String::new()),
                Verdict::Failed(error) => ("FAILED", format!("  {}", first_line(error))),
                Verdict::NotRun(need) => ("NOT RUN", format!("  needs `{need}`")),
            };
            println!("{:<22} {:>9}  {word}{why}", row.name, seconds(row.time));
        }
        let passed = self
            .rows
            .iter()
            .filter(|row| matches!(row.verdict, Verdict::Passed))
            .count();
        let failed = self.rows.len().saturating_sub(passed);
        println!("\n{passed} passed, {failed} failed");
        if failed > 0 {
            bail!(
                "{failed} of {} steps did not pass: see the table above",
                self.rows.len()
            );
        }
        Ok(())
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Run;
    use anyhow::bail;
    use std::cell::Cell;

    #[test]
    fn a_step_is_not_run_when_one_it_needs_failed() {
        let ran = Cell::new(false);
        let mut run = Run::default();
        run.step("build", &[], || bail!("no compiler"));
        run.step("size", &["build"], || {
            ran.set(true);
            Ok(())
        });
        assert!(!ran.get());
        assert!(run.finish().is_err());
    }

    #[test]
    fn a_failed_step_does_not_stop_those_that_do_not_need_it() {
        let ran = Cell::new(false);
        let mut run = Run::default();
        run.step("lint", &[], || bail!("a warning"));
        run.step("tests", &[], || {
            ran.set(true);
            Ok(())
        });
        assert!(ran.get());
        assert!(run.finish().is_err());
    }

    #[test]
    fn a_run_passes_when_every_step_does() {
        let mut run = Run::default();
        run.step("build", &[], || Ok(()));
        run.step("size", &["build"], || Ok(()));
        assert!(run.finish().is_ok());
    }
}
