//! What tells whether a record that is sent again is the one that was sent before.

use sha2::{Digest as _, Sha256};

use super::{
    phi::Phi,
    record::{Payload, RawAddress, RawContact, RawIdentifier, RawPatient, RawRecord},
};

/// The first 16 bytes of SHA-256 over a record as it was sent: its id, its hospital, and its payload with the
/// payload's kind. Every text has its length before it, so that no two ways to split the same bytes are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResendDigest([u8; 16]);

impl ResendDigest {
    /// The digest of a record.
    pub fn from_record(record: &RawRecord) -> Self {
        let mut hash = LengthPrefixed(Sha256::new());
        hash.text(&record.id);
        hash.text(&record.hospital_code);
        match &record.payload {
            Payload::Missing => hash.count(0),
            Payload::Fields(patient) => {
                hash.count(1);
                hash.patient(patient);
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

    /// The 16 bytes.
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

    fn texts<const N: usize>(&mut self, texts: [&Phi<String>; N]) {
        for text in texts {
            self.text(text);
        }
    }

    fn list<T>(&mut self, list: &[T], mut element: impl FnMut(&mut Self, &T)) {
        self.count(list.len());
        for one in list {
            element(self, one);
        }
    }

    /// Taken apart by name, so that a field that is added cannot be forgotten here.
    fn patient(&mut self, patient: &RawPatient) {
        let RawPatient {
            patient_id,
            name,
            gender,
            birth_date,
            identifiers,
            phones,
            addresses,
            contacts,
            nationality,
            ethnicity,
            marital_status,
            deceased,
            updated_at,
            version,
            age,
            gender_display,
            nationality_display,
            ethnicity_display,
            marital_status_display,
            birth_date_absent_reason,
        } = patient;
        self.texts([
            patient_id,
            &name.text,
            &name.family,
            &name.given,
            gender,
            birth_date,
            nationality,
            ethnicity,
            marital_status,
            deceased,
            updated_at,
            version,
            age,
            gender_display,
            nationality_display,
            ethnicity_display,
            marital_status_display,
            birth_date_absent_reason,
        ]);
        self.list(identifiers, |hash, RawIdentifier { kind, value, system }| {
            hash.texts([kind, value, system]);
        });
        self.list(phones, |hash, phone| hash.text(phone));
        self.list(addresses, |hash, RawAddress { text, division_code, postal_code, country }| {
            hash.texts([text, division_code, postal_code, country]);
        });
        self.list(contacts, |hash, RawContact { name, relation, phone }| {
            hash.texts([name, relation, phone]);
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    #[test]
    fn the_place_in_the_batch_does_not_count() {
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
