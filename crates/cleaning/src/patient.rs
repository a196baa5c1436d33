//! The canonical patient. A `Patient` has passed every rule that rejects; what is patient data in it is
//! [`Phi`].

use std::{cmp::Ordering, fmt, sync::Arc};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::phi::Phi;

/// Enough bytes for most patients as JSON.
const USUAL_CONTENT: usize = 1024;

/// A patient in the one canonical form, stored under (`hospital_code`, `patient_id`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Patient {
    pub hospital_code: Arc<str>,
    /// The hospital's own number of the patient.
    pub patient_id: Phi<String>,
    /// Name; absent only where the profile says that the source has none.
    pub name: Option<Name>,
    /// Administrative gender; absent only where the profile says so.
    pub gender: Option<Phi<Gender>>,
    pub birth_date: Option<Phi<PartialDate>>,
    /// Identity documents and other numbers, in the order of the source.
    pub identifiers: Vec<Identifier>,
    /// Phone numbers in E.164 where they are valid, else as cleaned text.
    pub phones: Vec<Phi<String>>,
    pub addresses: Vec<Address>,
    pub contacts: Vec<Contact>,
    pub nationality: Option<Phi<String>>,
    pub ethnicity: Option<Phi<String>>,
    pub marital_status: Option<Phi<String>>,
    /// Whether or when the patient died.
    pub deceased: Option<Phi<Deceased>>,
    /// Which of two records of the patient is newer.
    pub order: RecordOrder,
}

impl Patient {
    /// The version of the way in which [`Patient::content_hash`] is computed.
    pub const HASH_VERSION: i16 = 1;

    /// A patient about whom nothing is known except the identity.
    pub fn unknown(hospital_code: &str, patient_id: &str) -> Self {
        Self {
            hospital_code: hospital_code.into(),
            patient_id: patient_id.into(),
            name: None,
            gender: None,
            birth_date: None,
            identifiers: Vec::new(),
            phones: Vec::new(),
            addresses: Vec::new(),
            contacts: Vec::new(),
            nationality: None,
            ethnicity: None,
            marital_status: None,
            deceased: None,
            order: RecordOrder::Arrival,
        }
    }

    /// SHA-256 over the canonical content and the order: equal hashes mean that there is nothing to
    /// write. Raw text, issues and batch are not part of it.
    pub fn content_hash(&self) -> [u8; 32] {
        let mut content = Vec::with_capacity(USUAL_CONTENT);
        serde_json::to_writer(&mut content, self).expect("a patient serialises");
        Sha256::digest(content).into()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Name {
    /// The whole name.
    pub text: Phi<String>,
    /// The family name, if the source splits it.
    pub family: Option<Phi<String>>,
    /// The given names, if the source splits them.
    pub given: Option<Phi<String>>,
    /// The pinyin of a name in Han characters, if the profile wants it. Left out of the content where it is
    /// absent, so that such patients hash as they did before there was any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinyin: Option<Phi<String>>,
}

/// Administrative gender (FHIR AdministrativeGender; GB/T 2261.1 maps 1, 2 and 9 or 0 onto it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gender {
    /// GB/T 2261.1 code 1.
    Male,
    /// GB/T 2261.1 code 2.
    Female,
    /// Neither.
    Other,
    /// Unknown (0) or not stated (9).
    Unknown,
}

impl Gender {
    /// The gender in lower case, as FHIR writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

/// A calendar date, a month or a year: a missing day is never invented (FHIR `date`, ISO 8601).
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum PartialDate {
    Day(jiff::civil::Date),
    /// A year and a month, 1 to 12.
    Month(i16, i8),
    Year(i16),
}

impl PartialDate {
    /// The first day that it may mean.
    pub fn first_day(self) -> jiff::civil::Date {
        match self {
            Self::Day(date) => date,
            Self::Month(year, month) => jiff::civil::date(year, month, 1),
            Self::Year(year) => jiff::civil::date(year, 1, 1),
        }
    }

    /// The last day that it may mean.
    pub fn last_day(self) -> jiff::civil::Date {
        match self {
            Self::Day(date) => date,
            Self::Month(..) => self.first_day().last_of_month(),
            Self::Year(_) => self.first_day().last_of_year(),
        }
    }

