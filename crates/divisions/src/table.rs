//! The table of divisions: compiled in as text, read once, when it is first asked for.

use std::sync::LazyLock;

use super::{Code, Division};

/// A row a line: code, name, first year, last year or `-`, and, parted by spaces, what the division is called
/// for short. Sorted by code, the newest name of a code first.
const TEXT: &str = include_str!("data/divisions.tsv");

static ROWS: LazyLock<Vec<Division>> = LazyLock::new(|| {
    TEXT.lines().map(|line| row(line).expect("the table is well-formed: a test reads all of it")).collect()
});

/// All rows, by code.
pub(super) fn all() -> &'static [Division] {
    &ROWS
}

/// The rows of one code, the newest name first.
pub(super) fn rows(code: Code) -> &'static [Division] {
    let rows = all();
    let start = rows.partition_point(|row| row.code < code);
    let count = rows[start..].iter().take_while(|row| row.code == code).count();
    &rows[start..start + count]
}

pub(super) fn warm_up() {
    LazyLock::force(&ROWS);
}

fn row(line: &'static str) -> Option<Division> {
    let mut fields = line.split('\t');
    Some(Division {
        code: Code::parse(fields.next()?)?,
        name: fields.next()?,
        first_year: fields.next()?.parse().ok()?,
        last_year: match fields.next()? {
            "-" => None,
            year => Some(year.parse().ok()?),
        },
        aliases: fields.next().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_row_and_they_are_in_order() {
        assert_eq!(all().len(), TEXT.lines().count());
        for pair in all().windows(2) {
            let newest_first = |row: &Division| (row.code, std::cmp::Reverse(row.last_year.unwrap_or(9999)));
            assert!(newest_first(&pair[0]) <= newest_first(&pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn every_row_has_a_name_years_in_order_and_a_province() {
        for row in all() {
            assert!(!row.name.is_empty() && row.name.chars().all(|letter| !letter.is_ascii()), "{row:?}");
            assert!((1980..2100).contains(&row.first_year), "{row:?}");
            assert!(row.last_year.is_none_or(|last| row.first_year <= last), "{row:?}");
            assert!(!rows(row.code.province()).is_empty(), "{row:?}");
        }
    }
}
