//! Checks across the records of one hospital within one batch look back only: what the earlier records say
//! about the next one. So no record waits for another, and the same batch always gets the same answers.
//!
//! A record that is rejected, by its own rules or by what is found here, is not remembered: it goes nowhere,
//! and a later record that is right must not suffer from it. What the hospital and the store say of a record
//! comes later and is not waited for.

mod earlier_records;
mod generation;
mod keyed_hash;

pub use earlier_records::{EarlierPhone, EarlierRecords, EarlierResidentId, OtherPatient, Share};

use jiff::civil::Date;

use self::{
    generation::{Generation, Owner, Person},
    keyed_hash::{HashKeys, KeyedHash},
};
use super::{
    format::{
        draft::{Draft, DraftIdentifier, Positioned},
        phone::Phone,
        resident_id::ResidentId,
    },
    patient::PartialDate,
};

/// How many records back everything is known. Up to twice as many may be: see [`LookBack`].
pub const WINDOW: usize = 50_000;

/// How many resident ids and how many phones of one record are looked at. Patients have fewer, and no record
/// takes more than its share of the memory.
const MAX_ELEMENTS: usize = 8;

/// The earlier records of one hospital in one batch: no value of a patient, only keyed hashes.
///
/// Records live in two generations. The young one takes every record; when it has as many as the window, it
/// becomes the old one, and the old one is emptied to be the next young one. So nothing has to be looked for
/// to be forgotten. Memory is bounded for batches of any length: a record with a resident id and a phone
/// takes some 120 bytes, 2 x 50,000 of them 12 MB.
pub struct LookBack {
    keys: HashKeys,
    window: usize,
    young: Generation,
    old: Generation,
    first_of_january: Share,
    /// The lists of the last record, empty: a record of which nothing is found allocates nothing.
    spare: (Vec<EarlierResidentId>, Vec<EarlierPhone>),
}

impl Default for LookBack {
    fn default() -> Self {
        Self::over(WINDOW)
    }
}

impl LookBack {
    /// No records yet, with another window.
    fn over(window: usize) -> Self {
        Self {
            keys: HashKeys::random(),
            window,
            young: Generation::default(),
            old: Generation::default(),
            first_of_january: Share::default(),
            spare: Default::default(),
        }
    }

    /// How many records are remembered: at most twice the window.
    pub fn len(&self) -> usize {
        self.young.records + self.old.records
    }

    /// Whether no record is remembered yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the records that are remembered say about another one.
    pub fn look_up(&mut self, draft: &Draft) -> EarlierRecords {
        let patient = self.keys.of(&draft.patient_id);
        let stated = match draft.birth_date.value() {
            Some(PartialDate::Day(date)) => Some(*date),
            _ => None,
        };
        let (resident_ids, phones) = std::mem::take(&mut self.spare);
        let mut past = EarlierRecords {
            patient_is_known: self.generations().any(|generation| generation.patients.contains(&patient)),
            resident_ids,
            phones,
            first_of_january: stated.is_some_and(is_first_of_january).then_some(self.first_of_january),
            is_dated: stated.is_some(),
            person: Person { patient, name: None, birth_date: None },
        };
        self.look_up_resident_ids(draft, stated, &mut past);
        let phones = draft.phones.iter().take(MAX_ELEMENTS);
        past.phones.extend(phones.map(|phone| self.phone_past(phone, patient)));
        past
    }

    /// Remembers a record that is not rejected, by what [`LookBack::look_up`] answered about it.
    pub fn insert(&mut self, past: EarlierRecords) {
        if self.young.records == self.window {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        let EarlierRecords { mut resident_ids, mut phones, first_of_january, is_dated, person, .. } = past;
        self.young.records += 1;
        self.young.patients.insert(person.patient);
        for id in resident_ids.drain(..) {
            self.young.owners.insert(id.number, Owner { proof: id.proof, person });
        }
        for phone in phones.drain(..) {
            let is_new = !self.old.uses.contains(&phone.by_patient);
            self.young.add_use(phone.number, phone.by_patient, is_new);
        }
        self.first_of_january.add(is_dated, first_of_january.is_some());
        self.spare = (resident_ids, phones);
    }

    fn generations(&self) -> impl Iterator<Item = &Generation> {
        [&self.young, &self.old].into_iter()
    }

    fn look_up_resident_ids(&self, draft: &Draft, stated: Option<Date>, past: &mut EarlierRecords) {
        let person = &mut past.person;
        for identifier in resident_ids(draft).take(MAX_ELEMENTS) {
            if past.resident_ids.is_empty() {
                let birth_date = stated.or_else(|| draft.derived_birth_date());
                person.name = draft.name.as_ref().map(|name| self.keys.of_name(&name.text));
                person.birth_date = birth_date.map(|date| self.keys.of(date));
            }
            let [number, proof] = self.keys.wide(&identifier.value);
            let earlier = self.generations().find_map(|generation| generation.owners.get(&number));
            let earlier = earlier.filter(|owner| owner.proof == proof).map(|owner| owner.person);
            let holder = earlier.filter(|other| other.patient != person.patient).map(|other| OtherPatient {
                has_other_name: differ(other.name, person.name),
                has_other_birth_date: differ(other.birth_date, person.birth_date),
            });
            past.resident_ids.push(EarlierResidentId {
                position: identifier.position,
                holder,
                number,
                proof,
            });
        }
    }

    fn phone_past(&self, phone: &Positioned<Phone>, patient: KeyedHash) -> EarlierPhone {
        let number = self.keys.of(&phone.value.text);
        let by_patient = self.keys.of((number, patient));
        let is_known = self.generations().any(|generation| generation.uses.contains(&by_patient));
        let earlier = self.old.patients_with(number).all + self.young.patients_with(number).new;
        EarlierPhone {
            position: phone.position,
            patients: earlier + u32::from(!is_known),
            number,
            by_patient,
        }
    }
}

/// The resident ids by which a patient can be known, each number once: beside an old id stands its form of 18
/// characters. What was made up to fill the field is nobody's number.
fn resident_ids(draft: &Draft) -> impl Iterator<Item = &DraftIdentifier> {
    draft.identifiers.iter().filter(|identifier| {
        matches!(identifier.resident_id, Some(Ok(id @ ResidentId::Eighteen(_)))
            if id.is_valid() && !id.is_placeholder())
    })
}

fn is_first_of_january(date: Date) -> bool {
    (date.month(), date.day()) == (1, 1)
}

/// Whether two values are known to differ: nothing can be held against one that is not there.
fn differ(one: Option<KeyedHash>, other: Option<KeyedHash>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests;
