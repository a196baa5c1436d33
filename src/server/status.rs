//! Statuses of whole calls, each with `google.rpc.ErrorInfo`. The texts name the limit and say what to do; they never
//! contain patient data.

use std::{collections::HashMap, error::Error, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tracing::error;
use uuid::Uuid;

use crate::logic::{
    batch_run::{BatchError, ResendError},
    calls::{batch_stream::StreamError, get_batch::ReadError},
};

/// The domain of every `ErrorInfo`.
const DOMAIN: &str = "dataprocessing.v1";

/// The retry delay where no estimate exists.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// INVALID_ARGUMENT: one field of the request exceeds a limit or cannot be parsed.
pub(super) fn invalid(reason: &str, field: &str, description: impl Into<String>) -> Status {
    let description = description.into();
    let mut details = error_info(reason, None);
    details.add_bad_request_violation(field, description.clone());
    Status::with_error_details(Code::InvalidArgument, description, details)
}

/// The caller's error behind a status with which tonic gave up reading a message: INTERNAL means that it could not be
/// decoded, OUT_OF_RANGE that it was too large. `None` if the status has another cause, such as a broken connection,
/// which is then its source.
pub(super) fn unreadable(status: &Status, max_message_size: usize) -> Option<Status> {
    match status.code() {
        _ if status.source().is_some() => None,
        // A status with details comes from `exhausted`.
        Code::OutOfRange | Code::ResourceExhausted if status.details().is_empty() => Some(invalid(
            "MESSAGE_TOO_LARGE",
            "",
            format!(
                "the message is larger than {max_message_size} bytes (server.max_message_size); \
                 split the batch into smaller batches"
            ),
        )),
        Code::Internal => Some(invalid(
            "UNREADABLE_MESSAGE",
            "",
            // prost names fields and wire types here, never values.
            format!("the message cannot be decoded: {}", status.message()),
        )),
        _ => None,
    }
}

/// The limit that leaves no room for another batch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exhausted {
    Batches(usize),
    Records(usize),
    /// Bytes of requests.
    Bytes(usize),
}

/// There is no room for a batch now.
pub(super) fn exhausted(limit: Exhausted, retry_after: Duration) -> Status {
    let (reason, key, max, unit) = match limit {
        Exhausted::Batches(max) => ("NO_FREE_PLACE", "max_batches", max, "batches"),
        Exhausted::Records(max) => ("TOO_MANY_RECORDS_IN_FLIGHT", "max_records_in_flight", max, "records"),
        Exhausted::Bytes(max) => ("TOO_MANY_BYTES_IN_FLIGHT", "max_bytes_in_flight", max, "bytes"),
    };
    let text = format!("the server is at its limit of {max} {unit} in flight (server.{key}); retry later");
    let mut details = error_info(reason, Some((key, max.to_string())));
    details.set_retry_info(Some(retry_after));
    Status::with_error_details(Code::ResourceExhausted, text, details)
}

/// The server is shutting down.
pub(super) fn draining() -> Status {
    with_reason(Code::Unavailable, "DRAINING", "the server is shutting down; call another instance")
}

/// The deadline expired before the request arrived or a response was ready.
pub(super) fn deadline_exceeded() -> Status {
    with_reason(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the deadline expired before the batch was processed",
    )
}

/// A bug, under an id that is also in the log.
pub(super) fn internal_error() -> Status {
    let id = Uuid::now_v7().to_string();
    error!(%id, "a call failed with an internal error");
    let text = format!("an internal error occurred; the server's log has the details under id {id}");
    Status::with_error_details(Code::Internal, text, error_info("INTERNAL", Some(("id", id))))
}

/// Why a batch was not started.
pub(super) fn batch_refused(error: &BatchError, max_records_in_flight: usize) -> Status {
    match error {
        BatchError::NoTimeLeft { needed } => {
            let needed = needed.as_millis().max(1).to_string();
            let text = format!(
                "the deadline leaves no time to process a single record; at least {needed} ms are needed \
                 after the upload"
            );
            let details = error_info("NO_TIME_LEFT", Some(("needed_ms", needed)));
            Status::with_error_details(Code::DeadlineExceeded, text, details)
        }
        BatchError::BudgetExhausted { retry_after } => {
            exhausted(Exhausted::Records(max_records_in_flight), *retry_after)
        }
        BatchError::Resend(error) => error.into(),
    }
}

impl From<&ResendError> for Status {
    fn from(error: &ResendError) -> Self {
        match error {
            ResendError::AlreadyRunning => retryable(
                Code::Aborted,
                "BATCH_RUNNING",
                "the same batch is running; send it again after it has ended",
            ),
            ResendError::RecordDiffers { index } => batch_id_reused(*index),
            ResendError::StoreUnavailable => store_unavailable(),
        }
    }
}

impl From<StreamError<Status>> for Status {
    fn from(error: StreamError<Status>) -> Self {
        match error {
            StreamError::Upload(status) => status,
            StreamError::Resend(error) => (&error).into(),
        }
    }
}

/// Why a stored batch could not be read.
pub(super) fn read_failed(error: ReadError, batch_id: &str) -> Status {
    match error {
        ReadError::NotFound => {
            let text = format!(
                "batch `{batch_id}` not found: nothing was written yet, or it expired (store.keep_results)"
            );
            with_reason(Code::NotFound, "BATCH_NOT_FOUND", &text)
        }
        ReadError::StoreUnavailable => store_unavailable(),
    }
}

/// As many read calls as allowed are running.
pub(super) fn too_many_reads(max: usize) -> Status {
    let text = format!("the server already runs {max} read calls; retry later");
    retryable(Code::ResourceExhausted, "TOO_MANY_READS", &text)
}

fn store_unavailable() -> Status {
    retryable(
        Code::Unavailable,
        "STORE_UNAVAILABLE",
        "the store does not respond, so the state of the batch is unknown; retry later",
    )
}

fn batch_id_reused(index: u32) -> Status {
    let text = format!(
        "record {index} differs from the one sent at this index under the same batch_id before; other content, \
         such as a part of a batch, needs its own batch_id"
    );
    let details = error_info("BATCH_ID_REUSED", Some(("first_index", index.to_string())));
    Status::with_error_details(Code::AlreadyExists, text, details)
}

/// A status after which the same call may succeed.
fn retryable(code: Code, reason: &str, text: &str) -> Status {
    let mut details = error_info(reason, None);
    details.set_retry_info(Some(RETRY_DELAY));
    Status::with_error_details(code, text, details)
}

fn with_reason(code: Code, reason: &str, text: &str) -> Status {
    Status::with_error_details(code, text, error_info(reason, None))
}

fn error_info(reason: &str, metadata: Option<(&str, String)>) -> ErrorDetails {
    let metadata: HashMap<String, String> =
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    ErrorDetails::with_error_info(reason, DOMAIN, metadata)
}
