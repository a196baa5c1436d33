//! Dates.

/// One format of dates.
#[derive(Clone, Debug)]
pub struct DateFormat;

impl DateFormat {
    /// Reads a pattern.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        if pattern == "instant" || pattern.contains("yyyy") {
            Ok(Self)
        } else {
            Err(format!("{pattern:?} has no year"))
        }
    }
}
