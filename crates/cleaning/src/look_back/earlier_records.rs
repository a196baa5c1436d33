//! What the earlier records of a batch say about one record.

use super::{keyed_hash::KeyedHash, records::Person};

/// What the earlier records of a batch say about one record.
pub struct EarlierRecords {
    /// Whether one of them is about the same patient.
    pub patient_is_known: bool,
    /// What is known of the record's resident ids.
    pub resident_ids: Vec<EarlierResidentId>,
    /// What is known of its phones.
    pub phones: Vec<EarlierPhone>,
    /// For a patient born on the first of January: how many of them are, too.
    pub first_of_january: Option<Share>,
    /// Whether the record states a whole date of birth.
    pub(super) is_dated: bool,
    /// Whom the record is about; without name and date of birth if it has no resident id to compare them by.
    pub(super) person: Person,
}

/// What is known of one resident id.
pub struct EarlierResidentId {
    /// Position in the source's list of identifiers, from 0.
    pub position: u32,
    /// The patient of the last record with this number, if it is another one.
    pub other_patient: Option<OtherPatient>,
    pub(super) number: KeyedHash,
    pub(super) proof: KeyedHash,
}

/// How another patient with the same resident id compares. What one of the two records lacks is not different,
/// nor is a date of birth that is only a month or a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherPatient {
    /// The names differ in more than case, spaces and punctuation.
    pub has_other_name: bool,
    /// The dates of birth differ.
    pub has_other_birth_date: bool,
}

/// What is known of one phone.
pub struct EarlierPhone {
    /// Position in the source's list of phones, from 0.
    pub position: u32,
    /// How many patients have it, including the record's own.
    pub patients: u32,
    pub(super) number: KeyedHash,
    /// The phone and the patient as one.
    pub(super) by_patient: KeyedHash,
}

/// How many of the records so far that state a whole date of birth state the first of January.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those with the first of January.
    pub part: u64,
    /// Those with any whole date.
    pub whole: u64,
}

impl Share {
    pub(super) fn add(&mut self, is_dated: bool, is_part: bool) {
        self.whole += u64::from(is_dated);
        self.part += u64::from(is_part);
    }

    /// Whether the part is more than this percentage of the whole.
    pub fn exceeds(self, percent: u32) -> bool {
        self.part * 100 > self.whole * u64::from(percent)
    }
}
