//! From a batch's report to the wire. The response never exceeds the size that callers accept: to lose it after all
//! the work would be the worst case.

use std::{sync::Arc, time::Duration};

use prost::Message;

use super::{decode::View, pb};
use crate::logic::{
    batch_run::{BatchReport, StageTimes},
    ledger::RecordResult,
};
use cleaning::{
    cleaning_tally::ChangeGroup,
    hint::Hint,
    issue::{Issue, Severity},
    issue_groups::IssueGroup,
    message::{Language, Text},
    outcome::{Completion, Outcome, OutcomeCounts},
    shape::Shape,
};

pub(super) mod stream;

/// Bytes that a result takes in the response beside its own: the field's tag and the length.
pub(super) const RESULT_OVERHEAD: usize = 6;

/// Renders reports and results with messages in the caller's language.
#[derive(Clone, Copy)]
pub(super) struct Renderer {
    pub language: Language,
}

impl Renderer {
    /// The response to a whole batch, of at most `max_size` bytes.
    pub(super) fn response(
        self,
        report: BatchReport,
        view: View,
        max_size: usize,
    ) -> pb::BatchProcessResponse {
        let mut response = pb::BatchProcessResponse {
            message: self.message(&report),
            batch_id: report.batch_id.to_string(),
            completion: completion(report.completion) as i32,
            summary: Some(self.summary(&report)),
            results: Vec::new(),
            // The longest encoding of the number, so that the size is known before the results are.
            results_omitted: u32::MAX,
            profile_versions: report.profile_versions.iter().map(profile_version).collect(),
        };
        let bytes_left = max_size.saturating_sub(response.encoded_len());
        (response.results, response.results_omitted) = self.results(report.results, view, bytes_left);
        response
    }

    /// The first results of the view that fit into `bytes_left`, and how many do not.
    fn results(
        self,
        results: Vec<RecordResult>,
        view: View,
        mut bytes_left: usize,
    ) -> (Vec<pb::RecordResult>, u32) {
        let mut listed = Vec::new();
        let mut omitted = 0;
        for record in results.into_iter().filter(|record| view.lists(record.settlement.outcome)) {
            let record = self.result(record);
            let size = record.encoded_len() + RESULT_OVERHEAD;
            if omitted == 0 && size <= bytes_left {
                bytes_left -= size;
                listed.push(record);
            } else {
                omitted += 1;
            }
        }
        (listed, omitted)
    }

    fn message(self, report: &BatchReport) -> String {
        let count = |outcome| report.counts.by_outcome[outcome];
        let received = report.counts.received;
        let accepted = count(Outcome::Stored) + count(Outcome::Unchanged) + count(Outcome::Valid);
        let (rejected, failed) = (count(Outcome::Rejected), count(Outcome::Failed));
        let left = count(Outcome::NotAttempted);
        match self.language {
            Language::En => format!(
                "{accepted} of {received} records accepted, {rejected} rejected, {failed} failed, \
                 {left} not attempted"
            ),
            Language::Zh => format!(
                "共 {received} 条记录：接受 {accepted} 条，拒绝 {rejected} 条，失败 {failed} 条，未处理 {left} 条"
            ),
        }
    }

    fn summary(self, report: &BatchReport) -> pb::Summary {
        let count = |outcome| report.counts.by_outcome[outcome];
        pb::Summary {
            received: report.counts.received,
            stored: count(Outcome::Stored),
            unchanged: count(Outcome::Unchanged),
            stale: count(Outcome::Stale),
            superseded: count(Outcome::Superseded),
            valid: count(Outcome::Valid),
            rejected: count(Outcome::Rejected),
            failed: count(Outcome::Failed),
            not_attempted: count(Outcome::NotAttempted),
            warnings: report.counts.warnings,
            times: Some(times(&report.times)),
            issue_groups: report.issue_groups.iter().map(|group| self.issue_group(group)).collect(),
            change_groups: report.change_groups.iter().map(change_group).collect(),
        }
    }

