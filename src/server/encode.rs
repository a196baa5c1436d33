//! From a batch's report to the wire. The answer never grows over the size that callers take: a reply that
//! is lost after all the work would be the worst case.

use std::time::Duration;

use prost::Message;

use super::{decode::View, pb};
use crate::logic::report::{BatchCounts, BatchReport, RecordResult, StageTimes};
use cleaning::{
    cleaning_tally::ChangeGroup,
    hint::Hint,
    issue::{Issue, Language, Severity},
    issue_groups::IssueGroup,
    outcome::{Completion, Outcome},
    shape::Shape,
};

pub(super) mod stream;

/// Bytes that a result takes in the response beside its own: the field's tag and the length.
pub(super) const RESULT_OVERHEAD: usize = 6;

pub(super) fn response(
    report: BatchReport,
    view: View,
    language: Language,
    max_size: usize,
) -> pb::BatchProcessResponse {
    let mut response = pb::BatchProcessResponse {
        message: message(&report, language),
        batch_id: report.batch_id.to_string(),
        completion: completion(report.completion) as i32,
        summary: Some(summary(&report, language)),
        results: Vec::new(),
        // The longest the number can get, so that the size is known before the results are.
        results_omitted: u32::MAX,
        profile_versions: report
            .profile_versions
            .iter()
            .map(|(code, version)| pb::ProfileVersion {
                hospital_code: code.to_string(),
                version: version.clone(),
            })
            .collect(),
    };
    let room = max_size.saturating_sub(response.encoded_len());
    (response.results, response.results_omitted) = results(report.results, view, language, room);
    response
}

/// As many results of the view as fit into `room` bytes, and how many do not.
fn results(
    results: Vec<RecordResult>,
    view: View,
    language: Language,
    mut room: usize,
) -> (Vec<pb::RecordResult>, u32) {
    let mut listed = Vec::new();
    let mut omitted = 0;
    for record in results.into_iter().filter(|record| shows(view, record.settlement.outcome)) {
        let record = result(record, language);
        let size = record.encoded_len() + RESULT_OVERHEAD;
        if omitted == 0 && size <= room {
            room -= size;
            listed.push(record);
        } else {
            omitted += 1;
        }
    }
    (listed, omitted)
}

fn shows(view: View, outcome: Outcome) -> bool {
    match view {
        View::All => true,
        View::Summary => false,
        View::Failures => !outcome.needs_no_attention(),
    }
}

fn message(report: &BatchReport, language: Language) -> String {
    let counts = &report.counts;
    let done = counts.of(Outcome::Stored) + counts.of(Outcome::Unchanged) + counts.of(Outcome::Valid);
    let (received, rejected, failed, left) = (
        counts.received,
        counts.of(Outcome::Rejected),
        counts.of(Outcome::Failed),
        counts.of(Outcome::NotAttempted),
    );
    match language {
        Language::En => format!(
            "{done} of {received} records accepted, {rejected} rejected, {failed} failed, {left} not attempted"
        ),
        Language::Zh => format!(
            "共 {received} 条记录：接受 {done} 条，拒绝 {rejected} 条，失败 {failed} 条，未处理 {left} 条"
        ),
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

fn severity(severity: Severity) -> i32 {
    match severity {
        Severity::Error => pb::Severity::Error as i32,
        Severity::Warning => pb::Severity::Warning as i32,
    }
}

fn summary(report: &BatchReport, language: Language) -> pb::Summary {
    let BatchCounts { received, warnings, .. } = report.counts;
    pb::Summary {
        received,
        stored: report.counts.of(Outcome::Stored),
        unchanged: report.counts.of(Outcome::Unchanged),
        stale: report.counts.of(Outcome::Stale),
        superseded: report.counts.of(Outcome::Superseded),
        valid: report.counts.of(Outcome::Valid),
        rejected: report.counts.of(Outcome::Rejected),
        failed: report.counts.of(Outcome::Failed),
        not_attempted: report.counts.of(Outcome::NotAttempted),
        warnings,
        times: Some(times(&report.times)),
        issue_groups: report.issue_groups.iter().map(|group| issue_group(group, language)).collect(),
        change_groups: report.change_groups.iter().map(change_group).collect(),
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

fn issue_group(group: &IssueGroup, language: Language) -> pb::IssueGroup {
    pb::IssueGroup {
        code: group.kind.code.to_owned(),
        field: group.field.to_owned(),
        severity: severity(group.severity),
        count: group.count,
        first_indexes: group.first_indexes.clone(),
        hospital_code: group.hospital_code.to_string(),
        source_field: group.source_field.as_deref().unwrap_or_default().to_owned(),
        message: group.kind.text.in_language(language).to_owned(),
        shapes: group.shapes.iter().map(shape_count).collect(),
        hints: group.hints.iter().map(|found| hint(*found, language)).collect(),
    }
}

fn shape_count((shape, count): &(Shape, u32)) -> pb::ShapeCount {
    pb::ShapeCount { shape: shape.to_string(), count: *count }
}

fn hint(hint: Hint, language: Language) -> pb::Hint {
    pb::Hint { code: hint.code().to_owned(), message: hint.text().in_language(language).to_owned() }
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

pub(super) fn result(record: RecordResult, language: Language) -> pb::RecordResult {
    let settlement = &record.settlement;
    pb::RecordResult {
        index: record.index,
        id: record.id.to_string(),
        outcome: outcome(settlement.outcome) as i32,
        issues: settlement.issues.iter().map(|found| issue(found, language)).collect(),
        retryable: settlement.retryable,
        attempts: settlement.attempts,
    }
}

fn issue(issue: &Issue, language: Language) -> pb::Issue {
    pb::Issue {
        code: issue.kind.code.to_owned(),
        severity: severity(issue.severity),
        field: issue.path().into_owned(),
        source_field: issue.source_field.as_deref().unwrap_or_default().to_owned(),
        message: issue.kind.text.in_language(language).to_owned(),
        shape: issue.shape.as_ref().map(Shape::to_string).unwrap_or_default(),
    }
}
