//! From the wire to a batch that is well formed: limits of the whole call are checked here, records are
//! taken as they are.

use std::sync::Arc;

use bytes::Bytes;
use tonic::Status;
use uuid::Uuid;

use super::{
    CallLimits,
    pb::{self, patient_data},
    status::invalid,
};
use crate::logic::batch_stream::StreamedBatch;
use cleaning::{
    issue::Language,
    phi::Phi,
    record::{
        BatchId, Payload, RawAddress, RawBatch, RawContact, RawIdentifier, RawName, RawPatient, RawRecord,
        RejectLimit,
    },
};

/// Longest batch id, in characters.
const MAX_BATCH_ID: usize = 128;

/// How many records must be judged before their rejects say anything, if the caller does not.
const DEFAULT_MIN_SAMPLE: u32 = 100;

/// How many records are converted before other tasks get a turn.
pub(super) const RECORDS_PER_TURN: u32 = 64;

/// What a call asks for, about a whole batch or one that is to come.
pub(super) struct ParsedRequest<B> {
    pub batch: B,
    pub view: View,
    pub language: Language,
}

/// Turns the records of one call into raw records.
#[derive(Default)]
pub(super) struct RecordConverter {
    hospital: Arc<str>,
}

/// Which results the answer lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Failures,
    All,
    Summary,
}

/// Reads a whole batch.
pub(super) async fn parse_request(
    message: pb::BatchProcessRequest,
    limits: &CallLimits,
) -> Result<ParsedRequest<RawBatch>, Status> {
    let view = parse_view(message.result_view)?;
    let language = parse_language(message.language)?;
    check_count(message.data_list.len(), limits.max_records)?;
    let reject_limit = reject_limit(message.max_reject_ratio, message.min_sample)?;
    let id = batch_id(message.batch_id)?;
    let mut records = Vec::with_capacity(message.data_list.len());
    let mut convert = RecordConverter::default();
    for (data, index) in message.data_list.into_iter().zip(0u32..) {
        if index % RECORDS_PER_TURN == RECORDS_PER_TURN - 1 {
            tokio::task::yield_now().await;
        }
        records.push(convert.record(data, index));
    }
    let validate_only = message.validate_only;
    Ok(ParsedRequest { batch: RawBatch { id, records, validate_only, reject_limit }, view, language })
}

/// Reads what a streamed batch asks for.
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
        let text = format!("max_reject_ratio is {max_ratio} and must be from 0 to 1");
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
            "the batch has {records} records and at most {max_records} (server.max_records) are taken; \
             split it into smaller ones"
        );
        return Err(invalid("TOO_MANY_RECORDS", "data_list", text));
    }
    Ok(())
}

/// Checks the id of a batch that is asked for.
pub(super) fn require_batch_id(given: &str) -> Result<(), Status> {
    if given.is_empty() {
        return Err(invalid("BATCH_ID_MISSING", "batch_id", "batch_id says which batch is asked for"));
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
        let text = format!("batch_id must have at most {MAX_BATCH_ID} characters and no control character");
        return Err(invalid("INVALID_BATCH_ID", "batch_id", text));
    }
    Ok(())
}

impl RecordConverter {
    /// One record; its bytes are those of the message.
    pub(super) fn record(&mut self, data: pb::PatientData, index: u32) -> RawRecord {
        // Most records come from the same hospital as the one before: one text for all of them.
        if *self.hospital != *data.hospital_code {
            self.hospital = data.hospital_code.as_str().into();
        }
        let payload = match data.payload {
            None => Payload::Missing,
            Some(patient_data::Payload::Patient(patient)) => Payload::Fields(Box::new(raw_patient(patient))),
            Some(patient_data::Payload::RawJson(text)) => Payload::Json(text.into()),
            Some(patient_data::Payload::RawBytes(bytes)) => Payload::Bytes(bytes.into()),
        };
        RawRecord { index, id: data.id.into(), hospital_code: Arc::clone(&self.hospital), payload }
    }

    /// One record that leaves its message behind: a slice would keep the whole message in memory for as long
    /// as one record of it is on its way.
    pub(super) fn record_copied(&mut self, data: pb::PatientData, index: u32) -> RawRecord {
        let mut record = self.record(data, index);
        if let Payload::Bytes(bytes) = &mut record.payload {
            *bytes = Bytes::copy_from_slice(bytes).into();
        }
        record
    }
}

fn raw_patient(patient: pb::RawPatient) -> RawPatient {
    RawPatient {
        patient_id: patient.patient_id.into(),
        name: patient.name.map(raw_name).unwrap_or_default(),
        gender: patient.gender.into(),
        birth_date: patient.birth_date.into(),
        identifiers: patient.identifiers.into_iter().map(raw_identifier).collect(),
        phones: patient.phones.into_iter().map(Phi::new).collect(),
        addresses: patient.addresses.into_iter().map(raw_address).collect(),
        contacts: patient.contacts.into_iter().map(raw_contact).collect(),
        nationality: patient.nationality.into(),
        ethnicity: patient.ethnicity.into(),
        marital_status: patient.marital_status.into(),
        deceased: patient.deceased.into(),
        updated_at: patient.updated_at.into(),
        version: patient.version.into(),
        age: patient.age.into(),
        gender_display: patient.gender_display.into(),
        nationality_display: patient.nationality_display.into(),
        ethnicity_display: patient.ethnicity_display.into(),
        marital_status_display: patient.marital_status_display.into(),
        birth_date_absent_reason: patient.birth_date_absent_reason.into(),
    }
}

fn raw_name(name: pb::RawName) -> RawName {
    RawName { text: name.text.into(), family: name.family.into(), given: name.given.into() }
}

fn raw_identifier(identifier: pb::RawIdentifier) -> RawIdentifier {
    RawIdentifier {
        kind: identifier.r#type.into(),
        value: identifier.value.into(),
        system: identifier.system.into(),
    }
}

fn raw_address(address: pb::RawAddress) -> RawAddress {
    RawAddress {
        text: address.text.into(),
        division_code: address.division_code.into(),
        postal_code: address.postal_code.into(),
        country: address.country.into(),
    }
}

fn raw_contact(contact: pb::RawContact) -> RawContact {
    RawContact { name: contact.name.into(), relation: contact.relation.into(), phone: contact.phone.into() }
}