    /// Whether it may mean this day.
    pub fn covers(self, day: jiff::civil::Date) -> bool {
        (self.first_day()..=self.last_day()).contains(&day)
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{date}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

/// A number that identifies the patient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identifier {
    /// CV02.01.101: `01` resident id, `03` passport, `99` other.
    #[serde(rename = "type")]
    pub kind: String,
    pub value: Phi<String>,
    /// The system that issued it.
    pub system: Option<Phi<String>>,
}

impl Identifier {
    /// The type of a resident id (GB 11643) in CV02.01.101.
    pub const RESIDENT_ID: &'static str = "01";
    /// The type of any other number in CV02.01.101.
    pub const OTHER: &'static str = "99";
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Address {
    /// The whole address.
    pub text: Phi<String>,
    pub division_code: Option<Phi<String>>,
    pub postal_code: Option<Phi<String>>,
    pub country: Option<Phi<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contact {
    pub name: Option<Phi<String>>,
    pub relation: Option<Phi<String>>,
    pub phone: Option<Phi<String>>,
}

/// Whether or when the patient died.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Deceased {
    /// Alive as far as the source knows.
    No,
    /// Dead, date unknown.
    Yes,
    /// Dead since this date.
    On(PartialDate),
}

/// Decides which of two records of one patient is newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordOrder {
    /// The source says nothing: a record that arrives later is newer.
    Arrival,
    /// The source's integer version.
    Version(i64),
    /// The source's time of change, in microseconds since 1970-01-01 UTC.
    UpdatedAt(i64),
}

impl RecordOrder {
    /// What the source gives: the time of change in microseconds, else the version, else nothing but the arrival.
    pub fn from_source(updated_at: Option<i64>, version: Option<i64>) -> Self {
        match (updated_at, version) {
            (Some(micros), _) => Self::UpdatedAt(micros),
            (None, Some(version)) => Self::Version(version),
            (None, None) => Self::Arrival,
        }
    }

    /// Compares this record with another of the same patient. Orders of different kinds count as equal, which leaves the
    /// decision to the arrival.
    pub fn against(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Version(mine), Self::Version(theirs))
            | (Self::UpdatedAt(mine), Self::UpdatedAt(theirs)) => mine.cmp(&theirs),
            _ => Ordering::Equal,
        }
    }

    /// The order as two columns: its kind (0 arrival, 1 version, 2 update time) and its value.
    pub fn columns(self) -> (i16, i64) {
        match self {
            Self::Arrival => (0, 0),
            Self::Version(version) => (1, version),
            Self::UpdatedAt(micros) => (2, micros),
        }
    }

    /// The order back from its two columns; an unknown kind counts as arrival.
    pub fn from_columns(kind: i16, value: i64) -> Self {
        match kind {
            1 => Self::Version(value),
            2 => Self::UpdatedAt(value),
            _ => Self::Arrival,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient(pinyin: Option<&str>) -> Patient {
        Patient {
            name: Some(Name {
                text: "李雷".into(),
                family: Some("李".into()),
                given: None,
                pinyin: pinyin.map(Into::into),
            }),
            identifiers: vec![Identifier {
                kind: Identifier::RESIDENT_ID.into(),
                value: "11010519491231002X".into(),
                system: None,
            }],
            phones: vec!["+8613912345678".into()],
            nationality: Some("156".into()),
            order: RecordOrder::Version(7),
            ..Patient::unknown("h1", "42")
        }
    }

    #[test]
    fn the_time_of_change_goes_before_the_version() {
        assert_eq!(RecordOrder::from_source(Some(5), Some(7)), RecordOrder::UpdatedAt(5));
        assert_eq!(RecordOrder::from_source(None, Some(7)), RecordOrder::Version(7));
        assert_eq!(RecordOrder::from_source(None, None), RecordOrder::Arrival);
    }

    fn hash(patient: &Patient) -> String {
        patient.content_hash().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A hash that changed without its version would make every stored patient look changed.
    #[test]
    fn the_hash_of_a_known_patient_is_the_one_of_its_version() {
        assert_eq!(Patient::HASH_VERSION, 1);
        assert_eq!(hash(&patient(None)), "a120fb34c396c44e2ba688a3bc5f0f2d0b7d30330496ba25dea1363a1d295b5d");
        assert_ne!(hash(&patient(Some("li lei"))), hash(&patient(None)));
    }
}
