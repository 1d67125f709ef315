//! GA4's sources by category.

use super::{Row, Table};
use anyhow::{Result, bail};

/// The rows of the CSV, each with the one name of its source: GA4 lists `facebook`, `facebook.com`
/// and `m.facebook.com`, and all three are facebook.
pub(super) fn table(csv: &str) -> Result<Table> {
    let mut kinds = Table::new();
    for line in csv.lines().skip(1).filter(|line| !line.is_empty()) {
        let kind = match line.rsplit_once(",SOURCE_CATEGORY_") {
            Some((_, "SEARCH")) => "search",
            Some((_, "SOCIAL")) => "social",
            Some((_, "SHOPPING")) => "shopping",
            Some((_, "VIDEO")) => "video",
            _ => bail!("'{line}' names none of the four categories"),
        };
        let key = line
            .split_once(',')
            .map_or(line, |(source, _)| source)
            .to_ascii_lowercase();
        let name = key.clone();
        kinds.insert(key, Row { kind, name });
    }
    let named = kinds.iter().map(|(key, row)| {
        let name = name(&kinds, key, row.kind);
        let kind = row.kind;
        (key.clone(), Row { kind, name })
    });
    Ok(named.collect())
}

fn name(kinds: &Table, key: &str, kind: &str) -> String {
    let same = |text: &&str| kinds.get(*text).is_some_and(|row| row.kind == kind);
    let bare = key.rsplit('.').skip(1).find(same);
    let parents = std::iter::successors(Some(key), |text| Some(text.split_once('.')?.1));
    bare.or_else(|| parents.filter(same).last())
        .unwrap_or(key)
        .to_owned()
}

/// The rows of the list as it is written.
pub(super) fn written(list: &str) -> Table {
    let rows = list.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let (key, row) = line.split_once('\t')?;
        let (kind, name) = row.split_once('\t').unwrap_or((row, key));
        let kind = ["search", "social", "shopping", "video"]
            .into_iter()
            .find(|known| *known == kind)?;
        let name = name.to_owned();
        Some((key.to_owned(), Row { kind, name }))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "source,source_category\n\
        Hatena,SOURCE_CATEGORY_SOCIAL\n\
        b.hatena.ne.jp,SOURCE_CATEGORY_SOCIAL\n\
        blog.naver.com,SOURCE_CATEGORY_SOCIAL\n\
        m.blog.naver.com,SOURCE_CATEGORY_SOCIAL\n\
        naver,SOURCE_CATEGORY_SEARCH\n";

    #[test]
    fn the_hosts_of_a_source_have_one_name() {
        let table = table(CSV).unwrap();
        let name = |key: &str| table[key].name.as_str();
        assert_eq!(name("b.hatena.ne.jp"), "hatena");
        assert_eq!(name("m.blog.naver.com"), "blog.naver.com");
        assert_eq!(name("naver"), "naver");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let table = table(CSV).unwrap();
        let text = super::super::text(&["a head".to_owned()], &table);
        assert!(text.starts_with("# a head\nb.hatena.ne.jp\tsocial\thatena\n"));
        assert_eq!(written(&text), table);
    }

    #[test]
    fn an_unknown_category_is_named() {
        let error = table("source,source_category\nx,SOURCE_CATEGORY_NEW\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "'x,SOURCE_CATEGORY_NEW' names none of the four categories"
        );
    }
}
