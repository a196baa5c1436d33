//! Statuses of whole calls, each with `google.rpc.ErrorInfo` and what else the reason asks for. The texts
//! name the limit and say what to do; they never hold patient data.

use std::{collections::HashMap, error::Error, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use tracing::error;
use uuid::Uuid;

use crate::logic::{
    batch_process::BatchError,
    batch_stream::{ResendError, StreamError},
    get_batch::ReadError,
};

/// The domain of all `ErrorInfo`s.
const DOMAIN: &str = "dataprocessing.v1";

/// How long a caller should wait where nothing tells how long it takes.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// One field of the request breaks a limit or cannot be understood.
pub(super) fn invalid(reason: &str, field: &str, description: impl Into<String>) -> Status {
    let description = description.into();
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    details.add_bad_request_violation(field, description.clone());
    Status::with_error_details(Code::InvalidArgument, description, details)
}

/// What a message that tonic could not read says of its sender. INTERNAL means that it could not be decoded,
/// OUT_OF_RANGE that it was too large: both are the caller's to mend. None if the status is about something
/// else, such as a connection that broke, which has a source.
pub(super) fn of_unreadable(status: &Status, max_message_size: usize) -> Option<Status> {
    match status.code() {
        _ if status.source().is_some() => None,
        // With details it is our own: see `exhausted`.
        Code::OutOfRange | Code::ResourceExhausted if status.details().is_empty() => Some(invalid(
            "MESSAGE_TOO_LARGE",
            "",
            format!(
                "the message is larger than {max_message_size} bytes (server.max_message_size); \
                 split the batch into smaller ones"
            ),
        )),
        Code::Internal => Some(invalid(
            "UNREADABLE_MESSAGE",
            "",
            // prost names fields and wire types here, never values.
            format!("the message cannot be decoded; {}", status.message()),
        )),
        _ => None,
    }
}

/// What the process has too much of to take another batch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Exhausted {
    /// As many batches as it takes.
    Batches(usize),
    /// As many records.
    Records(usize),
    /// As many bytes of requests.
    Bytes(usize),
}

/// There is no room for a batch now.
pub(super) fn exhausted(limit: Exhausted, retry_after: Duration) -> Status {
    let (reason, key, most, what) = match limit {
        Exhausted::Batches(most) => ("NO_FREE_PLACE", "max_batches", most, "batches"),
        Exhausted::Records(most) => ("TOO_MANY_RECORDS_IN_FLIGHT", "max_records_in_flight", most, "records"),
        Exhausted::Bytes(most) => ("TOO_MANY_BYTES_IN_FLIGHT", "max_bytes_in_flight", most, "bytes"),
    };
    let text = format!("the server has {most} {what} in hand (server.{key}) and takes no more; retry later");
    let limit = HashMap::from([(key.to_owned(), most.to_string())]);
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, limit);
    details.set_retry_info(Some(retry_after));
    Status::with_error_details(Code::ResourceExhausted, text, details)
}

/// The server is shutting down.
pub(super) fn draining() -> Status {
    with_reason(Code::Unavailable, "DRAINING", "the server is shutting down; call another instance")
}

/// The request was not there, or no answer was ready, when the deadline came.
pub(super) fn deadline_exceeded() -> Status {
    with_reason(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the deadline came before the batch could be processed",
    )
}

/// A bug, under an id that is also in the log.
pub(super) fn internal_error() -> Status {
    let id = Uuid::now_v7().to_string();
    error!(%id, "a call was struck by a bug");
    let text = format!("an internal error struck the call; the server's log has more under id {id}");
    let id = HashMap::from([("id".to_owned(), id)]);
    Status::with_error_details(Code::Internal, text, ErrorDetails::with_error_info("INTERNAL", DOMAIN, id))
}

/// What a batch that was not processed answers.
pub(super) fn of_batch_error(error: &BatchError, max_records_in_flight: usize) -> Status {
    match error {
        BatchError::NoTimeLeft { needed } => {
            let needed = needed.as_millis().max(1).to_string();
            let text = format!(
                "the deadline leaves no time for even one record; after the upload {needed} ms are needed now"
            );
            let needed = HashMap::from([("needed_ms".to_owned(), needed)]);
            let details = ErrorDetails::with_error_info("NO_TIME_LEFT", DOMAIN, needed);
            Status::with_error_details(Code::DeadlineExceeded, text, details)
        }
        BatchError::BudgetExhausted { retry_after } => {
            exhausted(Exhausted::Records(max_records_in_flight), *retry_after)
        }
        BatchError::Resend(error) => of_claim_error(error),
    }
}

fn of_claim_error(error: &ResendError) -> Status {
    match error {
        ResendError::AlreadyRunning => retryable(
            Code::Aborted,
            "BATCH_RUNNING",
            "the same batch is running now; send it again when that has ended",
        ),
        ResendError::RecordDiffers { index } => reused(*index),
        ResendError::StoreUnavailable => store_unavailable(),
    }
}

/// What a streamed batch answers in the place of its report.
pub(super) fn of_stream_error(error: StreamError<Status>) -> Status {
    match error {
        StreamError::Upload(status) => status,
        StreamError::Resend(error) => of_claim_error(&error),
    }
}

/// What a call that reads the books answers when it cannot.
pub(super) fn of_read_error(error: ReadError, batch_id: &str) -> Status {
    match error {
        ReadError::NotFound => {
            let text = format!(
                "the books know no batch `{batch_id}`: nothing of it was written yet, or it was forgotten after \
                 store.keep_results"
            );
            with_reason(Code::NotFound, "BATCH_NOT_FOUND", &text)
        }
        ReadError::StoreUnavailable => store_unavailable(),
    }
}

/// All places of calls that read the books are taken.
pub(super) fn too_many_reads(most: usize) -> Status {
    let text = format!("{most} calls read the books already; retry later");
    retryable(Code::ResourceExhausted, "TOO_MANY_READS", &text)
}

/// The books cannot be read.
fn store_unavailable() -> Status {
    retryable(
        Code::Unavailable,
        "STORE_UNAVAILABLE",
        "the store does not answer, so what became of the batch is not known; retry later",
    )
}

fn reused(index: u32) -> Status {
    let text = format!(
        "record {index} is not the one that was sent in its place under this batch_id before; other content, \
         such as a part of a batch, needs a batch_id of its own"
    );
    let first = HashMap::from([("first_index".to_owned(), index.to_string())]);
    let details = ErrorDetails::with_error_info("BATCH_ID_REUSED", DOMAIN, first);
    Status::with_error_details(Code::AlreadyExists, text, details)
}

/// A status after which the same call may end better.
fn retryable(code: Code, reason: &str, text: &str) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    details.set_retry_info(Some(RETRY_DELAY));
    Status::with_error_details(code, text, details)
}

fn with_reason(code: Code, reason: &str, text: &str) -> Status {
    Status::with_error_details(code, text, ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()))
}
