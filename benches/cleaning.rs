//! What cleaning one record costs, stage by stage, on one core: `cargo bench --bench cleaning`.
//!
//! The goals are 10 us for a FEBRL record and 20 us for a Chinese one with a phone, parsing not counted.

use std::hint::black_box;

use cleaning::{
    clean::clean,
    formatter::Formatter,
    json::parse_object,
    profile::{Profile, mapping::Mapped},
    record::Payload,
    rules::{self, ReceivedAt, RecordContext},
};
use jiff::Timestamp;

const FEBRL: &str = r#"{"rec_id": "rec-1496-org", "given_name": "mitchell", "surname": "green",
"street_number": "7", "address_1": "wallaby place", "address_2": "delmar", "suburb": "cleveland",
"postcode": "2119", "state": "sa", "date_of_birth": "19560409", "soc_sec_id": "1804974"}"#;

const RENMIN: &str = r#"{"blh": "00012345", "xm": "张 三", "xb": "女", "csrq": "1949年12月31日",
"sfzh": "110105 19491231 002x", "lxdh": "139 1234 5678 / 010-62345678", "xzz": "北京市朝阳区建国路1号", "yb": "100022",
"gj": "中国", "mzdm": "01", "hyzk": "已婚", "gxsj": "2024-05-01 08:00:00"}"#;

/// A FHIR Patient of the Synthea data set.
const SYNTHEA: &str = include_str!("../tests/data/synthea/patients-120.ndjson");

/// A record and the hospital that sends it.
struct Sample {
    profile: std::sync::Arc<Profile>,
    text: &'static str,
}

impl Sample {
    fn of(hospital_code: &str) -> Self {
        let text = match hospital_code {
            "febrl" => FEBRL,
            "renmin" => RENMIN,
            _ => SYNTHEA.lines().next().expect("a record"),
        };
        divisions::warm_up();
        cleaning::format::phone::warm_up();
        Self { profile: profiles::shipped()[hospital_code].clone(), text }
    }
}

const HOSPITALS: [&str; 3] = ["febrl", "renmin", "synthea"];

fn received_at() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("a time")
}

fn context<'a>(mapped: &'a Mapped, profile: &'a Profile, received: &'a ReceivedAt) -> RecordContext<'a> {
    RecordContext { raw: &mapped.patient, sources: &mapped.sources, profile, received }
}

#[divan::bench(args = HOSPITALS)]
fn a_parse(bencher: divan::Bencher<'_, '_>, hospital: &str) {
    let sample = Sample::of(hospital);
    bencher.bench(|| parse_object(black_box(sample.text)));
}

#[divan::bench(args = HOSPITALS)]
fn b_map(bencher: divan::Bencher<'_, '_>, hospital: &str) {
    let sample = Sample::of(hospital);
    let object = parse_object(sample.text).expect("an object");
    bencher.bench(|| sample.profile.mapping.map(black_box(&object)));
}

#[divan::bench(args = HOSPITALS)]
fn c_format(bencher: divan::Bencher<'_, '_>, hospital: &str) {
    let sample = Sample::of(hospital);
    let mapped = sample.profile.mapping.map(&parse_object(sample.text).expect("an object"));
    bencher.bench(|| Formatter::new(&sample.profile).draft(black_box(&mapped.patient)));
}

#[divan::bench(args = HOSPITALS)]
fn d_judge(bencher: divan::Bencher<'_, '_>, hospital: &str) {
    let sample = Sample::of(hospital);
    let mapped = sample.profile.mapping.map(&parse_object(sample.text).expect("an object"));
    let draft = Formatter::new(&sample.profile).draft(&mapped.patient);
    let received = ReceivedAt::new(received_at(), &sample.profile);
    let record = context(&mapped, &sample.profile, &received);
    bencher.bench(|| rules::judge(black_box(&draft), record));
}

/// Mapping, formatting and rules: the whole but for parsing.
#[divan::bench(args = HOSPITALS)]
fn e_map_format_and_judge(bencher: divan::Bencher<'_, '_>, hospital: &str) {
    let sample = Sample::of(hospital);
    let object = parse_object(sample.text).expect("an object");
    bencher.bench(|| {
        let mapped = sample.profile.mapping.map(black_box(&object));
        let draft = Formatter::new(&sample.profile).draft(&mapped.patient);
        let received = ReceivedAt::new(received_at(), &sample.profile);
        let issues = rules::judge(&draft, context(&mapped, &sample.profile, &received));
        (draft.into_patient(&sample.profile), issues)
    });
}

#[divan::bench(args = HOSPITALS)]
fn f_clean(bencher: divan::Bencher<'_, '_>, hospital: &str) {
    let sample = Sample::of(hospital);
    let payload = Payload::Json(sample.text.into());
    bencher.bench(|| clean(black_box(&payload), &sample.profile, received_at()));
}

fn main() {
    divan::main();
}
