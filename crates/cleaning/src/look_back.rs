//! What the earlier records of one hospital in one batch say about the next one. Checks across records look back
//! only: no record waits for another, and the same batch always gets the same results.
//!
//! A record that is rejected, by its own rules or by what is found here, is not remembered: it is not stored, so it
//! must not affect later valid records. What the hospital's verification and the store say about a record comes later
//! and is not waited for.

mod earlier_records;
mod keyed_hash;
mod records;

pub use earlier_records::{EarlierPhone, EarlierRecords, EarlierResidentId, OtherPatient, Share};

use jiff::civil::Date;

use self::{
    keyed_hash::{HashKeys, KeyedHash},
    records::{Owner, Person, RememberedRecords},
};
use crate::{
    draft::{Draft, DraftIdentifier, Positioned},
    format::{phone::Phone, resident_id::ResidentId},
    patient::PartialDate,
    two_generations::TwoGenerations,
};

/// How many records back everything is known. Up to twice as many may be: see [`LookBack`].
const WINDOW: usize = 50_000;

/// How many resident ids and how many phones of one record are looked at. Patients have fewer, and no record
/// takes more than its share of the memory.
const MAX_ELEMENTS: usize = 8;

/// The earlier records of one hospital in one batch: no value of a patient, only keyed hashes.
///
/// Memory is bounded for batches of any length: a record with a resident id and a phone takes about 120 bytes, and
/// two generations of 50,000 of them 12 MB.
pub struct LookBack {
    keys: HashKeys,
    generations: TwoGenerations<RememberedRecords>,
    first_of_january: Share,
    /// The lists of the last record, empty: a record about which nothing is found allocates nothing.
    spare: (Vec<EarlierResidentId>, Vec<EarlierPhone>),
}

impl Default for LookBack {
    fn default() -> Self {
        Self::with_window(WINDOW)
    }
}

impl LookBack {
    fn with_window(window: usize) -> Self {
        Self {
            keys: HashKeys::random(),
            generations: TwoGenerations::new(window),
            first_of_january: Share::default(),
            spare: Default::default(),
        }
    }

    /// What the remembered records say about another one.
    pub fn look_up(&mut self, draft: &Draft) -> EarlierRecords {
        let patient = self.keys.hash(&draft.patient_id);
        let stated = match draft.birth_date.value() {
            Some(PartialDate::Day(date)) => Some(*date),
            _ => None,
        };
        let (resident_ids, phones) = std::mem::take(&mut self.spare);
        let mut earlier = EarlierRecords {
            patient_is_known: self.any(|records| records.patients.contains(&patient)),
            resident_ids,
            phones,
            first_of_january: stated.is_some_and(is_first_of_january).then_some(self.first_of_january),
            is_dated: stated.is_some(),
            person: Person { patient, name: None, birth_date: None },
        };
        self.look_up_resident_ids(draft, stated, &mut earlier);
        let phones = draft.phones.iter().take(MAX_ELEMENTS);
        earlier.phones.extend(phones.map(|phone| self.look_up_phone(phone, patient)));
        earlier
    }

    /// Remembers a record that is not rejected, by what [`LookBack::look_up`] returned about it.
    pub fn insert(&mut self, record: EarlierRecords) {
        let EarlierRecords { mut resident_ids, mut phones, first_of_january, is_dated, person, .. } = record;
        self.generations.make_room().add(person.patient);
        let [young, old] = self.generations.both_mut();
        for id in resident_ids.drain(..) {
            young.owners.insert(id.number, Owner { proof: id.proof, person });
        }
        for phone in phones.drain(..) {
            let is_new = !old.uses.contains(&phone.by_patient);
            young.add_use(phone.number, phone.by_patient, is_new);
        }
        self.first_of_january.add(is_dated, first_of_january.is_some());
        self.spare = (resident_ids, phones);
    }

    fn any(&self, is_known: impl Fn(&RememberedRecords) -> bool) -> bool {
        self.generations.both().into_iter().any(is_known)
    }

    fn look_up_resident_ids(&self, draft: &Draft, stated: Option<Date>, earlier: &mut EarlierRecords) {
        let person = &mut earlier.person;
        for identifier in resident_ids(draft).take(MAX_ELEMENTS) {
            if earlier.resident_ids.is_empty() {
                let birth_date = stated.or_else(|| draft.derived_birth_date());
                person.name = draft.name.as_ref().map(|name| self.keys.hash_name(&name.text));
                person.birth_date = birth_date.map(|date| self.keys.hash(date));
            }
            let [number, proof] = self.keys.hash_twice(&identifier.value);
            let owner = self.generations.both().into_iter().find_map(|records| records.owners.get(&number));
            let owner = owner.filter(|owner| owner.proof == proof).map(|owner| owner.person);
            let other_patient =
                owner.filter(|owner| owner.patient != person.patient).map(|owner| OtherPatient {
                    has_other_name: differ(owner.name, person.name),
                    has_other_birth_date: differ(owner.birth_date, person.birth_date),
                });
            let position = identifier.position;
            earlier.resident_ids.push(EarlierResidentId { position, other_patient, number, proof });
        }
    }

    fn look_up_phone(&self, phone: &Positioned<Phone>, patient: KeyedHash) -> EarlierPhone {
        let number = self.keys.hash(&phone.value.text);
        let by_patient = self.keys.hash((number, patient));
        let is_known = self.any(|records| records.uses.contains(&by_patient));
        let [young, old] = self.generations.both();
        let patients = old.patients_with(number).all + young.patients_with(number).new + u32::from(!is_known);
        EarlierPhone { position: phone.position, patients, number, by_patient }
    }
}

/// The resident ids that identify a patient, each number once: an old id is accompanied by its form of 18 characters.
/// Numbers that were made up to fill the field are left out.
fn resident_ids(draft: &Draft) -> impl Iterator<Item = &DraftIdentifier> {
    draft.identifiers.iter().filter(|identifier| {
        matches!(identifier.resident_id, Some(Ok(id @ ResidentId::Eighteen(_)))
            if id.is_valid() && !id.is_placeholder())
    })
}

fn is_first_of_january(date: Date) -> bool {
    (date.month(), date.day()) == (1, 1)
}

/// Whether two values are known to differ: an absent value differs from none.
fn differ(one: Option<KeyedHash>, other: Option<KeyedHash>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

#[cfg(test)]
mod tests;
