//! What a hospital is asked to verify: the canonical identity of a patient, as JSON.
//!
//! ```json
//! {"hospitalCode": "h1", "patientId": "42", "name": "...", "gender": "female", "birthDate": "1990-04-12",
//!  "identifiers": [{"type": "01", "value": "..."}]}
//! ```
//!
//! What the patient does not have is left out; `identifiers` is always there.

use serde::{Serialize, Serializer};

use cleaning::{
    patient::{Gender, Identifier, PartialDate, Patient},
    phi::Phi,
};

/// The size of a usual identity, so that its buffer seldom grows.
const USUAL_BYTES: usize = 512;

/// The JSON of a patient's identity.
pub(super) fn identity_json(patient: &Patient) -> Vec<u8> {
    let mut json = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut json, &IdentityBody::of(patient)).expect("an identity serialises into memory");
    json
}

/// The part of a patient that is sent. It borrows: nothing is copied before it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityBody<'a> {
    hospital_code: &'a str,
    patient_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<Phi<Gender>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<Phi<PartialDate>>,
    #[serde(serialize_with = "numbers")]
    identifiers: &'a [Identifier],
}

impl<'a> IdentityBody<'a> {
    fn of(patient: &'a Patient) -> Self {
        Self {
            hospital_code: &patient.hospital_code,
            patient_id: &patient.patient_id,
            name: patient.name.as_ref().map(|name| name.text.as_str()),
            gender: patient.gender,
            birth_date: patient.birth_date,
            identifiers: &patient.identifiers,
        }
    }
}

/// Writes identifiers without their issuing systems, which are no part of the identity.
fn numbers<S: Serializer>(identifiers: &[Identifier], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct IdentityNumber<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        value: &'a str,
    }
    serializer.collect_seq(identifiers.iter().map(|it| IdentityNumber { kind: &it.kind, value: &it.value }))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::{Value, json};

    use super::*;
    use cleaning::patient::Name;

    fn bare_patient() -> Patient {
        Patient { phones: vec!["+8613800000000".into()], ..Patient::unknown("h1", "42") }
    }

    fn written(patient: &Patient) -> Value {
        serde_json::from_slice(&identity_json(patient)).unwrap()
    }

    #[test]
    fn an_identity_holds_the_canonical_fields_and_nothing_else() {
        let patient = Patient {
            name: Some(Name { text: "Test Person".into(), family: None, given: None, pinyin: None }),
            gender: Some(Gender::Female.into()),
            birth_date: Some(PartialDate::Day(date(1990, 4, 12)).into()),
            identifiers: vec![Identifier {
                kind: "99".to_owned(),
                value: "0007".into(),
                system: Some("urn:test".into()),
            }],
            ..bare_patient()
        };
        let expected = json!({
            "hospitalCode": "h1", "patientId": "42", "name": "Test Person", "gender": "female",
            "birthDate": "1990-04-12", "identifiers": [{"type": "99", "value": "0007"}],
        });
        assert!(written(&patient) == expected);
    }

    #[test]
    fn what_a_patient_does_not_have_is_left_out() {
        let expected = json!({"hospitalCode": "h1", "patientId": "42", "identifiers": []});
        assert!(written(&bare_patient()) == expected);
    }

    #[test]
    fn a_birth_date_keeps_the_precision_that_is_known() {
        let patient = Patient { birth_date: Some(PartialDate::Month(1990, 4).into()), ..bare_patient() };
        assert!(written(&patient)["birthDate"] == "1990-04");
    }
}
