//! The catalogue is what the service does: batches of records reach every rule and every kind of formatting.

use std::{collections::BTreeSet, sync::Arc};

use cleaning::{
    format::{catalogue::CATALOGUE, date::DateFormat, patient_id::Characters},
    issue::Severity,
    profile::{Charset, Profile},
    rules,
};
use dataprocessing::server::pb::{
    BatchProcessResponse, PatientData, RawAddress, RawIdentifier, RawName, RawPatient, patient_data::Payload,
};
use serde_json::json;

use crate::support::{
    records::{canonical, febrl, raw_json, request},
    service::{Knobs, TestService},
};

/// Generated records of the hospital `renmin`, dirty in every way that its manifest lists.
const CHINESE: &str = include_str!("../data/chinese/records.ndjson");

#[tokio::test]
async fn every_rule_and_every_kind_of_formatting_is_reached() {
    let service = TestService::with(|knobs| {
        knobs.config.server.max_record_size = 16 * 1024;
        change(knobs, "renmin", |profile| {
            // The simulated hospital does not know the generated records.
            profile.verify = None;
            profile.pinyin = true;
            profile.rules.insert("BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID", Severity::Warning.into());
        });
        change(knobs, "harbour", |profile| {
            profile.patient_ids.characters = Characters::Digits;
            profile.patient_ids.width = Some(8);
            profile.date_formats.push(DateFormat::parse("dd/MM/yyyy").unwrap());
        });
    })
    .await;
    let (mut codes, mut formats) = (BTreeSet::new(), BTreeSet::new());
    for records in batches() {
        let response = service.process(request(records)).await.unwrap();
        codes.extend(found(&response));
        formats.extend(response.summary.unwrap().change_groups.into_iter().map(|group| group.rule));
    }
    let unreached = rules::catalogue().map(|rule| rule.kind.code).filter(|code| !codes.contains(*code));
    assert_eq!(unreached.collect::<Vec<_>>(), [""; 0]);
    let unreached = CATALOGUE.iter().map(|rule| rule.number).filter(|number| !formats.contains(*number));
    assert_eq!(unreached.collect::<Vec<_>>(), [""; 0]);
    service.ended().await;
}

#[test]
fn the_catalogue_is_whole() {
    let has = |number: &str| {
        rules::catalogue().any(|rule| rule.number == number)
            || CATALOGUE.iter().any(|rule| rule.number == number)
    };
    let expected =
        (1..=20).map(|number| format!("F{number:02}")).chain((1..=50).map(|number| format!("V{number:02}")));
    assert_eq!(expected.filter(|number| !has(number)).collect::<Vec<_>>(), [""; 0]);
}

fn change(knobs: &mut Knobs, hospital: &str, change: impl FnOnce(&mut Profile)) {
    let profile = knobs.profiles.get_mut(hospital).expect("a shipped profile");
    change(Arc::make_mut(profile));
}

fn found(response: &BatchProcessResponse) -> BTreeSet<String> {
    let issues = response.results.iter().flat_map(|result| &result.issues);
    issues.map(|issue| issue.code.clone()).collect()
}

fn batches() -> Vec<Vec<PatientData>> {
    let chinese = CHINESE.lines().zip(0..).map(|(text, index)| {
        let payload = match index % 2 {
            0 => Payload::RawJson(text.to_owned()),
            _ => Payload::RawBytes(Charset::Gb18030.encode(text).into()),
        };
        record(&format!("chinese {index}"), "renmin", payload)
    });
    let first_of_january =
        (0..60).map(|index| chart(&format!("J{index}"), "王五", "1980-01-01", "2024-05-01"));
    vec![
        chinese.collect(),
        ids_and_payloads(),
        fields(),
        people(),
        first_of_january.collect(),
        // The patient of `people` becomes another person, and is then sent in an older version.
        vec![chart("M1", "李四", "1962-03-04", "2024-06-01")],
        vec![chart("M1", "张三", "1949-12-31", "2024-04-01")],
    ]
}

fn record(id: &str, hospital_code: &str, payload: Payload) -> PatientData {
    PatientData { id: id.to_owned(), hospital_code: hospital_code.to_owned(), payload: Some(payload) }
}

