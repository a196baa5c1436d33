//! Rejects as CSV: one line per issue.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use super::{LanguageArgument, Listing, raw::raw_cell, spreadsheet::cell};
use crate::model::rejects::{Reject, StoredIssue};

const COLUMNS: [&str; 9] =
    ["index", "id", "hospital_code", "code", "severity", "field", "source_field", "shape", "message"];

/// CSV in UTF-8, safe to open in a spreadsheet.
pub(super) struct Csv<W: Write> {
    lines: csv::Writer<W>,
    language: LanguageArgument,
}

impl<W: Write> Csv<W> {
    /// Starts with the names of the columns.
    pub(super) fn new(output: W, language: LanguageArgument, with_raw: bool) -> io::Result<Self> {
        let mut lines = csv::Writer::from_writer(output);
        lines.write_record(COLUMNS.into_iter().chain(with_raw.then_some("raw"))).map_err(cause)?;
        Ok(Self { lines, language })
    }

    fn line(&mut self, reject: &Reject, issue: &StoredIssue) -> io::Result<()> {
        let index = reject.index.to_string();
        let cells = [
            Cow::Borrowed(&*index),
            cell(&reject.record_id),
            cell(&reject.hospital_code),
            cell(&issue.code),
            cell(&issue.severity),
            cell(&issue.field),
            issue.source_field.as_deref().map(cell).unwrap_or_default(),
            issue.shape.as_deref().map(cell).unwrap_or_default(),
            self.language.message(&issue.code).into(),
        ];
        let raw = reject.raw.as_ref().map(|bytes| raw_cell(bytes));
        self.lines.write_record(cells.iter().chain(&raw).map(|cell| &**cell)).map_err(cause)
    }
}

impl<W: Write> Listing for Csv<W> {
    fn add(&mut self, reject: &Reject) -> io::Result<()> {
        // A record is always listed, even if its issues could not be read.
        if reject.issues.is_empty() {
            return self.line(reject, &StoredIssue::default());
        }
        reject.issues.iter().try_for_each(|issue| self.line(reject, issue))
    }

    fn end(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

/// The error of the output itself, which the CSV writer wraps.
fn cause(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other("not representable in CSV"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::rejects::spreadsheet::is_formula;

    fn issue(code: &str) -> StoredIssue {
        StoredIssue {
            code: code.into(),
            severity: "error".into(),
            field: "name".into(),
            source_field: Some("xm".into()),
            shape: Some("dd".into()),
        }
    }

    fn reject(record_id: &str, issues: Vec<StoredIssue>, raw: Option<&[u8]>) -> Reject {
        Reject {
            index: 7,
            record_id: record_id.into(),
            hospital_code: "renmin".into(),
            issues,
            raw: raw.map(|raw| raw.to_vec().into()),
        }
    }

    fn lines(language: LanguageArgument, reject: &Reject) -> Vec<String> {
        let mut output = Vec::new();
        let mut csv = Csv::new(&mut output, language, reject.raw.is_some()).unwrap();
        csv.add(reject).unwrap();
        csv.end().unwrap();
        drop(csv);
        String::from_utf8(output).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_issue_has_its_line() {
        let reject = reject("r,1", vec![issue("NAME_MISSING"), issue("OF_ANOTHER_VERSION")], None);
        assert_eq!(
            lines(LanguageArgument::En, &reject),
            [
                "index,id,hospital_code,code,severity,field,source_field,shape,message",
                "7,\"r,1\",renmin,NAME_MISSING,error,name,xm,dd,\
                 the patient has no name; map the field that holds it",
                "7,\"r,1\",renmin,OF_ANOTHER_VERSION,error,name,xm,dd,",
            ]
        );
        assert!(lines(LanguageArgument::Zh, &reject)[1].ends_with("缺少患者姓名，请映射对应字段"));
    }

    #[test]
    fn a_record_without_a_readable_issue_has_a_line_all_the_same() {
        assert_eq!(lines(LanguageArgument::En, &reject("r", Vec::new(), None))[1], "7,r,renmin,,,,,,");
    }

    #[test]
    fn raw_records_come_last() {
        let lines = lines(LanguageArgument::En, &reject("r", vec![issue("X")], Some(br#"{"a":1}"#)));
        assert!(lines[0].ends_with(",message,raw"));
        assert_eq!(lines[1], r#"7,r,renmin,X,error,name,xm,dd,,"{""a"":1}""#);
    }

    #[test]
    fn no_cell_begins_as_a_formula() {
        let odd = StoredIssue { source_field: Some("@SUM(A1)".into()), ..issue("X") };
        for id in ["=1+1", "+1", "-1", "@a", "\t=1", "＝1", "\r"] {
            let line = lines(LanguageArgument::En, &reject(id, vec![odd.clone()], Some(b"=1")))
                .split_off(1)
                .join("\r");
            let cells = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes())
                .records()
                .next()
                .unwrap()
                .unwrap();
            assert!(cells.iter().all(|cell| !is_formula(cell)), "{line}");
            assert_eq!((&cells[1], &cells[6]), (&*format!("'{id}"), "'@SUM(A1)"));
        }
    }
}
