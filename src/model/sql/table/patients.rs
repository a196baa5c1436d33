//! The table `patients`. Its rows hold patient data and have no `Debug`.
//!
//! To store a new field, add the column to the schema with a migration for each engine, and to [`Patients::COLUMNS`].

use std::borrow::Cow;

use cleaning::{
    patient::{Deceased, Identifier, Name, Patient, RecordOrder},
    phi::Phi,
};

use super::{
    Column, Table,
    Value::{Bigint, Bytes, Smallint, Text},
    text,
};
use crate::model::{
    Overwritten, Row, Written,
    sql::{
        StoredVersion,
        classify::Candidate,
        content_version::ContentVersion,
        driver::ReadRow,
        identity_change::Identity,
        json_list::{changes_json, issues_json, list_json},
    },
};

/// Bytes of most patients without their raw records.
const USUAL_SIZE: usize = 1024;

/// The order of keys is that of their bytes, in which all writers lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PatientKey<'a> {
    pub(crate) hospital_code: &'a str,
    pub(crate) patient_id: &'a str,
}

/// A patient with the values that take time to make, made before there is a connection to hold.
pub(crate) struct PatientRow<'a> {
    pub(crate) key: PatientKey<'a>,
    row: &'a Row,
    patient: &'a Patient,
    birth_date: Option<String>,
    deceased: Option<String>,
    phones: Cow<'static, str>,
    addresses: Cow<'static, str>,
    contacts: Cow<'static, str>,
    identifiers: Vec<u8>,
    content: ContentVersion,
    changes: Cow<'static, str>,
}

impl<'a> PatientRow<'a> {
    pub(crate) fn new(row: &'a Row, patient: &'a Patient) -> Self {
        Self {
            key: PatientKey { hospital_code: &patient.hospital_code, patient_id: &patient.patient_id },
            row,
            patient,
            birth_date: patient.birth_date.map(|date| date.into_inner().into()),
            deceased: patient.deceased.map(|deceased| deceased_text(deceased.into_inner())),
            phones: list_json(&patient.phones),
            addresses: list_json(&patient.addresses),
            contacts: list_json(&patient.contacts),
            identifiers: serde_json::to_vec(&patient.identifiers).expect("identifiers serialise"),
            content: ContentVersion { hash: patient.content_hash(), version: Patient::HASH_VERSION },
            changes: changes_json(&row.changes),
        }
    }

    pub(crate) fn index(&self) -> u32 {
        self.row.index
    }

    pub(crate) fn candidate(&self) -> Candidate<'_> {
        let is_resident_id = |number: &&Identifier| number.kind == Identifier::RESIDENT_ID;
        let resident_ids = self.patient.identifiers.iter().filter(is_resident_id);
        let resident_ids = resident_ids.map(|number| Cow::Borrowed(number.value.as_str()));
        let gender = self.patient.gender.map(|gender| gender.name().into());
        let birth_date = self.birth_date.as_deref().map(Cow::Borrowed);
        Candidate {
            index: self.row.index,
            content: self.content,
            order: self.patient.order,
            identity: Identity::new(gender, birth_date, resident_ids),
            unconfirmed: None,
        }
    }

    fn name(&self) -> Option<&Name> {
        self.patient.name.as_ref()
    }
}

/// A row of `patients` that is to be written.
pub(crate) struct PatientWrite<'a> {
    row: &'a PatientRow<'a>,
    /// The store's own issues are written with those of the record.
    written: Written,
    /// Whether nothing was stored of the patient.
    pub(crate) is_new: bool,
}

impl<'a> PatientWrite<'a> {
    pub(crate) fn new(row: &'a PatientRow<'a>, written: Written, is_new: bool) -> Self {
        Self { row, written, is_new }
    }
}

pub(crate) struct Patients;

impl Table for Patients {
    type Row<'a> = PatientWrite<'a>;

