//! The names of divisions, by how a text starts.

use std::{cmp::Reverse, collections::HashMap, ops::Range, sync::LazyLock};

use super::{Code, Division, table};

/// One name of one code.
#[derive(Debug)]
pub(super) struct DivisionName {
    pub(super) text: &'static str,
    pub(super) code: Code,
    /// Whether the code has the name now.
    pub(super) is_current: bool,
    /// Whether the word for the kind of division is missing, as in 杭州 for 杭州市. Streets and schools
    /// bear such names, too: alone it names no division.
    pub(super) is_bare: bool,
}

/// Names are told apart by their first two characters: only a handful share them.
type KeyStart = [char; 2];

struct Index {
    names: Vec<DivisionName>,
    by_start: HashMap<KeyStart, Range<usize>>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(table::all()));

/// The names that a text starts with, the longest first; each slice holds one name with all its codes.
pub(super) fn at_start_of(text: &str) -> impl Iterator<Item = &'static [DivisionName]> {
    let range = start(text).and_then(|start| INDEX.by_start.get(&start)).cloned().unwrap_or_default();
    let same =
        |one: &DivisionName, other: &DivisionName| one.text == other.text && one.is_bare == other.is_bare;
    INDEX.names[range].chunk_by(same).filter(move |names| text.starts_with(names[0].text))
}

pub(super) fn warm_up() {
    LazyLock::force(&INDEX);
}

fn start(text: &str) -> Option<KeyStart> {
    let mut characters = text.chars();
    Some([characters.next()?, characters.next()?])
}

impl Index {
    fn new(rows: &'static [Division]) -> Self {
        let mut names: Vec<(KeyStart, DivisionName)> = rows
            .iter()
            .filter(|row| !row.is_collective() && !row.code.is_of_taiwan_permits())
            .flat_map(names_of)
            .filter_map(|name| Some((start(name.text)?, name)))
            .collect();
        names.sort_unstable_by_key(|(start, name)| {
            (*start, Reverse(name.text.len()), name.text, name.is_bare, name.code, !name.is_current)
        });
        names.dedup_by_key(|(_, name)| (name.text, name.is_bare, name.code));
        let mut by_start: HashMap<KeyStart, Range<usize>> = HashMap::new();
        for (position, (start, _)) in names.iter().enumerate() {
            by_start.entry(*start).or_insert(position..position).end = position + 1;
        }
        Self { names: names.into_iter().map(|(_, name)| name).collect(), by_start }
    }
}

fn names_of(row: &'static Division) -> impl Iterator<Item = DivisionName> {
    let name = |text, is_bare| DivisionName { text, code: row.code, is_current: row.is_current(), is_bare };
    // 延边州 says what it is and 延边 does not: a bare name is a beginning of 延边朝鲜族自治州.
    let aliases = row.aliases.split(' ').filter(|alias| !alias.is_empty());
    std::iter::once(name(row.name, false))
        .chain(aliases.map(move |alias| name(alias, row.name.starts_with(alias))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, bool, usize)> {
        at_start_of(text).map(|names| (names[0].text, names[0].is_bare, names.len())).collect()
    }

    #[test]
    fn the_longest_name_comes_first() {
        assert_eq!(found("吉林市昌邑区"), [("吉林市", false, 1), ("吉林", true, 1)]);
        assert_eq!(found("北京市"), [("北京市", false, 1), ("北京", true, 1)]);
    }

    #[test]
    fn a_name_with_its_kind_is_not_bare() {
        assert_eq!(found("延边州"), [("延边州", false, 1), ("延边", true, 1)]);
        assert_eq!(found("石林县"), [("石林县", false, 1)]);
    }

    #[test]
    fn a_name_of_many_divisions_has_all_their_codes() {
        let names = at_start_of("朝阳区").next().expect("it is in the table");
        let codes: Vec<String> = names.iter().map(|name| name.code.to_string()).collect();
        assert!(["110105", "220104"].iter().all(|code| codes.iter().any(|found| found == code)), "{codes:?}");
    }

    #[test]
    fn collective_names_and_other_texts_are_none() {
        for text in ["市辖区", "县", "县城", "省直辖县级行政单位", "", "北", "Beijing", "\u{1F3E0}\u{1F3E0}"]
        {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
