//! Issues: what was found about a record, in both languages and without patient data.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::{hint::Hint, message::Text, named_enum::named_enum, shape::Shape};

named_enum! {
    /// The severity of an issue.
    pub enum Severity {
        /// The record is rejected.
        Error = "error",
        /// The record is stored nevertheless.
        Warning = "warning",
    }
}

/// What an issue is about: a stable code and its texts.
#[derive(Debug, PartialEq, Eq)]
pub struct IssueKind {
    /// Stable, UPPER_SNAKE.
    pub code: &'static str,
    pub text: Text,
}

/// One issue of a record.
#[derive(Clone, Debug)]
pub struct Issue {
    /// What it is about.
    pub kind: &'static IssueKind,
    /// Whether it rejects the record.
    pub severity: Severity,
    /// The canonical field, as `birth_date` or `identifiers.value`; empty when it is the whole record.
    pub field: &'static str,
    /// Which element, when the first part of `field` is a list.
    pub position: Option<u32>,
    /// The sender's own name of the field, where it is known.
    pub source_field: Option<Arc<str>>,
    /// The shape of the text that the source sent.
    pub shape: Option<Shape>,
    /// The cause that it points to, if many other issues do as well.
    pub hint: Option<Hint>,
}

impl Issue {
    /// An error about the whole record or one plain field.
    pub fn error(kind: &'static IssueKind, field: &'static str) -> Self {
        Self {
            kind,
            severity: Severity::Error,
            field,
            position: None,
            source_field: None,
            shape: None,
            hint: None,
        }
    }

    /// A warning about the whole record or one plain field.
    pub fn warning(kind: &'static IssueKind, field: &'static str) -> Self {
        Self { severity: Severity::Warning, ..Self::error(kind, field) }
    }

    /// The canonical path with the element's position in it: `identifiers[1].value`.
    pub fn path(&self) -> Cow<'static, str> {
        path(self.field, self.position)
    }
}

/// Sorts errors before warnings; otherwise the order stays.
pub fn sort_errors_first(issues: &mut [Issue]) {
    issues.sort_by_key(|issue| issue.severity);
}

/// A canonical path with an element's position in it: `identifiers[1].value`.
pub(super) fn path(field: &'static str, position: Option<u32>) -> Cow<'static, str> {
    let Some(position) = position else {
        return Cow::Borrowed(field);
    };
    match field.split_once('.') {
        Some((list, rest)) => format!("{list}[{position}].{rest}").into(),
        None => format!("{field}[{position}]").into(),
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.severity.name(), self.kind.code, self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static KIND: IssueKind = IssueKind { code: "EXAMPLE", text: Text { en: "example", zh: "示例" } };

    #[test]
    fn the_path_names_the_element() {
        let mut issue = Issue::error(&KIND, "identifiers.value");
        assert_eq!(issue.path(), "identifiers.value");
        issue.position = Some(2);
        assert_eq!(issue.path(), "identifiers[2].value");
        issue.field = "phones";
        assert_eq!(issue.path(), "phones[2]");
    }
    #[test]
    fn a_severity_is_known_by_its_name() {
        let names = ["error", "warning"];
        assert_eq!(names.map(Severity::from_name), [Some(Severity::Error), Some(Severity::Warning)]);
        assert_eq!([Severity::Error, Severity::Warning].map(Severity::name), names);
        assert_eq!(Severity::from_name("fatal"), None);
    }

    #[test]
    fn an_issue_shows_severity_code_and_path() {
        assert_eq!(Issue::error(&KIND, "phones").to_string(), "error EXAMPLE phones");
        assert_eq!(Issue::warning(&KIND, "gender").to_string(), "warning EXAMPLE gender");
    }
}
