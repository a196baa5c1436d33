//! Batches of sound records, each of a patient of its own.

use dataprocessing::server::pb::{BatchProcessRequest, PatientData, ResultView, patient_data::Payload};

/// A patient as the store knows them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Key {
    pub hospital: String,
    pub patient_id: String,
}

/// A batch and the patients of its records, in their order.
#[derive(Clone)]
pub(crate) struct Batch {
    pub request: BatchProcessRequest,
    pub keys: Vec<Key>,
}

impl Batch {
    /// `count` records from the hospitals in turn. All numbers of patients begin with the batch's id, so that
    /// no other batch has the same.
    pub(crate) fn new(id: &str, hospitals: &[&str], count: usize) -> Self {
        let keys: Vec<Key> = (0..count)
            .map(|place| Key {
                hospital: hospitals[place % hospitals.len()].to_owned(),
                patient_id: format!("{id}-{place}"),
            })
            .collect();
        let data_list = keys.iter().map(record).collect();
        let result_view = ResultView::All as i32;
        let request =
            BatchProcessRequest { batch_id: id.to_owned(), data_list, result_view, ..Default::default() };
        Self { request, keys }
    }

    pub(crate) fn id(&self) -> &str {
        &self.request.batch_id
    }

    /// Whether a patient is one of the batch's.
    pub(crate) fn has(&self, key: &Key) -> bool {
        let place = key.patient_id.strip_prefix(self.id()).and_then(|rest| rest.strip_prefix('-'));
        place.and_then(|place| place.parse::<usize>().ok()).is_some_and(|place| place < self.len())
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// A record that the rules have nothing against.
fn record(key: &Key) -> PatientData {
    let json = serde_json::json!({
        "rec_id": key.patient_id, "given_name": "lachlan", "surname": "berry", "street_number": "69",
        "address_1": "giblin street", "suburb": "bittern", "postcode": "4814", "state": "qld",
        "date_of_birth": "19990219", "soc_sec_id": "7364009",
    });
    PatientData {
        id: key.patient_id.clone(),
        hospital_code: key.hospital.clone(),
        payload: Some(Payload::RawJson(json.to_string())),
    }
}
