//! Synthetic records for tests.

use dataprocessing::server::pb::{
    BatchProcessRequest, PatientData, RawIdentifier, RawName, RawPatient, ResultView, patient_data::Payload,
};

/// A sound record of the `febrl` hospital whose patient is `patient_id`.
pub(crate) fn febrl(id: &str, patient_id: &str) -> PatientData {
    let json = serde_json::json!({
        "rec_id": patient_id, "given_name": "lachlan", "surname": "berry", "street_number": "69",
        "address_1": "giblin street", "suburb": "bittern", "postcode": "4814", "state": "qld",
        "date_of_birth": "19990219", "soc_sec_id": "7364009",
    });
    raw_json(id, "febrl", json.to_string())
}

/// A record of any hospital as the source's own JSON text.
pub(crate) fn raw_json(id: &str, hospital_code: &str, json: impl Into<String>) -> PatientData {
    PatientData {
        id: id.to_owned(),
        hospital_code: hospital_code.to_owned(),
        payload: Some(Payload::RawJson(json.into())),
    }
}

/// A sound record in canonical field names.
pub(crate) fn canonical(id: &str, patient_id: &str) -> PatientData {
    let patient = RawPatient {
        patient_id: patient_id.to_owned(),
        name: Some(RawName { text: "lachlan berry".to_owned(), ..Default::default() }),
        birth_date: "19990219".to_owned(),
        identifiers: vec![RawIdentifier {
            r#type: "99".to_owned(),
            value: "7364009".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    };
    PatientData {
        id: id.to_owned(),
        hospital_code: "febrl".to_owned(),
        payload: Some(Payload::Patient(patient)),
    }
}

/// `count` sound records of as many patients.
pub(crate) fn many(count: usize) -> Vec<PatientData> {
    (0..count).map(|place| febrl(&format!("r{place}"), &format!("p{place}"))).collect()
}

/// A request that asks for every result.
pub(crate) fn request(data_list: Vec<PatientData>) -> BatchProcessRequest {
    BatchProcessRequest { data_list, result_view: ResultView::All as i32, ..Default::default() }
}
