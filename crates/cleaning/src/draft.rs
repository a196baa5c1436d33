//! The draft of a patient: every field formatted, or with the reason why it could not be. Rules look at
//! drafts; only a draft in which no rule finds an error becomes a patient.

use jiff::civil::Date;

use crate::{
    change::Change,
    field_names::FieldName,
    format::{
        date::DateFault,
        flaw::Flaw,
        parsed::{NotAnInteger, NotInTable, Parsed},
        phone::Phone,
        resident_id::{ResidentId, ShapeFault},
    },
    patient::{Address, Contact, Deceased, Gender, Identifier, Name, PartialDate, Patient, RecordOrder},
    phi::Phi,
    profile::Profile,
};

/// A patient before the rules. Null tokens have become absent fields.
pub struct Draft {
    /// The hospital's own number of the patient.
    pub patient_id: Option<Phi<String>>,
    pub name: Option<Name>,
    pub gender: Parsed<Gender, NotInTable>,
    pub birth_date: Parsed<PartialDate, DateFault>,
    /// Whether the source says why there is no date of birth.
    pub birth_date_is_excused: bool,
    /// The age in years that the source states.
    pub age: Option<u16>,
    pub identifiers: Vec<DraftIdentifier>,
    pub phones: Vec<Positioned<Phone>>,
    pub addresses: Vec<Positioned<Address>>,
    pub contacts: Vec<Positioned<DraftContact>>,
    pub nationality: Parsed<Phi<String>, NotInTable>,
    pub ethnicity: Parsed<Phi<String>, NotInTable>,
    pub marital_status: Parsed<Phi<String>, NotInTable>,
    /// Whether or when the patient died.
    pub deceased: Parsed<Deceased, DateFault>,
    /// When the source changed the record, in microseconds since 1970-01-01 UTC.
    pub updated_at: Parsed<i64, DateFault>,
    /// The source's version of the record.
    pub version: Parsed<i64, NotAnInteger>,
    /// What is wrong with the characters of the texts themselves.
    pub flaws: Vec<Flaw>,
    /// Lists that have more elements than are read.
    pub overlong: Vec<FieldName>,
    /// Coded fields whose display means another code.
    pub disagreements: Vec<FieldName>,
    /// What formatting did.
    pub changes: Vec<Change>,
}

/// An element of a list and its position in the source's list.
pub struct Positioned<T> {
    /// Position in the source's list, from 0.
    pub position: u32,
    pub value: T,
}

/// A number that identifies the patient, before the rules.
pub struct DraftIdentifier {
    /// Position in the source's list, from 0.
    pub position: u32,
    /// The type in CV02.01.101.
    pub kind: Parsed<String, NotInTable>,
    pub value: Phi<String>,
    /// The system that issued it.
    pub system: Option<Phi<String>>,
    /// The parsed number, if its type is that of resident ids.
    pub resident_id: Option<Result<ResidentId, ShapeFault>>,
    /// Whether it was derived from another number of the patient.
    pub is_derived: bool,
}

impl DraftIdentifier {
    /// Whether the other is the same number of the same type, and of no other system.
    pub fn is_same(&self, other: &Self) -> bool {
        self.value == other.value
            && self.kind.value() == other.kind.value()
            && (self.system == other.system || other.is_derived)
    }

    /// The 18-digit form of an old resident id, as a number of its own.
    pub fn upgraded(&self) -> Option<Self> {
        let id = self.resident_id?.ok().filter(ResidentId::is_valid)?;
        let value = id.upgraded()?;
        Some(Self {
            position: self.position,
            kind: Parsed::Value(Identifier::RESIDENT_ID.to_owned()),
            resident_id: Some(ResidentId::parse(&value)),
            value: value.into(),
            system: self.system.clone(),
            is_derived: true,
        })
    }

    /// Whether it identifies a patient.
    pub fn is_usable(&self) -> bool {
        match &self.resident_id {
            Some(resident_id) => resident_id.is_ok_and(|id| id.is_valid()),
            None => !matches!(self.kind, Parsed::Faulty(NotInTable)),
        }
    }
}

/// A contact person before the rules.
pub struct DraftContact {
    pub name: Option<Phi<String>>,
    pub relation: Option<Phi<String>>,
    pub phone: Option<Phone>,
}

impl Draft {
    /// The first valid resident id of the patient.
    pub fn resident_id(&self) -> Option<&ResidentId> {
        let mut ids =
            self.identifiers.iter().filter_map(|identifier| identifier.resident_id.as_ref()?.as_ref().ok());
        ids.find(|id| id.is_valid())
    }

    /// The date of birth within the resident id, for a source that does not state one.
    pub fn derived_birth_date(&self) -> Option<Date> {
        match self.birth_date {
            Parsed::Absent => self.resident_id()?.birth_date(),
            Parsed::Value(_) | Parsed::Faulty(_) => None,
        }
    }

    /// The patient, once the rules have found no error. Fields whose faults are warnings in the profile are absent.
    pub fn into_patient(self, profile: &Profile) -> Patient {
        let derived = self.derived_birth_date().map(PartialDate::Day);
        Patient {
            hospital_code: profile.code.clone(),
            patient_id: self
                .patient_id
                .expect("a missing patient id rejects, and no profile can soften that"),
            name: self.name,
            gender: self.gender.into_value().map(Phi::new),
            birth_date: self.birth_date.into_value().or(derived).map(Phi::new),
            identifiers: self.identifiers.into_iter().map(Identifier::from).collect(),
            phones: self.phones.into_iter().map(|phone| phone.value.text).collect(),
            addresses: self.addresses.into_iter().map(|address| address.value).collect(),
            contacts: self.contacts.into_iter().map(|contact| contact.value.into()).collect(),
            nationality: self.nationality.into_value(),
            ethnicity: self.ethnicity.into_value(),
            marital_status: self.marital_status.into_value(),
            deceased: self.deceased.into_value().map(Phi::new),
            order: RecordOrder::from_source(self.updated_at.into_value(), self.version.into_value()),
        }
    }
}

impl From<DraftIdentifier> for Identifier {
    /// A type that is absent, or unknown to a profile that takes this for a warning, is "other".
    fn from(draft: DraftIdentifier) -> Self {
        let kind = draft.kind.into_value().unwrap_or_else(|| Self::OTHER.to_owned());
        Self { kind, value: draft.value, system: draft.system }
    }
}

impl From<DraftContact> for Contact {
    fn from(draft: DraftContact) -> Self {
        let DraftContact { name, relation, phone } = draft;
        Self { name, relation, phone: phone.map(|phone| phone.text) }
    }
}
