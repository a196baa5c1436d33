//! Tables in text, with aligned columns.

use unicode_width::UnicodeWidthStr;

pub enum Cell {
    /// Aligned left.
    Text(String),
    /// Aligned right.
    Number(String),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn count(count: impl ToString) -> Self {
        Self::Number(count.to_string())
    }

    /// A share in per cent. Only an empty part is shown as zero, and only the whole as 100.
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

/// Aligns rows in columns, two spaces apart and without trailing spaces. An empty column is left out.
pub fn aligned<const N: usize>(rows: &[[Cell; N]]) -> impl Iterator<Item = String> {
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].content().width()).max().unwrap_or(0));
    rows.iter().map(move |row| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            let space = " ".repeat(width - cell.content().width());
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
