//! Whether the deployment does by itself what it should: the cron, the queue, the nightly check.
//!
//! One failure that the next run makes good is told and is no reason for an alarm. What is told here is
//! told to anyone, so it names no site.

use super::Check;
use crate::{
    backlog::{self, Backlog, Place},
    beats::{self, Batch, Beats, Cron},
    bindings::Bindings,
    clock,
};

/// The cron comes every ten minutes.
const CRON_LATE_MS: i64 = 3_600_000;

/// Runs in a row that may fail before somebody should look: what passes is over by then.
const CRON_FAILURES: i64 = 3;

/// How long a message may wait.
const QUEUE_LATE_MS: i64 = 300_000;

/// How long a batch says something of now.
const QUEUE_NEWS_MS: i64 = 900_000;

pub(super) async fn checks(edge: &Bindings) -> Vec<Check> {
    let now = clock::now();
    match beats::beats(edge).await {
        Ok(beats) => vec![
            cron(&beats, now),
            queue(beats.queue.as_ref(), now),
            nightly(&beats, now),
        ],
        Err(problem) => vec![Check {
            name: "CRON",
            ok: false,
            detail: format!("it cannot be read what the cron last did: {problem}"),
        }],
    }
}

/// What waits beside the queue. The database is not asked: it may be why.
pub(super) async fn backlogs(edge: &Bindings) -> Vec<Check> {
    let mut checks = Vec::new();
    for place in Place::ALL {
        let found = backlog::read(edge, place).await;
        checks.push(backlog(place, found, clock::now()));
    }
    checks
}

fn backlog(place: Place, found: Option<Backlog>, now: i64) -> Check {
    let (name, failed, fix) = match place {
        Place::Dead => (
            "DEAD_QUEUE",
            "could not be stored",
            "; they are tried for some days, and then they are lost: look for 'message_not_stored' in the \
             log, and at docs/scale.md",
        ),
        Place::Overflow => (
            "OVERFLOW",
            "could not be handed on to the queue",
            "; nothing is lost, but reports are late: look for 'overflow_waits' in the log",
        ),
    };
    let late = found.is_some_and(|found| found.oldest_ms > QUEUE_LATE_MS);
    let detail = match found {
        None => String::from("nothing is known to wait"),
        Some(found) => format!(
            "{} messages {failed} {} ago, the oldest after {}{}",
            found.messages,
            span(now.saturating_sub(found.at)),
            span(found.oldest_ms),
            if late { fix } else { "" }
        ),
    };
    Check {
        name,
        ok: !late,
        detail,
    }
}

fn cron(beats: &Beats, now: i64) -> Check {
    let (ok, detail) = match &beats.cron {
        None => {
            let since = beats.since.map(|since| now.saturating_sub(since));
            let late = since.is_some_and(|since| since > CRON_LATE_MS);
            let fix = if late {
                "; look whether wrangler.jsonc has 'triggers', and deploy"
            } else {
                ""
            };
            (!late, format!("has not run yet{fix}"))
        }
        Some(run) => of_run(run, now),
    };
    Check {
        name: "CRON",
        ok,
        detail,
    }
}

fn of_run(run: &Cron, now: i64) -> (bool, String) {
    let age = now.saturating_sub(run.began_at);
    let took = run.took_ms.unwrap_or(0);
    let end = if run.ended_at.is_some() {
        format!("and took {}", span(took))
    } else {
        String::from("and is under way, or was cut off")
    };
    let mut detail = format!("began {} ago, {end}", span(age));
    let late = age > CRON_LATE_MS;
    let failing = run.failures >= CRON_FAILURES;
    if late {
        detail.push_str("; it should every ten minutes: look at the Worker's triggers");
    }
    if !run.failed.is_empty() {
        let (steps, runs) = (run.failed.join(", "), run.failures.to_string());
        detail.extend(["; failed: ", &steps, ", ", &runs, " runs in a row"]);
    }
    if failing {
        detail.push_str("; the log says why: reason 'cron_step_failed'");
    }
    (!late && !failing, detail)
}

fn queue(batch: Option<&Batch>, now: i64) -> Check {
    let (ok, detail) = match batch {
        None => (true, String::from("no message has come yet")),
        Some(batch) => {
            let age = now.saturating_sub(batch.at);
            let late = batch.oldest_ms > QUEUE_LATE_MS && age <= QUEUE_NEWS_MS;
            let fix = if late {
                "; nothing is lost, but reports are late: look for 'message_not_stored' in the log, and at \
                 docs/scale.md"
            } else {
                ""
            };
            let detail = format!(
                "{} messages came {} ago, the oldest after {}{fix}",
                batch.messages,
                span(age),
                span(batch.oldest_ms)
            );
            (!late, detail)
        }
    };
    Check {
        name: "QUEUE",
        ok,
        detail,
    }
}

