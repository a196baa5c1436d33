//! Why a record failed.

use crate::{issue::IssueKind, message::Text};

/// Defines [`Failure`], each variant with its stable code and its texts.
macro_rules! failures {
    ($($(#[$doc:meta])* $Failure:ident $code:literal $en:literal, $zh:literal;)*) => {
        /// Why a record ended as [`Outcome::Failed`](super::Outcome::Failed).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Failure {
            $($(#[$doc])* $Failure,)*
        }

        impl Failure {
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$Failure),*];

            /// The stable code and texts of this failure.
            pub fn kind(self) -> &'static IssueKind {
                match self {
                    $(Self::$Failure => {
                        static KIND: IssueKind = IssueKind { code: $code, text: Text { en: $en, zh: $zh } };
                        &KIND
                    })*
                }
            }
        }
    };
}

failures! {
    HospitalTimeout "HOSPITAL_TIMEOUT"
        "the hospital's API did not answer in time",
        "医院接口未在时限内应答";
    /// The hospital's API could not be reached, or said that it cannot serve now.
    HospitalUnavailable "HOSPITAL_UNAVAILABLE"
        "the hospital's API is not available",
        "医院接口不可用";
    HospitalProtocolError "HOSPITAL_PROTOCOL_ERROR"
        "the hospital's API returned an answer that cannot be parsed",
        "医院接口的应答无法解析";
    /// The hospital's API refused the call for a reason that the record does not explain.
    HospitalRefused "HOSPITAL_REFUSED"
        "the hospital's API refused the call; check the hospital's configuration",
        "医院接口拒绝了调用，请检查该医院的配置";
    StoreFailed "STORE_FAILED"
        "the record could not be stored",
        "记录未能入库";
    StoreOutcomeUnknown "STORE_OUTCOME_UNKNOWN"
        "the record was sent to the store, but the answer did not arrive in time; send it again to find out",
        "记录已提交入库但未及时得到结果，请重新发送确认";
    /// A bug.
    Internal "INTERNAL"
        "an internal error occurred while this record was processed",
        "处理该记录时发生内部错误";
    DeadlineExceeded "DEADLINE_EXCEEDED"
        "the deadline passed while the record was being processed",
        "处理该记录时已到截止时间";
    Cancelled "CANCELLED"
        "the call was cancelled while the record was being processed",
        "处理该记录时调用已被取消";
    Drained "DRAINED"
        "the server shut down while the record was being processed",
        "处理该记录时服务正在停机";
}

impl Failure {
    /// Whether sending the same record again may help. A refused call needs a change of the configuration first, and a
    /// bug would occur again.
    pub fn retryable(self) -> bool {
        !matches!(self, Self::HospitalRefused | Self::Internal)
    }
}