    fn issue_group(self, group: &IssueGroup) -> pb::IssueGroup {
        pb::IssueGroup {
            code: group.kind.code.to_owned(),
            field: group.field.to_owned(),
            severity: severity(group.severity),
            count: group.count,
            first_indexes: group.first_indexes.clone(),
            hospital_code: group.hospital_code.to_string(),
            source_field: group.source_field.as_deref().unwrap_or_default().to_owned(),
            message: self.text(&group.kind.text),
            shapes: group.shapes.iter().map(shape_count).collect(),
            hints: group.hints.iter().map(|hint| self.hint(*hint)).collect(),
        }
    }

    fn hint(self, hint: Hint) -> pb::Hint {
        pb::Hint { code: hint.code().to_owned(), message: self.text(hint.text()) }
    }

    pub(super) fn result(self, record: RecordResult) -> pb::RecordResult {
        let settlement = &record.settlement;
        pb::RecordResult {
            index: record.index,
            id: record.id.to_string(),
            outcome: outcome(settlement.outcome) as i32,
            issues: settlement.issues.iter().map(|issue| self.issue(issue)).collect(),
            retryable: settlement.retryable,
            attempts: settlement.attempts,
        }
    }

    fn issue(self, issue: &Issue) -> pb::Issue {
        pb::Issue {
            code: issue.kind.code.to_owned(),
            severity: severity(issue.severity),
            field: issue.path().into_owned(),
            source_field: issue.source_field.as_deref().unwrap_or_default().to_owned(),
            message: self.text(&issue.kind.text),
            shape: issue.shape.as_ref().map(Shape::to_string).unwrap_or_default(),
        }
    }

    fn text(self, text: &Text) -> String {
        text.in_language(self.language).to_owned()
    }
}

pub(super) fn completion(completion: Completion) -> pb::Completion {
    match completion {
        Completion::Complete => pb::Completion::Complete,
        Completion::Deadline => pb::Completion::Deadline,
        Completion::Cancelled => pb::Completion::Cancelled,
        Completion::Drained => pb::Completion::Drained,
        Completion::Aborted => pb::Completion::Aborted,
    }
}

pub(super) fn outcome(outcome: Outcome) -> pb::Outcome {
    match outcome {
        Outcome::Stored => pb::Outcome::Stored,
        Outcome::Unchanged => pb::Outcome::Unchanged,
        Outcome::Stale => pb::Outcome::Stale,
        Outcome::Superseded => pb::Outcome::Superseded,
        Outcome::Valid => pb::Outcome::Valid,
        Outcome::Rejected => pb::Outcome::Rejected,
        Outcome::Failed => pb::Outcome::Failed,
        Outcome::NotAttempted => pb::Outcome::NotAttempted,
    }
}

/// The counts without zeros.
pub(super) fn outcome_counts(counts: OutcomeCounts) -> Vec<pb::OutcomeCount> {
    let count = |(kind, count)| pb::OutcomeCount { outcome: outcome(kind) as i32, count };
    counts.iter().filter(|(_, count)| *count > 0).map(count).collect()
}

fn severity(severity: Severity) -> i32 {
    match severity {
        Severity::Error => pb::Severity::Error as i32,
        Severity::Warning => pb::Severity::Warning as i32,
    }
}

fn times(times: &StageTimes) -> pb::StageTimes {
    pb::StageTimes {
        total: duration(times.total),
        receive: duration(times.receive),
        clean: duration(times.clean),
        queue: duration(times.queue),
        verify: duration(times.verify),
        write: duration(times.write),
    }
}

fn duration(duration: Duration) -> Option<prost_types::Duration> {
    // Fails only beyond the 10,000 years that the wire can say.
    prost_types::Duration::try_from(duration).ok()
}

fn shape_count((shape, count): &(Shape, u32)) -> pb::ShapeCount {
    pb::ShapeCount { shape: shape.to_string(), count: *count }
}

fn change_group(group: &ChangeGroup) -> pb::ChangeGroup {
    pb::ChangeGroup {
        hospital_code: group.hospital_code.to_string(),
        rule: group.rule.number.to_owned(),
        code: group.rule.code.to_owned(),
        field: group.field.to_owned(),
        kind: group.kind.name().to_owned(),
        count: group.count,
    }
}

fn profile_version((code, version): &(Arc<str>, String)) -> pb::ProfileVersion {
    pb::ProfileVersion { hospital_code: code.to_string(), version: version.clone() }
}
