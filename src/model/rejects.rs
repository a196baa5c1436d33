//! Rejects as they are read: page by page, so that a batch with a million of them needs no more memory than one with a
//! hundred.

use cleaning::phi::Phi;
use serde::Deserialize;

/// Which rejects of a batch are read: the next ones in the order of their indexes.
pub struct RejectsPage<'a> {
    pub batch_id: &'a str,
    /// The index of the previous page's last reject; none for the first page.
    pub after: Option<u32>,
    /// The maximum number of rejects.
    pub limit: u32,
    /// Whether the raw records are read as well.
    pub with_raw: bool,
}

impl RejectsPage<'_> {
    /// All indexes of the page are greater.
    pub(super) fn lower_bound(&self) -> i64 {
        self.after.map_or(-1, i64::from)
    }
}

/// A record that was rejected.
pub struct Reject {
    /// Position in the batch.
    pub index: u32,
    /// The caller's id of the record.
    pub record_id: String,
    /// The hospital as the caller wrote it.
    pub hospital_code: String,
    pub issues: Vec<StoredIssue>,
    /// What the hospital sent, if [`RejectsPage::with_raw`] is set.
    pub raw: Option<Phi<Vec<u8>>>,
}

/// An issue as it is stored. Other versions of the service may have written it: its code need not be in the catalogue,
/// and what is missing is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StoredIssue {
    /// Stable code of the rule.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// The canonical path of the field; empty for the whole record.
    pub field: String,
    /// The sender's own name of the field, where it is known.
    pub source_field: Option<String>,
    /// The shape of the value, never the value itself.
    pub shape: Option<String>,
}

/// The stored list of issues.
pub(super) fn issues_from_column(json: &str) -> sqlx::Result<Vec<StoredIssue>> {
    serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues_of_other_versions_are_read() {
        let json = r#"[{"code":"A","severity":"error","field":"name","shape":"dd","since":2},{"code":"B"}]"#;
        let issues = issues_from_column(json).expect("readable");
        let expected = StoredIssue {
            code: "A".into(),
            severity: "error".into(),
            field: "name".into(),
            source_field: None,
            shape: Some("dd".into()),
        };
        assert_eq!(issues, [expected, StoredIssue { code: "B".into(), ..StoredIssue::default() }]);
        assert!(issues_from_column("no list").is_err());
    }
}
