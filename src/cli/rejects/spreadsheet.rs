//! Cells that are safe to open in a spreadsheet.

use std::borrow::Cow;

/// A cell that no spreadsheet takes for a formula. One that it might gets an apostrophe in front, which spreadsheets do
/// not show.
pub(super) fn cell(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// Whether a spreadsheet may take a cell for a formula (OWASP, CSV injection).
pub(super) fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}
