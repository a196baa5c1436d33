//! What tells whether a record that is sent again is the one that was sent before.

use sha2::{Digest as _, Sha256};

use crate::{
    phi::Phi,
    record::{Payload, RawPatient, RawRecord, ScalarField},
};

/// The first 16 bytes of SHA-256 over a record as it was sent: its id, its hospital, and its payload with the
/// payload's kind. Every text has its length before it, so that no two ways to split the same bytes are equal.
///
/// Digests are stored with their batches, so what goes into them must not change. A field that is added to
/// [`RawPatient`] goes in only where it is present: the digests of records without it stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResendDigest([u8; 16]);

/// The fields that go in whether present or not, in alphabetical order: those of the first version.
const FIRST_FIELDS: [&str; 29] = [
    "addresses.country",
    "addresses.division_code",
    "addresses.postal_code",
    "addresses.text",
    "age",
    "birth_date",
    "birth_date_absent_reason",
    "contacts.name",
    "contacts.phone",
    "contacts.relation",
    "deceased",
    "ethnicity",
    "ethnicity_display",
    "gender",
    "gender_display",
    "identifiers.system",
    "identifiers.type",
    "identifiers.value",
    "marital_status",
    "marital_status_display",
    "name.family",
    "name.given",
    "name.text",
    "nationality",
    "nationality_display",
    "patient_id",
    "phones",
    "updated_at",
    "version",
];

/// How many of [`ScalarField::ALL`] are among them.
const FIRST_SCALARS: usize = 15;

impl ResendDigest {
    /// The version of the way in which digests are computed.
    pub const VERSION: u16 = 1;

    pub fn from_record(record: &RawRecord) -> Self {
        let mut hash = LengthPrefixed(Sha256::new());
        hash.text(&record.id);
        hash.text(&record.hospital_code);
        match &record.payload {
            Payload::Missing => hash.count(0),
            Payload::Fields(patient) => {
                hash.count(1);
                hash.first_fields(patient);
                hash.later_fields(patient, &FIRST_FIELDS);
            }
            Payload::Json(text) => {
                hash.count(2);
                hash.text(text);
            }
            Payload::Bytes(bytes) => {
                hash.count(3);
                hash.bytes(bytes);
            }
        }
        let whole: [u8; 32] = hash.0.finalize().into();
        Self::from_bytes(&whole[..16]).expect("16 bytes")
    }

    /// From what [`ResendDigest::as_bytes`] gave; none if it has another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A hash into which nothing goes without its length or count.
struct LengthPrefixed(Sha256);

impl LengthPrefixed {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn texts(&mut self, texts: &[&Phi<String>]) {
        texts.iter().for_each(|text| self.text(text));
    }

    fn list<T>(&mut self, list: &[T], mut element: impl FnMut(&mut Self, &T)) {
        self.count(list.len());
        for one in list {
            element(self, one);
        }
    }

    /// The scalar fields with the name after the first, then the lists.
    fn first_fields(&mut self, patient: &RawPatient) {
        self.text(&patient.patient_id);
        self.texts(&patient.name.texts()[..3]);
        for field in &ScalarField::ALL[1..FIRST_SCALARS] {
            self.text(&patient[*field]);
        }
        self.list(&patient.identifiers, |hash, identifier| hash.texts(&identifier.texts()[..3]));
        self.list(&patient.phones, |hash, phone| hash.text(phone));
        self.list(&patient.addresses, |hash, address| hash.texts(&address.texts()[..4]));
        self.list(&patient.contacts, |hash, contact| hash.texts(&contact.texts()[..3]));
    }

