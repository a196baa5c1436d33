//! Columns of text that stand under each other, for people.

/// One cell.
pub enum Cell {
    /// Stands to the left.
    Text(String),
    /// Stands to the right.
    Number(String),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn count(count: impl ToString) -> Self {
        Self::Number(count.to_string())
    }

    /// A part of a whole in per cent. What is there at all is never shown as nothing.
    pub fn share(part: u64, whole: u64) -> Self {
        let share = part as f64 * 100.0 / whole.max(1) as f64;
        Self::Number(match part {
            1.. if share < 0.05 => "< 0.1 %".to_owned(),
            _ if part < whole && share > 99.95 => "> 99.9 %".to_owned(),
            _ => format!("{share:.1} %"),
        })
    }

    fn content(&self) -> &str {
        let (Self::Text(text) | Self::Number(text)) = self;
        text
    }
}

/// Brings rows into columns, two spaces apart and without spaces at the end of a line.
pub fn aligned<const N: usize>(rows: &[[Cell; N]]) -> impl Iterator<Item = String> {
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter().map(|row| columns(row[column].content())).max().unwrap_or(0)
    });
    rows.iter().map(move |row| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            let space = " ".repeat(width - columns(cell.content()));
            match cell {
                Cell::Text(text) => line.extend([text, space.as_str()]),
                Cell::Number(number) => line.extend([space.as_str(), number]),
            }
            line.push_str("  ");
        }
        line.truncate(line.trim_end().len());
        line
    })
}

/// How many columns of a terminal a text takes: Han characters and their like take two.
fn columns(text: &str) -> usize {
    text.chars().map(|character| if is_wide(character) { 2 } else { 1 }).sum()
}

fn is_wide(character: char) -> bool {
    matches!(
        character,
        '\u{1100}'..='\u{115F}'
            | '\u{2E80}'..='\u{A4CF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FE30}'..='\u{FE6F}'
            | '\u{FF00}'..='\u{FF60}'
            | '\u{FFE0}'..='\u{FFE6}'
            | '\u{20000}'..='\u{3FFFD}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_in_any_script() {
        let rows = [
            [Cell::text("姓名"), Cell::text(""), Cell::count(5)],
            [Cell::text("xm"), Cell::text(""), Cell::count(5000)],
        ];
        assert_eq!(aligned(&rows).collect::<Vec<_>>(), ["姓名     5", "xm    5000"]);
    }

    #[test]
    fn a_share_is_nothing_only_where_there_is_nothing() {
        let share = |part, whole| Cell::share(part, whole).content().to_owned();
        assert_eq!(share(0, 10), "0.0 %");
        assert_eq!(share(1, 100_000), "< 0.1 %");
        assert_eq!(share(99_999, 100_000), "> 99.9 %");
        assert_eq!(
            (share(10, 10), share(1, 3), share(0, 0)),
            ("100.0 %".into(), "33.3 %".into(), "0.0 %".into())
        );
    }
}
