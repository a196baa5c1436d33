//! Statuses of whole calls, each with `google.rpc.ErrorInfo` and what else the reason asks for. The texts
//! name the limit and say what to do; they never hold patient data.

use std::{collections::HashMap, error::Error, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::logic::{batch_process::BatchError, batch_stream::StreamError, get_batch::ReadError};

/// The domain of all `ErrorInfo`s.
const DOMAIN: &str = "dataprocessing.v1";

/// How long a caller should wait before it tries again when no place is free.
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

/// All places for batches are taken.
pub(super) fn no_free_place(max_batches: usize) -> Status {
    let text = format!("all {max_batches} places for batches (server.max_batches) are taken; retry later");
    let limit = HashMap::from([("max_batches".to_owned(), max_batches.to_string())]);
    let mut details = ErrorDetails::with_error_info("NO_FREE_PLACE", DOMAIN, limit);
    details.set_retry_info(Some(RETRY_DELAY));
    Status::with_error_details(Code::ResourceExhausted, text, details)
}

/// The server is shutting down.
pub(super) fn draining() -> Status {
    plain(Code::Unavailable, "DRAINING", "the server is shutting down; call another instance")
}

/// The request was not there, or no answer was ready, when the deadline came.
pub(super) fn deadline_exceeded() -> Status {
    plain(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the deadline came before the batch could be processed",
    )
}

/// A bug; `id` stands in the log.
pub(super) fn internal(id: &str) -> Status {
    let text = format!("an internal error struck the call; the server's log has more under id {id}");
    let id = HashMap::from([("id".to_owned(), id.to_owned())]);
    Status::with_error_details(Code::Internal, text, ErrorDetails::with_error_info("INTERNAL", DOMAIN, id))
}

/// What a batch that was not processed answers.
pub(super) fn of_batch_error(error: &BatchError) -> Status {
    match error {
        BatchError::NoTimeLeft => plain(
            Code::DeadlineExceeded,
            "NO_TIME_LEFT",
            "the deadline leaves no time to attempt even one record; allow at least 100 ms beyond the upload",
        ),
        BatchError::Running => later(
            Code::Aborted,
            "BATCH_RUNNING",
            "the same batch is running now; send it again when that has ended",
        ),
        BatchError::Reused { index } => reused(*index),
        BatchError::StoreUnavailable => store_unavailable(),
    }
}

/// What a streamed batch answers in the place of its report.
pub(super) fn of_stream_error(error: StreamError<Status>) -> Status {
    match error {
        StreamError::Upload(status) => status,
        StreamError::Batch(error) => of_batch_error(&error),
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
            plain(Code::NotFound, "BATCH_NOT_FOUND", &text)
        }
        ReadError::StoreUnavailable => store_unavailable(),
    }
}

/// All places of calls that read the books are taken.
pub(super) fn too_many_reads(most: usize) -> Status {
    let text = format!("{most} calls read the books already; retry later");
    later(Code::ResourceExhausted, "TOO_MANY_READS", &text)
}

/// The books cannot be read.
fn store_unavailable() -> Status {
    later(
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
fn later(code: Code, reason: &str, text: &str) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new());
    details.set_retry_info(Some(RETRY_DELAY));
    Status::with_error_details(code, text, details)
}

fn plain(code: Code, reason: &str, text: &str) -> Status {
    Status::with_error_details(code, text, ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()))
}