    /// What is present of the fields that were added to the first ones, each with its name and its position.
    fn later_fields(&mut self, patient: &RawPatient, first: &[&str]) {
        patient.visit_texts(|field, position, text| {
            if !text.is_empty() && first.binary_search(&field).is_err() {
                self.text(field);
                self.count(position.map_or(0, |position| position as usize + 1));
                self.text(text);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{field_names, record::RawContact};

    fn record(id: &str, hospital_code: &str, payload: Payload) -> RawRecord {
        RawRecord { index: 7, id: id.into(), hospital_code: hospital_code.into(), payload }
    }

    fn json(id: &str, hospital_code: &str, text: &str) -> ResendDigest {
        ResendDigest::from_record(&record(id, hospital_code, Payload::Json(text.into())))
    }

    fn fields(change: impl FnOnce(&mut RawPatient)) -> ResendDigest {
        let mut patient = RawPatient::default();
        change(&mut patient);
        ResendDigest::from_record(&record("r", "h", Payload::Fields(Box::new(patient))))
    }

    fn hex(patient: RawPatient) -> String {
        let digest = ResendDigest::from_record(&record("r1", "h1", Payload::Fields(Box::new(patient))));
        digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A digest that changed would turn every batch that is sent again into another one.
    #[test]
    fn the_digests_of_known_records_are_those_of_their_version() {
        assert_eq!(ResendDigest::VERSION, 1);
        assert_eq!(hex(RawPatient::default()), "f96de5912c0525a758e7d31f978df575");
        let mut first = RawPatient::named();
        for field in ScalarField::ALL.into_iter().skip(FIRST_SCALARS) {
            first[field].clear();
        }
        assert_eq!(hex(first), "c8112e128ea352b3693fb63c65f2f7c8");
    }

    /// The digest of the fields of a patient that are not among the first.
    fn later(first: &[&str], change: impl FnOnce(&mut RawPatient)) -> [u8; 32] {
        let mut patient = RawPatient::default();
        change(&mut patient);
        let mut hash = LengthPrefixed(Sha256::new());
        hash.later_fields(&patient, first);
        hash.0.finalize().into()
    }

    #[test]
    fn a_field_that_was_added_later_goes_in_only_where_it_is_present() {
        let first = ["age", "gender"];
        let none = later(&first, |patient| (patient.age, patient.gender) = ("1".into(), "1".into()));
        assert_eq!(none, <[u8; 32]>::from(Sha256::new().finalize()));
        let phones = |phones: &[&str]| {
            later(&first, |patient| patient.phones = phones.iter().map(|&phone| phone.into()).collect())
        };
        let all = [
            later(&first, |patient| patient.version = "1".into()),
            later(&first, |patient| patient.deceased = "1".into()),
            phones(&["1"]),
            phones(&["", "1"]),
            phones(&["", "", "1"]),
            none,
        ];
        for (index, digest) in all.iter().enumerate() {
            assert!(!all[..index].contains(digest), "{index}");
        }
        // A list without its first element is not the element alone: positions count from 1.
        let mut by_hand = LengthPrefixed(Sha256::new());
        by_hand.text("phones");
        by_hand.count(2);
        by_hand.text("1");
        assert_eq!(phones(&["", "1"]), <[u8; 32]>::from(by_hand.0.finalize()));
    }

    #[test]
    fn every_field_goes_in() {
        for field in field_names::texts() {
            assert_ne!(hex(RawPatient::named_without(field)), hex(RawPatient::named()), "{field}");
        }
    }

    #[test]
    fn the_first_fields_are_known_ones_in_alphabetical_order() {
        assert!(FIRST_FIELDS.is_sorted());
        assert!(FIRST_FIELDS.iter().all(|field| field_names::texts().any(|known| known == *field)));
        assert!(ScalarField::ALL[..FIRST_SCALARS].iter().all(|field| FIRST_FIELDS.contains(&field.name())));
    }

    #[test]
    fn the_index_in_the_batch_does_not_count() {
        let at = |index| RawRecord { index, ..record("r", "h", Payload::Missing) };
        assert_eq!(ResendDigest::from_record(&at(1)), ResendDigest::from_record(&at(2)));
    }

    #[test]
    fn the_kind_of_the_payload_counts() {
        let bytes = Payload::Bytes(bytes::Bytes::from_static(b"{}").into());
        let all = [
            ResendDigest::from_record(&record("r", "h", Payload::Missing)),
            json("r", "h", "{}"),
            ResendDigest::from_record(&record("r", "h", bytes)),
            fields(|_| ()),
        ];
        for (place, digest) in all.iter().enumerate() {
            assert!(!all[..place].contains(digest), "{place}");
        }
    }

    #[test]
    fn a_value_in_another_field_or_list_is_another_record() {
        let all = [
            fields(|patient| patient.gender = "1".into()),
            fields(|patient| patient.version = "1".into()),
            fields(|patient| patient.phones = vec!["1".into()]),
            fields(|patient| patient.phones = vec!["1".into(), "".into()]),
            fields(|patient| patient.name.text = "1".into()),
            fields(|patient| patient.contacts = vec![RawContact { name: "1".into(), ..Default::default() }]),
        ];
        for (place, digest) in all.iter().enumerate() {
            assert!(!all[..place].contains(digest), "{place}");
        }
    }

    proptest! {
        #[test]
        fn the_same_bytes_split_otherwise_are_another_record(text in "[ab]{0,12}", cuts in any::<[usize; 4]>()) {
            let split = |one: usize, other: usize| {
                let (one, other) = (one % (text.len() + 1), other % (text.len() + 1));
                let (first, second) = (one.min(other), one.max(other));
                (&text[..first], &text[first..second], &text[second..])
            };
            let (one, other) = (split(cuts[0], cuts[1]), split(cuts[2], cuts[3]));
            let digest = |(id, hospital_code, payload)| json(id, hospital_code, payload);
            prop_assert_eq!(digest(one) == digest(other), one == other);
        }

        #[test]
        fn a_digest_is_read_back(bytes in any::<[u8; 16]>()) {
            prop_assert_eq!(ResendDigest::from_bytes(&bytes).map(|digest| digest.as_bytes().to_vec()), Some(bytes.to_vec()));
            prop_assert_eq!(ResendDigest::from_bytes(&bytes[1..]), None);
        }
    }
}
