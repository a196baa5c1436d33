//! The column `issues` of `outcomes`: everything that the answer said of a record, in as few bytes as possible, and
//! nothing for a record without issues.

use std::{borrow::Cow, sync::Arc};

use cleaning::{
    field_names,
    hint::Hint,
    issue::{Issue, IssueKind, Severity},
    message::Text,
    outcome::Failure,
    rules,
    shape::Shape,
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};

use super::json_list::json_of;

/// In place of an issue whose code this version of the service does not know.
static FINDING_OF_ANOTHER_VERSION: IssueKind = IssueKind {
    code: "FINDING_OF_ANOTHER_VERSION",
    text: Text {
        en: "another version of the service has found something that this one does not know",
        zh: "服务的另一版本发现了本版本未知的问题",
    },
};

pub(super) fn encode(issues: &[Issue]) -> Cow<'static, str> {
    if issues.is_empty() { Cow::Borrowed("") } else { json_of(issues.len(), issues.iter().map(Compact)) }
}

pub(super) fn decode(column: &str) -> sqlx::Result<Vec<Issue>> {
    if column.is_empty() {
        return Ok(Vec::new());
    }
    let stored: Vec<Stored<'_>> =
        serde_json::from_str(column).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(stored.into_iter().map(Stored::into_issue).collect())
}

/// An issue as a list without names, cut after its last value.
struct Compact<'a>(&'a Issue);

impl Serialize for Compact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Issue { kind, severity, field, position, source_field, shape, hint } = self.0;
        let given = [position.is_some(), source_field.is_some(), shape.is_some(), hint.is_some()];
        let last = given.iter().rposition(|given| *given).map_or(0, |last| last + 1);
        let mut list = serializer.serialize_seq(Some(3 + last))?;
        list.serialize_element(kind.code)?;
        list.serialize_element(severity.name())?;
        list.serialize_element(field)?;
        for index in 0..last {
            match index {
                0 => list.serialize_element(position)?,
                1 => list.serialize_element(&source_field.as_deref())?,
                2 => list.serialize_element(&shape.as_ref().map(Shape::to_string))?,
                _ => list.serialize_element(&hint.map(Hint::code))?,
            }
        }
        list.end()
    }
}

/// An issue as it is stored. Values that a later version has added at the end are not read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored<'a> {
    /// From before issues were stored whole.
    Code(#[serde(borrow)] Cow<'a, str>),
    Whole(#[serde(borrow)] Vec<ElementValue<'a>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ElementValue<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Number(u32),
    Other(serde::de::IgnoredAny),
}

impl Stored<'_> {
    fn into_issue(self) -> Issue {
        let values = match self {
            Self::Code(code) => return issue_of_code(&code),
            Self::Whole(values) => values,
        };
        let text = |index: usize| match values.get(index) {
            Some(ElementValue::Text(text)) => Some(&**text),
            _ => None,
        };
        let issue = issue_of_code(text(0).unwrap_or_default());
        Issue {
            severity: text(1).and_then(Severity::from_name).unwrap_or(issue.severity),
            field: text(2).and_then(field_names::find).unwrap_or_default(),
            position: match values.get(3) {
                Some(ElementValue::Number(position)) => Some(*position),
                _ => None,
            },
            source_field: text(4).map(Arc::from),
            shape: text(5).map(Shape::from_shown),
            hint: text(6).and_then(Hint::from_code),
            ..issue
        }
    }
}

/// The issue of a code as the catalogue has it.
fn issue_of_code(code: &str) -> Issue {
    let failure = || Failure::ALL.into_iter().map(Failure::kind).find(|kind| kind.code == code);
    match rules::find(code) {
        Some(rule) => rule.issue(None),
        None => Issue::error(failure().unwrap_or(&FINDING_OF_ANOTHER_VERSION), ""),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(issues: &[Issue]) -> Vec<String> {
        issues.iter().map(|issue| format!("{issue:?}")).collect()
    }

    fn any_issue() -> impl Strategy<Value = Issue> {
        let rules: Vec<_> = rules::catalogue().collect();
        let fields: Vec<_> = rules.iter().map(|rule| rule.field.as_str()).collect();
        let kinds = rules.iter().map(|rule| &rule.kind).chain(Failure::ALL.map(Failure::kind));
        let clues = ["TIME_ZONE_SHIFT", "DAY_MONTH_ORDER", "WRONG_CHARSET"].map(Hint::from_code);
        (
            proptest::sample::select(kinds.collect::<Vec<_>>()),
            any::<bool>(),
            proptest::sample::select(fields),
            any::<Option<u32>>(),
            any::<Option<String>>(),
            any::<Option<String>>(),
            proptest::option::of(proptest::sample::select(clues.to_vec())),
        )
            .prop_map(|(kind, is_error, field, position, source_field, text, hint)| Issue {
                kind,
                severity: if is_error { Severity::Error } else { Severity::Warning },
                field,
                position,
                source_field: source_field.map(Into::into),
                shape: text.map(|text| Shape::from_text(&text)),
                hint: hint.flatten(),
            })
    }

    #[test]
    fn no_issues_take_no_space_and_a_plain_issue_little() {
        assert_eq!(encode(&[]), "");
        let issue = rules::find("GENDER_MISSING").unwrap().issue(None);
        assert_eq!(encode(&[issue]), r#"[["GENDER_MISSING","error","gender"]]"#);
    }

    #[test]
    fn rows_from_before_issues_were_stored_whole_are_read() {
        let issues = decode(r#"["NAME_MISSING","STORE_FAILED"]"#).expect("readable");
        let found: Vec<_> = issues.iter().map(|issue| (issue.kind.code, issue.field)).collect();
        assert_eq!(found, [("NAME_MISSING", "name"), ("STORE_FAILED", "")]);
    }

    #[test]
    fn issues_of_other_versions_are_read() {
        let column = r#"[["NEW","warning","shoe_size",2,"shoe",null,"TIGHT",{"a":1}]]"#;
        let issue = decode(column).expect("readable").remove(0);
        assert_eq!((issue.kind.code, issue.severity), ("FINDING_OF_ANOTHER_VERSION", Severity::Warning));
        assert_eq!((issue.field, issue.source_field.as_deref()), ("", Some("shoe")));
        assert!(decode("no list").is_err());
    }

    proptest! {
        #[test]
        fn issues_are_read_back_as_they_were_found(issues in prop::collection::vec(any_issue(), 0..6)) {
            let column = encode(&issues);
            prop_assert_eq!(shown(&decode(&column).expect("readable")), shown(&issues));
        }
    }
}