    const NAME: &'static str = "patients";
    const BATCH: &'static str = "batch_id";
    const KEY: &'static [&'static str] = &["hospital_code", "patient_id"];

    const COLUMNS: &'static [Column<Self>] = &[
        Column { name: "hospital_code", value: Text(|write| text(write.row.key.hospital_code)) },
        Column { name: "patient_id", value: Text(|write| text(write.row.key.patient_id)) },
        Column { name: "name", value: Text(|write| text(&write.row.name()?.text)) },
        Column { name: "family_name", value: Text(|write| if_known(&write.row.name()?.family)) },
        Column { name: "given_name", value: Text(|write| if_known(&write.row.name()?.given)) },
        Column { name: "name_pinyin", value: Text(|write| if_known(&write.row.name()?.pinyin)) },
        Column { name: "gender", value: Text(|write| text(write.row.patient.gender?.name())) },
        Column { name: "birth_date", value: Text(|write| text(write.row.birth_date.as_deref()?)) },
        Column { name: "deceased", value: Text(|write| text(write.row.deceased.as_deref()?)) },
        Column { name: "phones", value: Text(|write| text(&write.row.phones)) },
        Column { name: "addresses", value: Text(|write| text(&write.row.addresses)) },
        Column { name: "contacts", value: Text(|write| text(&write.row.contacts)) },
        Column { name: "nationality", value: Text(|write| if_known(&write.row.patient.nationality)) },
        Column { name: "ethnicity", value: Text(|write| if_known(&write.row.patient.ethnicity)) },
        Column { name: "marital_status", value: Text(|write| if_known(&write.row.patient.marital_status)) },
        Column { name: "identifiers", value: Bytes(|write| Some(&write.row.identifiers)) },
        Column { name: "raw", value: Bytes(|write| Some(&write.row.row.raw)) },
        Column { name: "content_hash", value: Bytes(|write| Some(&write.row.content.hash)) },
        Column { name: "hash_version", value: Smallint(|write| write.row.content.version) },
        Column { name: "order_kind", value: Smallint(|write| write.row.patient.order.columns().0) },
        Column { name: "order_value", value: Bigint(|write| write.row.patient.order.columns().1) },
        Column { name: "batch_index", value: Bigint(|write| write.row.row.index.into()) },
        Column {
            name: "issues",
            value: Text(|write| Some(issues_json(&write.row.row.issues, write.written))),
        },
        Column { name: "changes", value: Text(|write| text(&write.row.changes)) },
    ];

    const DEFAULTED: &'static [&'static str] = &["key_id", "stored_at"];

    /// Repeats the classification against what another process may have written since the rows were read: neither a
    /// newer row nor a later one of the same batch is overwritten. Orders of different kinds count as equal.
    const MAY_REPLACE: Option<&'static str> = Some(
        "NOT (stored.order_kind = excluded.order_kind AND stored.order_value > excluded.order_value)
         AND NOT (
             stored.batch_id = excluded.batch_id
             AND (stored.order_kind <> excluded.order_kind OR stored.order_value = excluded.order_value)
             AND stored.batch_index > excluded.batch_index
         )",
    );

    fn size(write: &PatientWrite<'_>) -> usize {
        write.row.row.raw.len() + USUAL_SIZE
    }
}

fn if_known(value: &Option<Phi<String>>) -> Option<Cow<'_, str>> {
    text(value.as_ref()?)
}

fn deceased_text(deceased: Deceased) -> String {
    match deceased {
        Deceased::No => "no".into(),
        Deceased::Yes => "yes".into(),
        Deceased::On(date) => date.to_string(),
    }
}

/// The columns of a stored patient that [`read_stored_version`] reads after the first one. `$1` is the batch that is
/// being written. Encrypted identifiers are left out.
pub(crate) const STORED_VERSION: &str = "
    current.content_hash, current.hash_version, current.order_kind, current.order_value,
    current.batch_id = $1, current.batch_index, current.gender, current.birth_date,
    CASE WHEN current.key_id IS NULL THEN current.identifiers END,
    CASE WHEN current.batch_id = $1 THEN current.issues END";

/// The position of the key, from 0, and what is stored under it.
pub(crate) fn read_stored_version(row: &impl ReadRow) -> sqlx::Result<(usize, StoredVersion<'static>)> {
    let version = StoredVersion {
        content: ContentVersion::from_columns(row.read(1)?, row.read(2)?),
        order: RecordOrder::from_columns(row.read(3)?, row.read(4)?),
        same_batch: row.read(5)?,
        index: row.read::<i64>(6)? as u32,
        identity: Identity::from_columns(row.read(7)?, row.read(8)?, row.read(9)?),
        overwritten: row.read::<Option<_>>(10)?.map(Overwritten::from_issues_column).unwrap_or_default(),
    };
    Ok((row.read::<i64>(0)? as usize, version))
}
