//! CPU time of this thread, as the kernel counts it.

use anyhow::Context as _;
use std::time::Duration;

fn now() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")
        .context("the kernel's count of CPU time is read from /proc, which Linux has")?;
    let nanoseconds = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// What the work returns, and the CPU time that it took.
pub(crate) fn of<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, Duration)> {
    let start = now()?;
    let result = work()?;
    Ok((result, now()?.saturating_sub(start)))
}
