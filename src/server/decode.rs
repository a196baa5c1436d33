//! From the wire to a well-formed batch. Limits of the whole call are checked here; records are taken as they are.

use tokio::task::coop::consume_budget;
use tonic::Status;
use uuid::Uuid;

use super::{pb, record_converter::RecordConverter, status::invalid};
use crate::logic::calls::batch_stream::StreamedBatch;
use cleaning::{
    message::Language,
    outcome::Outcome,
    record::{BatchId, RawBatch, RejectLimit},
};

/// Characters of a batch id.
const MAX_BATCH_ID: usize = 128;

/// How many records must be settled before the reject limit applies, unless the caller says otherwise.
const DEFAULT_MIN_SAMPLE: u32 = 100;

/// A request to process a batch, whole or streamed.
pub(super) struct ParsedRequest<B> {
    pub batch: B,
    pub view: View,
    pub language: Language,
}

/// Which results the response lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Failures,
    All,
    Summary,
}

impl View {
    pub(super) fn lists(self, outcome: Outcome) -> bool {
        match self {
            Self::All => true,
            Self::Summary => false,
            Self::Failures => !outcome.needs_no_attention(),
        }
    }
}

/// Parses a whole batch.
pub(super) async fn parse_request(
    message: pb::BatchProcessRequest,
    max_records: usize,
) -> Result<ParsedRequest<RawBatch>, Status> {
    let view = parse_view(message.result_view)?;
    let language = parse_language(message.language)?;
    check_count(message.data_list.len(), max_records)?;
    let reject_limit = reject_limit(message.max_reject_ratio, message.min_sample)?;
    let id = batch_id(message.batch_id)?;
    let mut records = Vec::with_capacity(message.data_list.len());
    let mut convert = RecordConverter::default();
    for (data, index) in message.data_list.into_iter().zip(0u32..) {
        records.push(convert.record(data, index));
        consume_budget().await;
    }
    let validate_only = message.validate_only;
    Ok(ParsedRequest { batch: RawBatch { id, records, validate_only, reject_limit }, view, language })
}

/// Parses the first message of a streamed batch.
pub(super) fn parse_start(message: pb::StreamStart) -> Result<ParsedRequest<StreamedBatch>, Status> {
    let view = parse_view(message.result_view)?;
    let language = parse_language(message.language)?;
    let reject_limit = reject_limit(message.max_reject_ratio, message.min_sample)?;
    let id = batch_id(message.batch_id)?;
    let batch = StreamedBatch { id, validate_only: message.validate_only, reject_limit };
    Ok(ParsedRequest { batch, view, language })
}

fn reject_limit(max_ratio: Option<f64>, min_sample: u32) -> Result<Option<RejectLimit>, Status> {
    let Some(max_ratio) = max_ratio else { return Ok(None) };
    if !(0.0..=1.0).contains(&max_ratio) {
        let text = format!("max_reject_ratio is {max_ratio} but must be between 0 and 1");
        return Err(invalid("INVALID_REJECT_RATIO", "max_reject_ratio", text));
    }
    let min_sample = if min_sample == 0 { DEFAULT_MIN_SAMPLE } else { min_sample };
    Ok(Some(RejectLimit { max_ratio, min_sample }))
}

fn parse_view(number: i32) -> Result<View, Status> {
    match pb::ResultView::try_from(number) {
        Ok(pb::ResultView::Unspecified | pb::ResultView::Failures) => Ok(View::Failures),
        Ok(pb::ResultView::All) => Ok(View::All),
        Ok(pb::ResultView::Summary) => Ok(View::Summary),
        Err(_) => Err(unknown_enum("result_view", number, "0 to 3")),
    }
}

pub(super) fn parse_language(number: i32) -> Result<Language, Status> {
    match pb::Language::try_from(number) {
        Ok(pb::Language::Unspecified | pb::Language::En) => Ok(Language::En),
        Ok(pb::Language::Zh) => Ok(Language::Zh),
        Err(_) => Err(unknown_enum("language", number, "0 to 2")),
    }
}

pub(super) fn unknown_enum(field: &str, number: i32, known: &str) -> Status {
    invalid("UNKNOWN_ENUM_VALUE", field, format!("{field} {number} is unknown; known values are {known}"))
}

fn check_count(records: usize, max_records: usize) -> Result<(), Status> {
    if records == 0 {
        return Err(invalid("EMPTY_BATCH", "data_list", "the batch is empty; send at least one record"));
    }
    if records > max_records {
        let text = format!(
            "the batch has {records} records; at most {max_records} (server.max_records) are allowed: \
             split it into smaller batches"
        );
        return Err(invalid("TOO_MANY_RECORDS", "data_list", text));
    }
    Ok(())
}

/// Checks the id of the batch to read.
pub(super) fn require_batch_id(given: &str) -> Result<(), Status> {
    if given.is_empty() {
        return Err(invalid("BATCH_ID_MISSING", "batch_id", "batch_id is empty; name the batch to read"));
    }
    check_batch_id(given)
}

fn batch_id(given: String) -> Result<BatchId, Status> {
    if given.is_empty() {
        return Ok(BatchId::made(Uuid::now_v7().to_string()));
    }
    check_batch_id(&given)?;
    Ok(BatchId::given(given))
}

fn check_batch_id(given: &str) -> Result<(), Status> {
    if given.chars().count() > MAX_BATCH_ID || given.chars().any(char::is_control) {
        let text = format!("batch_id must have at most {MAX_BATCH_ID} characters and no control characters");
        return Err(invalid("INVALID_BATCH_ID", "batch_id", text));
    }
    Ok(())
}