fn nightly(beats: &Beats, now: i64) -> Check {
    let when = match beats.checked_at {
        None => String::from("has not run yet"),
        Some(at) => format!("last went on {} ago", span(now.saturating_sub(at))),
    };
    let ok = beats.differences == 0;
    let detail = if ok {
        when
    } else {
        format!(
            "{when}; {} kept figures do not follow from their rows: reports/health of the sites names \
             them, docs/operating.md says what to do",
            beats.differences
        )
    };
    Check {
        name: "NIGHTLY_CHECK",
        ok,
        detail,
    }
}

/// A span of time as people say it.
fn span(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn run(began_at: i64, failures: i64) -> Beats {
        let failed: &[&str] = if failures > 0 { &["archive"] } else { &[] };
        Beats {
            cron: Some(Cron {
                began_at,
                ended_at: Some(began_at),
                took_ms: Some(900),
                failed: failed.iter().map(|own| String::from(*own)).collect(),
                failures,
            }),
            ..Beats::default()
        }
    }

    fn told(check: &Check) -> (bool, &str) {
        (check.ok, check.detail.as_str())
    }

    #[test]
    fn a_cron_that_fails_once_is_told_and_one_that_fails_on_is_an_alarm() {
        let now = 100 * MINUTE;
        let check = |beats: &Beats| cron(beats, now);
        assert_eq!(
            told(&check(&run(now - 3 * MINUTE, 0))),
            (true, "began 3 min ago, and took 900 ms")
        );
        assert_eq!(
            told(&check(&run(now - 3 * MINUTE, 1))),
            (
                true,
                "began 3 min ago, and took 900 ms; failed: archive, 1 runs in a row"
            )
        );
        assert_eq!(
            told(&check(&run(now - 3 * MINUTE, 3))),
            (
                false,
                "began 3 min ago, and took 900 ms; failed: archive, 3 runs in a row; the log says why: \
                 reason 'cron_step_failed'"
            )
        );
        assert_eq!(
            told(&check(&run(now - 61 * MINUTE, 0))),
            (
                false,
                "began 61 min ago, and took 900 ms; it should every ten minutes: look at the Worker's \
                 triggers"
            )
        );
    }

    #[test]
    fn a_cron_that_never_ran_is_an_alarm_after_an_hour() {
        let since = |since| Beats {
            since: Some(since),
            ..Beats::default()
        };
        assert_eq!(
            told(&cron(&since(0), 59 * MINUTE)),
            (true, "has not run yet")
        );
        assert_eq!(
            told(&cron(&since(0), 61 * MINUTE)),
            (
                false,
                "has not run yet; look whether wrangler.jsonc has 'triggers', and deploy"
            )
        );
    }

    #[test]
    fn a_message_that_waited_long_is_an_alarm_while_it_is_news() {
        let batch = |oldest_ms| Batch {
            at: 0,
            oldest_ms,
            messages: 7,
        };
        let late = batch(6 * MINUTE);
        assert!(!queue(Some(&late), 15 * MINUTE).ok);
        assert!(queue(Some(&late), 16 * MINUTE).ok);
        assert_eq!(
            told(&queue(Some(&batch(1_500)), MINUTE)),
            (true, "7 messages came 60 s ago, the oldest after 1 s")
        );
    }

    #[test]
    fn what_fails_beside_the_queue_is_an_alarm_once_it_has_waited_for_long() {
        let of = |place, oldest_ms| {
            let found = Backlog {
                at: 0,
                oldest_ms,
                messages: 7,
            };
            backlog(place, Some(found), MINUTE)
        };
        let brief = of(Place::Dead, 5 * MINUTE);
        assert_eq!(
            told(&brief),
            (
                true,
                "7 messages could not be stored 60 s ago, the oldest after 5 min"
            )
        );
        for (place, word) in [
            (Place::Dead, "message_not_stored"),
            (Place::Overflow, "overflow_waits"),
        ] {
            let late = of(place, 6 * MINUTE);
            assert!(!late.ok);
            assert!(late.detail.contains(word), "{}", late.detail);
            assert_eq!(
                told(&backlog(place, None, 0)),
                (true, "nothing is known to wait")
            );
        }
    }

    #[test]
    fn a_difference_is_an_alarm() {
        let beats = Beats {
            differences: 2,
            checked_at: Some(0),
            ..Beats::default()
        };
        let check = nightly(&beats, 3 * 60 * MINUTE);
        assert!(!check.ok);
        assert!(
            check
                .detail
                .starts_with("last went on 3 h ago; 2 kept figures do not")
        );
        assert!(nightly(&Beats::default(), 0).ok);
    }
}
