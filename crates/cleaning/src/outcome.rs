//! What became of a record, why a batch ended, and why a record failed.

mod counts;

pub use counts::OutcomeCounts;

use crate::{issue::IssueKind, message::Text};

/// What became of one record. Every record of a batch ends as exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Inserted or changed, and committed: readable after a crash.
    Stored,
    /// The same content was there already.
    Unchanged,
    /// A newer version of the patient is stored.
    Stale,
    /// Another record of the batch is the same patient, wins, and is committed.
    Superseded,
    /// With `validate_only`: it would have been stored.
    Valid,
    /// The data is wrong.
    Rejected,
    /// A dependency failed or timed out, or a bug; the data may be fine.
    Failed,
    /// Never started.
    NotAttempted,
}

impl Outcome {
    pub const COUNT: usize = Self::ALL.len();

    /// All outcomes, in the order of the contract.
    pub const ALL: [Self; 8] = [
        Self::Stored,
        Self::Unchanged,
        Self::Stale,
        Self::Superseded,
        Self::Valid,
        Self::Rejected,
        Self::Failed,
        Self::NotAttempted,
    ];

    /// The outcome in lower snake case, as the store, the logs and the demo write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Superseded => "superseded",
            Self::Valid => "valid",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::NotAttempted => "not_attempted",
        }
    }

    /// The outcome of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether the data or the store has decided: sending the record again would change nothing.
    pub fn is_settled_for_good(self) -> bool {
        !matches!(self, Self::Failed | Self::NotAttempted)
    }

    /// Whether the record needs no attention.
    pub fn needs_no_attention(self) -> bool {
        matches!(self, Self::Stored | Self::Unchanged | Self::Valid)
    }
}

/// Why a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Every record was attempted.
    Complete,
    /// The deadline was near.
    Deadline,
    /// The caller went away.
    Cancelled,
    /// The process is shutting down and the drain limit was reached.
    Drained,
    /// Too much of it was rejected.
    Aborted,
}

impl Completion {
    const ALL: [Self; 5] = [Self::Complete, Self::Deadline, Self::Cancelled, Self::Drained, Self::Aborted];

    /// The completion of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|completion| completion.name() == name)
    }

    /// The completion in lower case, as the store, the logs and the demo write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::Drained => "drained",
            Self::Aborted => "aborted",
        }
    }
}

/// Why a record ended as [`Outcome::Failed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The hospital's API did not answer in time.
    HospitalTimeout,
    /// The hospital's API could not be reached, or said that it cannot serve now.
    HospitalUnavailable,
    /// The hospital's API returned an answer that cannot be parsed.
    HospitalProtocolError,
    /// The hospital's API refused the call for a reason that the record does not explain.
    HospitalRefused,
    /// The store did not take the record.
    StoreFailed,
    /// The record was sent to the store, and its answer is not known.
    StoreOutcomeUnknown,
    /// A bug.
    Internal,
    /// Started, and cut off by the deadline.
    DeadlineExceeded,
    /// Started, and cut off because the caller went away.
    Cancelled,
    /// Started, and cut off by the shutdown.
    Drained,
}

impl Failure {
    pub const ALL: [Self; 10] = [
        Self::HospitalTimeout,
        Self::HospitalUnavailable,
        Self::HospitalProtocolError,
        Self::HospitalRefused,
        Self::StoreFailed,
        Self::StoreOutcomeUnknown,
        Self::Internal,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::Drained,
    ];

    /// The stable code and texts of this failure.
    pub fn kind(self) -> &'static IssueKind {
        match self {
            Self::HospitalTimeout => &HOSPITAL_TIMEOUT,
            Self::HospitalUnavailable => &HOSPITAL_UNAVAILABLE,
            Self::HospitalProtocolError => &HOSPITAL_PROTOCOL_ERROR,
            Self::HospitalRefused => &HOSPITAL_REFUSED,
            Self::StoreFailed => &STORE_FAILED,
            Self::StoreOutcomeUnknown => &STORE_OUTCOME_UNKNOWN,
            Self::Internal => &INTERNAL,
            Self::DeadlineExceeded => &DEADLINE_EXCEEDED,
            Self::Cancelled => &CANCELLED,
            Self::Drained => &DRAINED,
        }
    }

    /// Whether sending the same record again may help. A refused call needs a change of the configuration first, and a
    /// bug would occur again.
    pub fn retryable(self) -> bool {
        !matches!(self, Self::HospitalRefused | Self::Internal)
    }
}

macro_rules! failure_kinds {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        $(static $name: IssueKind = IssueKind {
            code: stringify!($name),
            text: Text { en: $en, zh: $zh },
        };)*
    };
}

failure_kinds! {
    HOSPITAL_TIMEOUT: "the hospital's API did not answer in time", "医院接口未在时限内应答";
    HOSPITAL_UNAVAILABLE: "the hospital's API is not available", "医院接口不可用";
    HOSPITAL_PROTOCOL_ERROR: "the hospital's API returned an answer that cannot be parsed", "医院接口的应答无法解析";
    HOSPITAL_REFUSED: "the hospital's API refused the call; check the hospital's configuration", "医院接口拒绝了调用，请检查该医院的配置";
    STORE_FAILED: "the record could not be stored", "记录未能入库";
    STORE_OUTCOME_UNKNOWN: "the record was sent to the store, but the answer did not arrive in time; send it again to find out", "记录已提交入库但未及时得到结果，请重新发送确认";
    INTERNAL: "an internal error occurred while this record was processed", "处理该记录时发生内部错误";
    DEADLINE_EXCEEDED: "the deadline passed while the record was being processed", "处理该记录时已到截止时间";
    CANCELLED: "the call was cancelled while the record was being processed", "处理该记录时调用已被取消";
    DRAINED: "the server shut down while the record was being processed", "处理该记录时服务正在停机";
}

#[cfg(test)]
mod tests;
