//! A text in parts, with one sign between them: no field of ours is written any other way.

/// The parts that are still to be read; `None` behind the last.
///
/// ```
/// use goalpost_core::Parts;
/// let mut parts = Parts(Some("a b"));
/// assert_eq!((parts.until(b' '), parts.until(b' ')), ("a", "b"));
/// assert_eq!((parts.0, parts.until(b' ')), (None, ""));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a>(pub Option<&'a str>);

impl<'a> Parts<'a> {
    /// The next part, which ends at this ASCII sign or with the text; empty where there is none.
    pub fn until(&mut self, separator: u8) -> &'a str {
        let Some(rest) = self.0 else { return "" };
        let end = rest.bytes().position(|byte| byte == separator);
        self.0 = end.and_then(|end| rest.get(end.saturating_add(1)..));
        rest.get(..end.unwrap_or(rest.len())).unwrap_or("")
    }
}
