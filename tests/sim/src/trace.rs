//! What happened, as a hash to compare two runs and as lines to read one.

/// The record of one execution.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    steps: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// An empty record; `readable` also keeps a line for each thing that happens.
    pub fn new(readable: bool) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            steps: 0,
            lines: readable.then(Vec::new),
        }
    }

    /// Notes that something happened at `now`, with the numbers that tell it apart.
    pub fn note(
        &mut self,
        now: i64,
        what: &str,
        numbers: [u64; 2],
        detail: impl FnOnce() -> String,
    ) {
        self.steps += 1;
        self.mix(what.as_bytes());
        for number in [now.cast_unsigned(), numbers[0], numbers[1]] {
            self.mix(&number.to_le_bytes());
        }
        if let Some(lines) = &mut self.lines {
            let seconds = (now - crate::world::START) as f64 / 1_000.0;
            lines.push(format!("{seconds:>12.3}  {what:<24} {}", detail()));
        }
    }

    /// Mixes in what the run has left behind.
    pub fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// The hash so far.
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// How many things happened.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The lines, if they were asked for.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}
