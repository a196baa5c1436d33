//! Lists as JSON in text columns.

use std::borrow::Cow;

use cleaning::{change::Change, issue::Issue, shape::Shape};
use serde::{Serialize, Serializer};

use crate::model::Written;

/// Bytes of most elements: issues and changes.
const USUAL_ELEMENT: usize = 96;

/// A record's issues and those that the store has found, for `rejects` and `patients`.
pub(crate) fn issues_json(issues: &[Issue], written: Written) -> Cow<'static, str> {
    #[derive(Serialize)]
    struct IssueJson<'a> {
        code: &'static str,
        severity: &'static str,
        field: Cow<'static, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        source_field: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        shape: Option<String>,
    }
    fn json(issue: &Issue) -> IssueJson<'_> {
        IssueJson {
            code: issue.kind.code,
            severity: issue.severity.name(),
            field: issue.path(),
            source_field: issue.source_field.as_deref(),
            shape: issue.shape.as_ref().map(Shape::to_string),
        }
    }
    let found: Vec<Issue> = written.issues().collect();
    json_of(issues.len() + found.len(), issues.iter().chain(&found).map(json))
}

/// What formatting changed, for `patients`.
pub(crate) fn changes_json(changes: &[Change]) -> Cow<'static, str> {
    #[derive(Serialize)]
    struct ChangeJson {
        field: Cow<'static, str>,
        rule: &'static str,
        kind: &'static str,
    }
    let json = |change: &Change| ChangeJson {
        field: change.path(),
        rule: change.rule.number,
        kind: change.kind.name(),
    };
    json_of(changes.len(), changes.iter().map(json))
}

pub(crate) fn list_json<T: Serialize>(list: &[T]) -> Cow<'static, str> {
    json_of(list.len(), list)
}

/// A list of `length` elements. Most lists are empty and take no memory; the others are given room from the start.
pub(crate) fn json_of<T: Serialize>(
    length: usize,
    elements: impl IntoIterator<Item = T>,
) -> Cow<'static, str> {
    if length == 0 {
        return Cow::Borrowed("[]");
    }
    let mut json = Vec::with_capacity(length * USUAL_ELEMENT);
    let mut serializer = serde_json::Serializer::new(&mut json);
    serializer.collect_seq(elements).expect("plain structures serialise");
    String::from_utf8(json).expect("JSON is UTF-8").into()
}
