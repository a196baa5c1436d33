//! No patient data gets out: records full of canaries go through every path, and nothing that may not hold
//! them does.
//!
//! A canary is a text that stands nowhere else. What may hold one: the columns that are there for it, and the
//! hospital's own API.

use std::{process::Command, sync::Arc, time::Duration};

use async_trait::async_trait;
use cleaning::{
    outcome::Outcome,
    patient::Patient,
    record::{BatchId, Payload, RawBatch, RawRecord},
};
use dataprocessing::{
    client::hospital_api::{CallFault, HospitalApi, Verdict, VerificationClient},
    config,
    context::RequestContext,
    logic::calls::batch_process::BatchProcessLogic,
    server::{
        DESCRIPTORS,
        pb::{self, PatientData, data_processing_client::DataProcessingClient, patient_data},
    },
    svc::Hospital,
    telemetry,
};
use prost_reflect::{self as reflect, DescriptorPool, DynamicMessage, Kind, MessageDescriptor};
use serde_json::{Value, json};
use tokio::time::Instant;
use tracing::trace;

use crate::support::{
    config_file::config_file,
    process::{ServiceProcess, binary},
    query::texts,
    records::{raw_json, request},
    service::{TestService, simulator},
};

/// Stands in every value of every record.
const CANARY: &str = "Kanarienvogel";
/// The same in Han characters.
const HAN_CANARY: &str = "金丝雀";
/// The same in digits.
const DIGIT_CANARY: &str = "80211977";

/// Every ending by which the simulator is told what to do.
const FATES: [&str; 10] = [
    "",
    "-mismatch",
    "-notfound",
    "-illegal",
    "-status-500",
    "-status-429",
    "-status-400",
    "-garbage",
    "-huge",
    "-cut",
];

#[tokio::test]
async fn no_canary_leaves_the_process_but_to_its_column_and_its_hospital() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = simulator(Duration::ZERO).await;
    let config = config_file(directory.path(), &simulator, "log: {level: trace}");
    let process = ServiceProcess::start(binary(), &config);
    let mut client = DataProcessingClient::new(process.channel().await).max_decoding_message_size(usize::MAX);

    let response = client.batch_process(request(records())).await.unwrap().into_inner();
    let summary = response.summary.clone().unwrap();
    let counts = [summary.stored, summary.rejected, summary.failed];
    assert!(counts.iter().all(|count| *count >= 2), "every path was taken: {counts:?}");
    // The deadline cuts these while the hospital hangs.
    let mut late = tonic::Request::new(request(vec![raw_json("hang", "febrl", febrl("-hang", "19990219"))]));
    late.set_timeout(Duration::from_millis(500));
    let cut = client.batch_process(late).await.unwrap().into_inner();
    let mut refused = request(records());
    refused.batch_id = format!("{CANARY}\n");
    let status = client.batch_process(refused).await.err().expect("a batch id with a line break is refused");

    for answer in [format!("{:?}", shown(&response)), format!("{:?}", shown(&cut)), format!("{status:?}")] {
        assert_no_canary("an answer", &answer);
    }
    process.signal("TERM");
    let log = process.log_until_the_end().await;
    assert!(log.contains("\"level\":\"TRACE\""), "the log is as loud as can be");
    assert_no_canary("the log", &log);

    let database = format!("sqlite://{}", directory.path().join("test.db").display());
    assert_only_its_columns_hold_canaries(&database).await;
    simulator.stop().await.unwrap();
}

/// Runs in a process of its own, for the log and the panic hook of a process are one.
#[tokio::test]
async fn a_panic_over_a_patient_prints_no_canary() {
    const INSIDE: &str = "CANARY_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return verify_with_a_hospital_that_panics().await;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "canary::a_panic_over_a_patient_prints_no_canary", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let printed =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_no_canary("the output of a process that panicked", &printed);
    assert!(output.status.success());
    assert!(printed.contains("panicked") && printed.contains("looking at a patient"), "both were logged");
}

/// A hospital's client with a bug, that moreover logs what it has in hand.
struct Careless;

#[async_trait]
impl VerificationClient for Careless {
    async fn verify(&self, patient: &Patient, _until: Instant) -> Result<Verdict, CallFault> {
        trace!(?patient, id = %patient.patient_id, name = ?patient.name, "looking at a patient");
        panic!("a bug over {}", patient.patient_id.as_str());
    }
}

async fn verify_with_a_hospital_that_panics() {
    let mut logging = config::Config::shipped().log;
    logging.level = "trace".to_owned();
    telemetry::start(&logging);
    let service = TestService::start().await;
    let profile = Arc::clone(&profiles::shipped()["febrl"]);
    let verify = profile.verify.as_ref().expect("the profile names an API");
    let verification = HospitalApi::new(&profile.code, verify, Arc::new(Careless), 4);
    let hospital = Hospital { profile, verification: Some(verification) };
    let svc = service.with_hospital(hospital);
    let record = RawRecord {
        index: 0,
        id: "r".into(),
        hospital_code: "febrl".into(),
        payload: Payload::Json(febrl("", "19990219").into()),
    };
    trace!(?record, "looking at a record");
    let batch =
        RawBatch { id: BatchId::made("b"), records: vec![record], validate_only: false, reject_limit: None };
    let context = RequestContext::within(Duration::from_secs(20));
    let report = BatchProcessLogic::new(context, svc).run(batch).await.expect("there is time");
    assert_eq!(report.counts.by_outcome[Outcome::Failed], 1);
    service.ended().await;
}

