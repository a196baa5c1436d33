//! What is remembered of the records of one generation.

use std::collections::{HashMap, HashSet};

use super::keyed_hash::{IdentityBuildHasher, KeyedHash};
use crate::two_generations::Generation;

/// What is remembered of some records.
#[derive(Default)]
pub(super) struct RememberedRecords {
    count: usize,
    /// Their patients.
    pub patients: HashSet<KeyedHash, IdentityBuildHasher>,
    /// By resident id, whom the last record with it was about.
    pub owners: HashMap<KeyedHash, Owner, IdentityBuildHasher>,
    /// Pairs of a phone and a patient.
    pub uses: HashSet<KeyedHash, IdentityBuildHasher>,
    /// By phone, how many patients have it.
    phones: HashMap<KeyedHash, PhoneOwners, IdentityBuildHasher>,
}

/// Whom a resident id belongs to.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    /// The second hash of the number.
    pub proof: KeyedHash,
    pub person: Person,
}

/// Whom a record is about.
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub patient: KeyedHash,
    pub name: Option<KeyedHash>,
    /// The whole date of birth.
    pub birth_date: Option<KeyedHash>,
}

/// How many patients have a phone.
#[derive(Clone, Copy, Default)]
pub(super) struct PhoneOwners {
    /// In this generation.
    pub all: u32,
    /// Of these, how many did not have it in the generation before. It is out of date once that generation is
    /// gone.
    pub new: u32,
}

impl RememberedRecords {
    /// Counts a record of this patient.
    pub(super) fn add(&mut self, patient: KeyedHash) {
        self.count += 1;
        self.patients.insert(patient);
    }

    pub(super) fn patients_with(&self, phone: KeyedHash) -> PhoneOwners {
        self.phones.get(&phone).copied().unwrap_or_default()
    }

    /// Records that a patient has a phone; `is_new` if the generation before does not know it.
    pub(super) fn add_use(&mut self, phone: KeyedHash, by_patient: KeyedHash, is_new: bool) {
        if self.uses.insert(by_patient) {
            let patients = self.phones.entry(phone).or_default();
            patients.all += 1;
            patients.new += u32::from(is_new);
        }
    }
}

impl Generation for RememberedRecords {
    fn count(&self) -> usize {
        self.count
    }

    fn clear(&mut self) {
        self.count = 0;
        self.patients.clear();
        self.owners.clear();
        self.uses.clear();
        self.phones.clear();
    }
}

#[cfg(test)]
impl RememberedRecords {
    /// How many entries the maps have room for.
    pub(super) fn room(&self) -> usize {
        self.patients.capacity() + self.owners.capacity() + self.uses.capacity() + self.phones.capacity()
    }
}
