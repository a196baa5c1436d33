//! What it costs to decode a request: `cargo bench --bench decode`. Speeds are records a second.

use bytes::Bytes;
use dataprocessing::server::pb::{BatchProcessRequest, PatientData, patient_data::Payload};
use divan::counter::{BytesCount, ItemsCount};
use prost::Message;

mod febrl;

const RECORDS: usize = 10_000;

fn request() -> Bytes {
    let records = [febrl::records(RECORDS / 2, 0), febrl::records(RECORDS / 2, 1)].concat();
    let record = |(place, text)| PatientData {
        id: format!("record-{place}"),
        hospital_code: febrl::HOSPITAL.to_owned(),
        payload: Some(Payload::RawJson(text)),
    };
    let data_list = records.into_iter().enumerate().map(record).collect();
    BatchProcessRequest { data_list, ..Default::default() }.encode_to_vec().into()
}

#[divan::bench]
fn a_request_of_10_000_records(bencher: divan::Bencher<'_, '_>) {
    let bytes = request();
    bencher
        .counter(ItemsCount::new(RECORDS))
        .counter(BytesCount::new(bytes.len()))
        .bench(|| BatchProcessRequest::decode(bytes.clone()).expect("what was encoded can be decoded"));
}

fn main() {
    divan::main();
}