/// A record of the `febrl` hospital with a canary in every value.
fn febrl(fate: &str, born: &str) -> String {
    json!({
        "rec_id": format!("{CANARY}-{DIGIT_CANARY}{fate}"), "given_name": CANARY, "surname": CANARY,
        "street_number": DIGIT_CANARY, "address_1": CANARY, "suburb": CANARY, "postcode": DIGIT_CANARY,
        "state": CANARY, "date_of_birth": born, "soc_sec_id": DIGIT_CANARY, "note": CANARY, HAN_CANARY: 1,
    })
    .to_string()
}

/// A record of the `renmin` hospital with a canary in every value.
fn renmin(place: usize) -> Value {
    json!({
        "blh": format!("{DIGIT_CANARY}{place}"), "xm": HAN_CANARY, "xb": "女", "csrq": "1990-05-21",
        "sfzh": DIGIT_CANARY, "lxdh": DIGIT_CANARY, "xzz": HAN_CANARY, "lxrxm": HAN_CANARY, "gj": "中国",
    })
}

fn records() -> Vec<PatientData> {
    let fates = FATES.iter().enumerate().map(|(place, fate)| {
        let json = febrl(&format!("{place}{fate}"), "19990219");
        raw_json(&format!("fate{place}"), "febrl", json)
    });
    let wrong = [CANARY, DIGIT_CANARY, "19991332", ""]
        .iter()
        .enumerate()
        .map(|(place, born)| raw_json(&format!("born{place}"), "febrl", febrl("", born)));
    let dirty =
        ["xb", "csrq", "gj", "xm", "sfzh", "gxsj", "swrq", "hyzk"].iter().enumerate().map(|(place, key)| {
            let mut record = renmin(place);
            record[key] = json!(format!("{CANARY}\u{FFFD}\0{HAN_CANARY}"));
            raw_json(&format!("dirty{place}"), "renmin", record.to_string())
        });
    let broken = [format!("{{\"xm\": \"{CANARY}\""), CANARY.to_owned(), format!("[\"{HAN_CANARY}\"]")];
    let broken = broken
        .into_iter()
        .enumerate()
        .map(|(place, text)| raw_json(&format!("broken{place}"), "renmin", text));
    let bytes = PatientData {
        id: "bytes".to_owned(),
        hospital_code: "renmin".to_owned(),
        payload: Some(patient_data::Payload::RawBytes(format!("{CANARY}\u{FF}").into_bytes().into())),
    };
    fates.chain(wrong).chain(dirty).chain(broken).chain([bytes, fields()]).collect()
}

/// A record in canonical field names with a canary in every field that the contract has.
fn fields() -> PatientData {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let patient = pool.get_message_by_name("dataprocessing.v1.RawPatient").expect("it is in the contract");
    PatientData {
        id: "fields".to_owned(),
        hospital_code: "renmin".to_owned(),
        payload: Some(patient_data::Payload::Patient(full_of_canaries(&patient).transcode_to().unwrap())),
    }
}

fn full_of_canaries(descriptor: &MessageDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        let value = match field.kind() {
            Kind::String => reflect::Value::String(format!("{CANARY}{HAN_CANARY}")),
            Kind::Message(inner) => reflect::Value::Message(full_of_canaries(&inner)),
            kind => panic!("{} is neither a text nor a message: {kind:?}", field.full_name()),
        };
        let value = if field.is_list() { reflect::Value::List(vec![value]) } else { value };
        message.set_field(&field, value);
    }
    message
}

/// An answer's parts that can be printed; the whole has no `Debug`.
fn shown(response: &pb::BatchProcessResponse) -> impl std::fmt::Debug {
    let results: Vec<_> =
        response.results.iter().map(|result| (result.id.clone(), result.issues.clone())).collect();
    (response.message.clone(), response.summary.clone(), results)
}

fn assert_no_canary(place: &str, text: &str) {
    for canary in [CANARY, HAN_CANARY, DIGIT_CANARY] {
        // The text itself is not printed: it may hold a patient.
        assert!(!text.contains(canary), "{place} holds a canary");
        assert!(!text.contains(&canary.escape_unicode().to_string()), "{place} holds an escaped canary");
    }
}

/// Asks every column of every table but those that are there for patient data.
async fn assert_only_its_columns_hold_canaries(database: &str) {
    let mut held = 0;
    let columns = "SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c \
                   WHERE m.type = 'table' AND m.name <> '_sqlx_migrations'";
    for column in texts(database, columns).await {
        let (table, name) = column.split_once('.').expect("our own text");
        let matches = [CANARY, HAN_CANARY, DIGIT_CANARY].map(|canary| {
            format!("instr(CAST(\"{name}\" AS TEXT), '{canary}') > 0 OR instr(\"{name}\", CAST('{canary}' AS BLOB)) > 0")
        });
        let sql = format!("SELECT CAST(count(*) AS TEXT) FROM \"{table}\" WHERE {}", matches.join(" OR "));
        let found = texts(database, &sql).await != ["0"];
        held += usize::from(found);
        assert!(!found || may_hold_patients(table, name), "{column} holds a canary");
    }
    assert!(held >= 5, "the canaries are where they belong");
}

fn may_hold_patients(table: &str, column: &str) -> bool {
    match table {
        "patients" => !matches!(column, "hospital_code" | "batch_id" | "issues" | "changes" | "stored_at"),
        "rejects" => column == "raw",
        _ => false,
    }
}
