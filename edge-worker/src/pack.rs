//! Rows as JSON lists, each of which a statement can take as one parameter.

/// Bytes of one list; D1 takes 2 MB.
const BYTES: usize = 1_000_000;

/// A JSON list.
pub(crate) struct Pack {
    pub(crate) json: String,
    pub(crate) rows: i64,
}

/// Joins rows, each of which is JSON, in their order.
pub(crate) fn packs<'a>(rows: impl Iterator<Item = &'a str> + Clone) -> Vec<Pack> {
    let mut packs: Vec<Pack> = Vec::new();
    let mut rest: usize = rows.clone().map(|row| row.len().saturating_add(1)).sum();
    for row in rows {
        let room = packs
            .last()
            .is_some_and(|pack| pack.json.len().saturating_add(row.len()) < BYTES);
        if !room {
            packs.push(Pack {
                json: String::with_capacity(rest.min(BYTES).saturating_add(2)),
                rows: 0,
            });
        }
        if let Some(pack) = packs.last_mut() {
            pack.json.push(if pack.rows == 0 { '[' } else { ',' });
            pack.json.push_str(row);
            pack.rows = pack.rows.saturating_add(1);
        }
        rest = rest.saturating_sub(row.len().saturating_add(1));
    }
    for pack in &mut packs {
        pack.json.push(']');
    }
    packs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_whole_and_no_longer_than_a_statement_takes() {
        let rows: Vec<String> = (0..7_000)
            .map(|n| format!("\"{n:0>width$}\"", width = n % 700 + 4))
            .collect();
        let packs = packs(rows.iter().map(String::as_str));
        assert!(packs.len() > 1);
        let mut read = Vec::new();
        for pack in packs {
            assert!(pack.json.len() <= BYTES + 2, "{}", pack.json.len());
            let list: Vec<String> = serde_json::from_str(&pack.json).unwrap();
            assert_eq!(list.len(), usize::try_from(pack.rows).unwrap());
            read.extend(list.iter().map(|row| format!("\"{row}\"")));
        }
        assert_eq!(read, rows);
        assert!(super::packs([].into_iter()).is_empty());
    }
}
