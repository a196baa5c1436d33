//! One record of a batch as it was sent. What is patient data in it is [`Phi`].

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::phi::Phi;

/// The id of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchId {
    /// Never empty.
    pub text: Arc<str>,
    /// Whether the caller chose it, and may send the batch again under it.
    pub is_given: bool,
}

impl BatchId {
    /// An id that the caller chose.
    pub fn given(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), is_given: true }
    }

    /// An id that nobody has used before.
    pub fn made(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), is_given: false }
    }
}

/// A batch as it was sent.
#[derive(Debug)]
pub struct RawBatch {
    /// The batch's id.
    pub id: BatchId,
    /// Its records; the index of each is its place.
    pub records: Vec<RawRecord>,
    /// Do everything but store.
    pub validate_only: bool,
    /// When to stop, because too much of it is rejected.
    pub reject_limit: Option<RejectLimit>,
}

/// How much of a batch may be rejected before it is stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RejectLimit {
    /// The largest part of the judged records that may be rejected, from 0 to 1.
    pub max_ratio: f64,
    /// How many must be judged before the part says anything; at least 1.
    pub min_sample: u32,
}

/// One raw record and its place in the batch.
#[derive(Debug)]
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
#[derive(Debug)]
pub enum Payload {
    /// Canonical field names, raw values.
    Fields(Box<RawPatient>),
    /// The source's own JSON object.
    Json(Phi<String>),
    /// The source's own JSON object in the profile's character set.
    Bytes(Phi<Bytes>),
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
    pub fn into_raw(self) -> Phi<Bytes> {
        match self {
            Self::Fields(patient) => {
                Bytes::from(serde_json::to_vec(&patient).expect("strings serialise")).into()
            }
            Self::Json(text) => Bytes::from(text.into_inner()).into(),
            Self::Bytes(bytes) => bytes,
            Self::Missing => Phi::default(),
        }
    }
}

/// Most elements of a list that are read; no patient has that many phones, addresses or documents.
pub const MAX_ELEMENTS: usize = 100;

/// A patient in canonical field names with values as the source wrote them; empty means absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RawPatient {
    /// The hospital's own number of the patient.
    pub patient_id: Phi<String>,
    /// The patient's name.
    pub name: RawName,
    /// Gender in the source's code.
    pub gender: Phi<String>,
    /// Date of birth in the source's format.
    pub birth_date: Phi<String>,
    /// Identity documents and other numbers.
    pub identifiers: Vec<RawIdentifier>,
    /// Phone numbers.
    pub phones: Vec<Phi<String>>,
    /// Addresses.
    pub addresses: Vec<RawAddress>,
    /// People to reach in the patient's place.
    pub contacts: Vec<RawContact>,
    /// Nationality in the source's code.
    pub nationality: Phi<String>,
    /// Ethnic group in the source's code.
    pub ethnicity: Phi<String>,
    /// Marital status in the source's code.
    pub marital_status: Phi<String>,
    /// Whether or when the patient died.
    pub deceased: Phi<String>,
    /// When the source last changed the record.
    pub updated_at: Phi<String>,
    /// The source's integer version of the record.
    pub version: Phi<String>,
    /// Age in years, where the source states it beside the date of birth.
    pub age: Phi<String>,
    /// What the source shows for the gender's code.
    pub gender_display: Phi<String>,
    /// What the source shows for the nationality's code.
    pub nationality_display: Phi<String>,
    /// What the source shows for the ethnic group's code.
    pub ethnicity_display: Phi<String>,
    /// What the source shows for the marital status's code.
    pub marital_status_display: Phi<String>,
    /// Why there is no date of birth (FHIR data-absent-reason).
    pub birth_date_absent_reason: Phi<String>,
}

impl RawPatient {
    /// The text of a canonical field, as `birth_date`, or `identifiers.value` with its place; none if the
    /// record has no such field or element, or no text of its own.
    pub fn text(&self, field: &str, position: Option<u32>) -> Option<&str> {
        // Out of every list, where a list as a whole is meant.
        let place = position.map_or(usize::MAX, |position| position as usize);
        let text = match field {
            "patient_id" => &self.patient_id,
            "name" | "name.text" if !self.name.text.is_empty() => &self.name.text,
            "name" | "name.family" if !self.name.family.is_empty() => &self.name.family,
            "name" | "name.given" => &self.name.given,
            "gender" => &self.gender,
            "birth_date" => &self.birth_date,
            "identifiers.type" => &self.identifiers.get(place)?.kind,
            "identifiers" | "identifiers.value" => &self.identifiers.get(place)?.value,
            "identifiers.system" => &self.identifiers.get(place)?.system,
            "phones" => self.phones.get(place)?,
            "addresses" | "addresses.text" => &self.addresses.get(place)?.text,
            "addresses.division_code" => &self.addresses.get(place)?.division_code,
            "addresses.postal_code" => &self.addresses.get(place)?.postal_code,
            "addresses.country" => &self.addresses.get(place)?.country,
            "contacts" | "contacts.name" => &self.contacts.get(place)?.name,
            "contacts.relation" => &self.contacts.get(place)?.relation,
            "contacts.phone" => &self.contacts.get(place)?.phone,
            "nationality" => &self.nationality,
            "ethnicity" => &self.ethnicity,
            "marital_status" => &self.marital_status,
            "deceased" => &self.deceased,
            "updated_at" => &self.updated_at,
            "version" => &self.version,
            "age" => &self.age,
            "gender_display" => &self.gender_display,
            "nationality_display" => &self.nationality_display,
            "ethnicity_display" => &self.ethnicity_display,
            "marital_status_display" => &self.marital_status_display,
            "birth_date_absent_reason" => &self.birth_date_absent_reason,
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

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
        let phones: usize = self.phones.iter().map(|phone| phone.len()).sum();
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
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RawName {
    /// The whole name.
    pub text: Phi<String>,
    /// The family name.
    pub family: Phi<String>,
    /// The given names.
    pub given: Phi<String>,
}

/// A number that identifies the patient, as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RawIdentifier {
    /// What kind of number, in the source's code.
    #[serde(rename = "type")]
    pub kind: Phi<String>,
    /// The number.
    pub value: Phi<String>,
    /// The system that issued it.
    pub system: Phi<String>,
}

/// An address as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RawAddress {
    /// The whole address.
    pub text: Phi<String>,
    /// Division code.
    pub division_code: Phi<String>,
    /// Postal code.
    pub postal_code: Phi<String>,
    /// Country.
    pub country: Phi<String>,
}

/// A contact person as written.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RawContact {
    /// Name.
    pub name: Phi<String>,
    /// Relation in the source's code.
    pub relation: Phi<String>,
    /// Phone number.
    pub phone: Phi<String>,
}
