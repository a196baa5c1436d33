//! Why a call gave no verdict, and what follows: for the record, for calling again, and for the hospital.

use std::time::Duration;

use cleaning::outcome::Failure;

/// A call that gave no verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallFault {
    /// What went wrong.
    pub kind: FaultKind,
    /// How long the hospital asks to be left alone, if it does.
    pub retry_after: Option<Duration>,
}

/// What went wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// No answer in the time of a call.
    Timeout,
    /// No answer in the time that the batch had left, which is less than that of a call.
    BatchDeadline,
    /// No route, no connection, no TLS, or a connection that broke.
    Unreachable,
    /// 429: too many calls.
    Throttled,
    /// 503: no capacity now.
    Overloaded,
    /// Another status of the server's side, or an answer that says that it cannot serve now.
    ServerError,
    /// 401, 403, 407: this service is not let in.
    Denied,
    /// An answer that is none.
    InvalidAnswer,
    /// The call itself is wrong, in a way that the record does not explain.
    ClientError,
    /// A bug of this service.
    Panicked,
}

/// How often a call may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAllowance {
    /// Not at all: it would end the same way.
    Never,
    /// Once.
    Once,
    /// As often as the configuration allows.
    AsConfigured,
}

impl FaultKind {
    /// What the record fails of.
    pub fn failure(self) -> Failure {
        match self {
            Self::Timeout | Self::BatchDeadline => Failure::HospitalTimeout,
            Self::Unreachable | Self::Throttled | Self::Overloaded | Self::ServerError | Self::Denied => {
                Failure::HospitalUnavailable
            }
            Self::InvalidAnswer => Failure::HospitalProtocolError,
            Self::ClientError => Failure::HospitalRefused,
            Self::Panicked => Failure::Internal,
        }
    }

    /// Whether the same call may end better soon.
    pub fn retry_allowance(self) -> RetryAllowance {
        match self {
            Self::Timeout | Self::Unreachable | Self::Throttled | Self::Overloaded | Self::ServerError => {
                RetryAllowance::AsConfigured
            }
            Self::InvalidAnswer => RetryAllowance::Once,
            Self::BatchDeadline | Self::Denied | Self::ClientError | Self::Panicked => RetryAllowance::Never,
        }
    }

    /// Whether it says that the hospital gets more calls than it can bear. Slowness alone never does.
    pub fn is_overload(self) -> bool {
        matches!(self, Self::Timeout | Self::Unreachable | Self::Throttled | Self::Overloaded)
    }

    /// Whether it says that the hospital does not work: nothing that a record can be the reason of, and not
    /// that it throttles us, which it can only do when it works.
    pub fn is_outage(self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::Unreachable
                | Self::Overloaded
                | Self::ServerError
                | Self::Denied
                | Self::InvalidAnswer
        )
    }
}

impl From<FaultKind> for CallFault {
    fn from(kind: FaultKind) -> Self {
        Self { kind, retry_after: None }
    }
}