/// What is wrong with a record before its fields are looked at, and what its hospital says of its patient.
fn ids_and_payloads() -> Vec<PatientData> {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(70), "]".repeat(70));
    vec![
        febrl("twice", "p1"),
        febrl("twice", "p2"),
        febrl("", "p3"),
        febrl("n\0l", "p4"),
        febrl(&"x".repeat(129), "p5"),
        raw_json("unknown", "nowhere", "{}"),
        raw_json("array", "febrl", "[]"),
        raw_json("repeated key", "febrl", r#"{"rec_id": "p6", "rec_id": "p7"}"#),
        raw_json("deep", "febrl", deep),
        raw_json("large", "febrl", format!(r#"{{"rec_id": "{}"}}"#, "x".repeat(20_000))),
        PatientData { payload: None, ..febrl("nothing", "p8") },
        record("undecodable", "renmin", Payload::RawBytes(vec![b'{', 0xFF, b'}'].into())),
        febrl("mismatch", "p-mismatch"),
        febrl("not found", "p-notfound"),
        febrl("illegal", "p-illegal"),
    ]
}

/// Fields that the source's form of the generated records does not have.
fn fields() -> Vec<PatientData> {
    let changes: [fn(&mut RawPatient); 7] = [
        |raw| raw.age = "7".to_owned(),
        |raw| {
            raw.birth_date = String::new();
            raw.birth_date_absent_reason = "unknown".to_owned();
        },
        |raw| {
            raw.gender = "男".to_owned();
            raw.gender_display = "女".to_owned();
        },
        |raw| raw.gender_display = "女".to_owned(),
        |raw| raw.phones = vec!["13912345678".to_owned(); 101],
        |raw| raw.addresses = vec![RawAddress { text: "路".repeat(301), ..RawAddress::default() }],
        |raw| raw.version = "first".to_owned(),
    ];
    let changed = changes.into_iter().zip(0..).map(|(change, index)| {
        let mut raw = RawPatient {
            patient_id: format!("F{index}"),
            name: Some(RawName { text: "张三".to_owned(), ..RawName::default() }),
            birth_date: "1949-12-31".to_owned(),
            identifiers: vec![RawIdentifier { value: "E12345678".to_owned(), ..RawIdentifier::default() }],
            ..RawPatient::default()
        };
        change(&mut raw);
        record(&format!("field {index}"), "renmin", Payload::Patient(raw))
    });
    changed.chain(elsewhere()).collect()
}

/// Records of a hospital without a table of nationalities, and of one whose numbers of patients are described.
fn elsewhere() -> [PatientData; 3] {
    let with = |mut data: PatientData, change: fn(&mut RawPatient)| {
        if let Some(Payload::Patient(raw)) = &mut data.payload {
            change(raw);
        }
        data
    };
    let harbour = |data| PatientData { hospital_code: "harbour".to_owned(), ..data };
    [
        with(canonical("nationality", "p9"), |raw| raw.nationality = "XYZ".to_owned()),
        harbour(canonical("number", "p10")),
        with(harbour(canonical("short number", "123")), |raw| raw.birth_date = "31/12/1949".to_owned()),
    ]
}

/// Patients of one batch who share a resident id, a phone, or their own number.
fn people() -> Vec<PatientData> {
    let others = (0..8).map(|index| chart(&format!("P{index}"), "张三", "1949-12-31", "2024-05-01"));
    let people = [
        chart("M1", "张三", "1949-12-31", "2024-05-01"),
        PatientData { id: "again".to_owned(), ..chart("M1", "张三", "1949-12-31", "2024-05-01") },
        chart("M2", "李四", "1962-03-04", "2024-05-01"),
    ];
    people.into_iter().chain(others).collect()
}

/// A patient with the resident id of the standard's example.
fn chart(patient_id: &str, name: &str, birth_date: &str, updated_at: &str) -> PatientData {
    let json = json!({
        "blh": patient_id, "xm": name, "xb": "女", "csrq": birth_date, "sfzh": "11010519491231002X",
        "lxdh": "13912345678", "gxsj": updated_at,
    });
    raw_json(patient_id, "renmin", json.to_string())
}
