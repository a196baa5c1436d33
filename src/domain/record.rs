//! One record of a batch as it was sent. These types hold raw patient data: they have no `Debug`, so
//! that no log, panic or assertion can print it.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

/// A batch as it was sent.
pub struct RawBatch {
    /// The batch's id; never empty.
    pub id: Arc<str>,
    /// Its records; the index of each is its place.
    pub records: Vec<RawRecord>,
    /// Do everything but store.
    pub validate_only: bool,
}

/// One raw record and its place in the batch.
pub struct RawRecord {
    /// Place in the batch, from 0.
    pub index: u32,
    /// The caller's id of the record; may be empty, which a rule rejects.
    pub id: Arc<str>,
    /// The hospital as the caller wrote it; may be unknown, which a rule rejects.
    pub hospital_code: Arc<str>,
    /// The record itself.
    pub payload: Payload,
}

/// The three shapes in which a record comes, or none.
pub enum Payload {
    /// Canonical field names, raw values.
    Fields(Box<RawPatient>),
    /// The source's own JSON object.
    Json(String),
    /// The source's own JSON object in the profile's character set.
    Bytes(Bytes),
    /// The caller sent no payload.
    Missing,
}

impl Payload {
    /// Bytes that the payload holds, for the limit on a record's size.
    pub fn size(&self) -> usize {
        match self {
            Self::Fields(patient) => patient.size(),
            Self::Json(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Missing => 0,
        }
    }

    /// What the hospital sent, to be kept beside the canonical form.
    pub fn into_raw(self) -> Bytes {
        match self {
            Self::Fields(patient) => serde_json::to_vec(&patient).expect("strings serialise").into(),
            Self::Json(text) => text.into(),
            Self::Bytes(bytes) => bytes,
            Self::Missing => Bytes::new(),
        }
    }
}

/// A patient in canonical field names with values as the source wrote them; empty means absent.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct RawPatient {
    /// The hospital's own number of the patient.
    pub patient_id: String,
    /// The patient's name.
    pub name: RawName,
    /// Gender in the source's code.
    pub gender: String,
    /// Date of birth in the source's format.
    pub birth_date: String,
    /// Identity documents and other numbers.
    pub identifiers: Vec<RawIdentifier>,
    /// Phone numbers.
    pub phones: Vec<String>,
    /// Addresses.
    pub addresses: Vec<RawAddress>,
    /// People to reach in the patient's place.
    pub contacts: Vec<RawContact>,
    /// Nationality in the source's code.
    pub nationality: String,
    /// Ethnic group in the source's code.
    pub ethnicity: String,
    /// Marital status in the source's code.
    pub marital_status: String,
    /// Whether or when the patient died.
    pub deceased: String,
    /// When the source last changed the record.
    pub updated_at: String,
    /// The source's integer version of the record.
    pub version: String,
    /// The patient's age as the source states it beside the date of birth.
    pub age: String,
    /// What the source shows people for the code in `gender`.
    pub gender_display: String,
    /// What the source shows people for the code in `nationality`.
    pub nationality_display: String,
    /// What the source shows people for the code in `ethnicity`.
    pub ethnicity_display: String,
    /// What the source shows people for the code in `marital_status`.
    pub marital_status_display: String,
    /// Why there is no date of birth, in the source's code; FHIR's data-absent-reason, as `unknown`.
    pub birth_date_absent_reason: String,
}

impl RawPatient {
    fn size(&self) -> usize {
        let name = self.name.text.len() + self.name.family.len() + self.name.given.len();
        let plain: usize = [
            &self.patient_id,
            &self.gender,
            &self.birth_date,
            &self.nationality,
            &self.ethnicity,
            &self.marital_status,
            &self.deceased,
            &self.updated_at,
            &self.version,
            &self.age,
            &self.gender_display,
            &self.nationality_display,
            &self.ethnicity_display,
            &self.marital_status_display,
            &self.birth_date_absent_reason,
        ]
        .iter()
        .map(|text| text.len())
        .sum();
        let identifiers: usize =
            self.identifiers.iter().map(|i| i.kind.len() + i.value.len() + i.system.len()).sum();
        let phones: usize = self.phones.iter().map(String::len).sum();
        let addresses: usize = self
            .addresses
            .iter()
            .map(|a| a.text.len() + a.division_code.len() + a.postal_code.len() + a.country.len())
            .sum();
        let contacts: usize =
            self.contacts.iter().map(|c| c.name.len() + c.relation.len() + c.phone.len()).sum();
        name + plain + identifiers + phones + addresses + contacts
    }
}

/// A person's name as written.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct RawName {
    /// The whole name.
    pub text: String,
    /// The family name.
    pub family: String,
    /// The given names.
    pub given: String,
}

/// A number that identifies the patient, as written.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct RawIdentifier {
    /// What kind of number, in the source's code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number.
    pub value: String,
    /// The system that issued it.
    pub system: String,
}

/// An address as written.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct RawAddress {
    /// The whole address.
    pub text: String,
    /// Division code.
    pub division_code: String,
    /// Postal code.
    pub postal_code: String,
    /// Country.
    pub country: String,
}

/// A contact person as written.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct RawContact {
    /// Name.
    pub name: String,
    /// Relation in the source's code.
    pub relation: String,
    /// Phone number.
    pub phone: String,
}
