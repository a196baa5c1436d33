//! Why a call gave no verdict, and what follows: for the record, for a retry, and for the hospital's health.

use std::time::Duration;

use cleaning::outcome::Failure;

/// A call without a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallFault {
    pub kind: FaultKind,
    /// How long the hospital asks not to be called, if it does.
    pub retry_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// No response within the timeout of a call.
    Timeout,
    /// No response in the time that the batch had left, which was less than the timeout of a call.
    BatchDeadline,
    /// No route, no connection, no TLS, or a connection that broke.
    Unreachable,
    /// 429: too many calls.
    Throttled,
    /// 503: no capacity now.
    Overloaded,
    /// Another 5xx status, or a response that says that the hospital cannot answer now.
    ServerError,
    /// 401, 403, 407: this service is not let in.
    Denied,
    /// A response that cannot be read as a verdict.
    InvalidAnswer,
    /// Another 4xx status, or a response that refuses the call: the call is wrong in a way that the record does not
    /// explain.
    ClientError,
    /// The code that made the call panicked, which is a bug of this service.
    Panicked,
}

/// How often a failed call may be retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAllowance {
    /// It would end the same way.
    Never,
    Once,
    AsConfigured,
}

impl FaultKind {
    /// The failure of the record.
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

    /// Whether the hospital gets more calls than it tolerates. Slowness alone does not mean that.
    pub fn is_overload(self) -> bool {
        matches!(self, Self::Timeout | Self::Unreachable | Self::Throttled | Self::Overloaded)
    }

    /// Whether the hospital does not work. A fault that a record can cause is no outage, and neither is throttling, which
    /// only a working hospital does.
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
