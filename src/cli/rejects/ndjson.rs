//! Rejects as NDJSON: one object per record.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::{LanguageArgument, Listing, raw::Raw};
use crate::model::rejects::{Reject, StoredIssue};

/// One JSON object per line.
pub(super) struct Lines<W: Write> {
    output: BufWriter<W>,
    language: LanguageArgument,
}

/// A record, with at most one of the two forms of its raw record.
#[derive(Serialize)]
struct RejectObject<'a> {
    index: u32,
    id: &'a str,
    hospital_code: &'a str,
    issues: Vec<IssueObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

#[derive(Serialize)]
struct IssueObject<'a> {
    code: &'a str,
    severity: &'a str,
    field: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<&'a str>,
    message: &'static str,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(output: W, language: LanguageArgument) -> Self {
        Self { output: BufWriter::new(output), language }
    }

    fn issue_object<'a>(&self, issue: &'a StoredIssue) -> IssueObject<'a> {
        IssueObject {
            code: &issue.code,
            severity: &issue.severity,
            field: &issue.field,
            source_field: issue.source_field.as_deref(),
            shape: issue.shape.as_deref(),
            message: self.language.message(&issue.code),
        }
    }
}

impl<W: Write> Listing for Lines<W> {
    fn add(&mut self, reject: &Reject) -> io::Result<()> {
        let (raw, raw_base64) = match reject.raw.as_ref().map(|bytes| Raw::from(bytes.as_slice())) {
            None => (None, None),
            Some(Raw::Text(text)) => (Some(text), None),
            Some(Raw::Base64(text)) => (None, Some(text)),
        };
        let record = RejectObject {
            index: reject.index,
            id: &reject.record_id,
            hospital_code: &reject.hospital_code,
            issues: reject.issues.iter().map(|issue| self.issue_object(issue)).collect(),
            raw,
            raw_base64,
        };
        serde_json::to_writer(&mut self.output, &record)?;
        self.output.write_all(b"\n")
    }

    fn end(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn line(raw: Option<&[u8]>) -> Value {
        let issue = StoredIssue {
            code: "NAME_MISSING".into(),
            severity: "error".into(),
            field: "name".into(),
            source_field: Some("xm".into()),
            shape: None,
        };
        let reject = Reject {
            index: 7,
            record_id: "=1".into(),
            hospital_code: "renmin".into(),
            issues: vec![issue],
            raw: raw.map(|raw| raw.to_vec().into()),
        };
        let mut output = Vec::new();
        let mut lines = Lines::new(&mut output, LanguageArgument::En);
        lines.add(&reject).unwrap();
        lines.end().unwrap();
        drop(lines);
        let text = String::from_utf8(output).unwrap();
        assert!(text.ends_with('\n') && text.lines().count() == 1);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_record_is_one_object_with_its_issues() {
        let message = "the patient has no name; map the field that holds it";
        let expected = json!({
            "index": 7, "id": "=1", "hospital_code": "renmin", "issues": [{
                "code": "NAME_MISSING", "severity": "error", "field": "name", "source_field": "xm",
                "message": message,
            }],
        });
        assert_eq!(line(None), expected);
    }

    #[test]
    fn a_raw_record_is_text_or_else_base64() {
        let text = line(Some("{\"a\":\"\n\"}".as_bytes()));
        assert_eq!((&text["raw"], &text["raw_base64"]), (&json!("{\"a\":\"\n\"}"), &Value::Null));
        let bytes = line(Some(b"\xD5\xC5"));
        assert_eq!((&bytes["raw"], &bytes["raw_base64"]), (&Value::Null, &json!("1cU=")));
    }
}
