//! TypeScript as a person would lay it out: fields with comments stand on lines of their own.

/// A declaration, laid out.
pub(crate) fn declaration(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside, after)) = braces(rest) {
        out.push_str(before);
        if inside.contains('\n') {
            out.push_str("{\n");
            for field in fields(inside) {
                for line in declaration(&format!("{field};")).lines() {
                    out.push_str("  ");
                    out.push_str(line);
                    out.push('\n');
                }
            }
            out.push('}');
        } else {
            out.push('{');
            out.push_str(inside);
            out.push('}');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The text before the first `{`, between it and its `}`, and after that.
fn braces(text: &str) -> Option<(&str, &str, &str)> {
    let mut depth = 0usize;
    let mut start = None;
    for (at, sign) in signs(text) {
        match sign {
            '{' => {
                depth += 1;
                start = start.or(Some(at));
            }
            '}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if let (0, Some(start)) = (depth, start) {
            return Some((
                text.get(..start)?,
                text.get(start + 1..at)?,
                text.get(at + 1..)?,
            ));
        }
    }
    None
}

/// The fields between two braces, each with its comment.
fn fields(inside: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let mut from = 0;
    let mut fields = Vec::new();
    for (at, sign) in signs(inside).chain([(inside.len(), ',')]) {
        match sign {
            '{' | '[' | '<' | '(' => depth += 1,
            '}' | ']' | '>' | ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                fields.extend(inside.get(from..at).map(str::trim));
                from = at + 1;
            }
            _ => {}
        }
    }
    fields.retain(|field| !field.is_empty());
    fields
}

/// The characters that are neither in a comment nor in a text.
fn signs(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut comment = false;
    let mut quoted = false;
    text.char_indices().filter(move |(at, sign)| {
        let rest = text.get(*at..).unwrap_or_default();
        if comment {
            comment = !text.get(..=*at).unwrap_or_default().ends_with("*/");
            return false;
        }
        if rest.starts_with("/*") {
            comment = true;
            return false;
        }
        if *sign == '"' {
            quoted = !quoted;
        }
        !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_comments_get_their_lines() {
        let text = "type A = { \n/**\n * One, { two.\n */\na?: Array<{ b: string, }>, } | { \"kind\": \"c\", \n/** D. */\nd: [x, y], };";
        assert_eq!(
            declaration(text),
            "type A = {\n  /**\n   * One, { two.\n   */\n  a?: Array<{ b: string, }>;\n} | {\n  \"kind\": \"c\";\n  /** D. */\n  d: [x, y];\n};"
        );
    }
}
