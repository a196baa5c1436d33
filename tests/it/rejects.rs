//! `dataprocessing rejects`, as the people who repair feeds call it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
    sync::Arc,
    time::Duration,
};

use cleaning::{outcome::Outcome, rules};
use dataprocessing::{
    model::{Chunk, Content, Row},
    server::pb::{PatientData, patient_data::Payload},
};
use serde_json::Value;
use tokio::time::Instant;

use crate::support::{
    database::TestDatabase,
    process::binary,
    records::{canonical, raw_json, request},
    service::TestService,
};

fn command(url: &str, arguments: &[&str]) -> Command {
    let mut command = binary();
    command.arg("rejects").args(arguments).env("DATAPROCESSING__STORE__URL", url);
    command
}

fn rejects(url: &str, arguments: &[&str]) -> Output {
    command(url, arguments).output().expect("the binary runs")
}

fn listed(output: &Output) -> &str {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

fn cells(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
    reader.records().map(|record| cells(record.expect("every line has as many cells"))).collect()
}

/// Writes `count` rejects whose raw records begin with `raw `.
async fn write(database: &TestDatabase, batch_id: &str, count: u32) {
    let store = database.store().await;
    let row = |index| Row {
        index,
        record_id: format!("r{index}").into(),
        hospital_code: "h1".into(),
        raw: bytes::Bytes::from(format!("raw {index}")).into(),
        issues: Arc::from([rules::find("NAME_MISSING").expect("a rule").issue(None)]),
        changes: Arc::from([]),
        attempts: 0,
        retryable: false,
        digest: None,
        content: Content::Settled(Outcome::Rejected),
    };
    let chunk = Chunk { batch_id: batch_id.into(), resumes: false, rows: (0..count).map(row).collect() };
    store.write(&chunk, Instant::now() + Duration::from_secs(20)).await;
    store.close().await;
}

/// Every page is read, and each record once.
async fn all_rejects_are_listed(database: &TestDatabase) {
    write(database, "nightly", 1_203).await;
    for (arguments, raw) in [(&[][..], None), (&["--with-raw"], Some("raw 1202"))] {
        let output = rejects(database.url(), &[&["--batch", "nightly"], arguments].concat());
        let lines = cells(listed(&output));
        assert_eq!(lines[0][..3], ["index", "id", "hospital_code"]);
        let indexes: Vec<_> =
            lines[1..].iter().map(|line| line[0].parse::<u32>().expect("an index")).collect();
        assert_eq!(indexes, (0..1_203).collect::<Vec<_>>());
        assert_eq!(lines[1_203].get(9).map(String::as_str), raw);
    }
}

#[tokio::test]
async fn all_rejects_are_listed_from_sqlite() {
    all_rejects_are_listed(&TestDatabase::sqlite()).await;
}

#[tokio::test]
async fn all_rejects_are_listed_from_postgres() {
    all_rejects_are_listed(&TestDatabase::postgres().await).await;
}

#[tokio::test]
async fn the_rejects_of_a_running_service_are_listed_in_the_senders_words() {
    let service = TestService::start().await;
    // What a hospital sends in GB 18030 and no reader of UTF-8 would see whole.
    let bytes: &[u8] =
        b"{\"blh\":\"0007\",\"xm\":\"\xD5\xC5\xC8\xFD\",\"xb\":\"\xC4\xD0\",\"csrq\":\"19491331\"}";
    let payload = Some(Payload::RawBytes(bytes.into()));
    let mut asked = request(vec![
        canonical("sound", "p1"),
        PatientData { id: "=cmd".into(), hospital_code: "renmin".into(), payload },
        raw_json("unknown", "nowhere", r#"{"xm":"张三"}"#),
    ]);
    asked.batch_id = "today".into();
    service.process(asked).await.unwrap();
    let url = &service.database_url;

    let table = cells(listed(&rejects(url, &["--batch", "today"])));
    let birth_date = table.iter().find(|line| line[3] == "BIRTH_DATE_NOT_IN_CALENDAR").expect("listed");
    assert_eq!(birth_date[..3], ["1", "'=cmd", "renmin"]);
    assert_eq!(birth_date[4..7], ["error", "birth_date", "csrq"]);
    assert!(birth_date[8].starts_with("the date of birth does not exist in the calendar"));
    assert!(table.iter().all(|line| line.len() == 9 && line[1] != "sound"));

    let output = rejects(url, &["--batch", "today", "--format", "ndjson", "--with-raw", "--language", "zh"]);
    let records: Vec<Value> =
        listed(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&records[0]["index"], &records[0]["id"]), (&Value::from(1), &Value::from("=cmd")));
    let in_base64 = "eyJibGgiOiIwMDA3IiwieG0iOiLVxcj9IiwieGIiOiLE0CIsImNzcnEiOiIxOTQ5MTMzMSJ9";
    assert_eq!((&records[0]["raw_base64"], records[0].get("raw")), (&Value::from(in_base64), None));
    assert_eq!(records[1]["raw"], r#"{"xm":"张三"}"#);
    assert_eq!(records[1]["issues"][0]["code"], "HOSPITAL_UNKNOWN");
    assert!(records[1]["issues"][0]["message"].as_str().is_some_and(|message| !message.is_ascii()));
    assert_eq!(records.len(), 2);
    service.ended().await;
}

#[tokio::test]
async fn reading_raw_records_is_logged_without_them() {
    let database = TestDatabase::sqlite();
    write(&database, "nightly", 3).await;
    let logged = |arguments: &[&str]| {
        let arguments = [&["--batch", "nightly"], arguments].concat();
        let output = command(database.url(), &arguments)
            .env("DATAPROCESSING__LOG__FORMAT", "json")
            .env("DATAPROCESSING__LOG__LEVEL", "trace")
            .output()
            .expect("the binary runs");
        assert_eq!(listed(&output).contains("raw 2"), arguments.contains(&"--with-raw"));
        String::from_utf8(output.stderr).expect("UTF-8")
    };
    let log = logged(&["--with-raw"]);
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let warning = lines.iter().find(|line| line["level"] == "WARN").expect("a warning");
    assert_eq!((&warning["batch_id"], &warning["records"]), (&Value::from("nightly"), &Value::from(3)));
    assert!(!log.contains("raw 2"), "{log}");
    assert!(!logged(&[]).contains("WARN"));
}

#[tokio::test]
async fn a_batch_that_cannot_be_listed_is_an_error_and_one_without_rejects_is_not() {
    let database = TestDatabase::sqlite();
    write(&database, "sound", 0).await;
    database.execute("INSERT INTO batches (batch_id) VALUES ('sound')").await;
    let header = "index,id,hospital_code,code,severity,field,source_field,shape,message\n";
    assert_eq!(listed(&rejects(database.url(), &["--batch", "sound"])), header);
    assert_eq!(listed(&rejects(database.url(), &["--batch", "sound", "--format", "ndjson"])), "");

    let unknown = rejects(database.url(), &["--batch", "lost"]);
    assert_eq!((unknown.status.code(), &*unknown.stdout), (Some(1), b"".as_slice()));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("has no batch `lost`"));

    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("none.db").display());
    let nowhere = rejects(&url, &["--batch", "sound"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("none.db"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn whoever_has_seen_enough_may_stop_reading() {
    let database = TestDatabase::sqlite();
    // More than a pipe holds.
    write(&database, "nightly", 5_000).await;
    for format in ["csv", "ndjson"] {
        let mut child = command(database.url(), &["--batch", "nightly", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        assert!(lines.next().is_some_and(|line| line.is_ok()));
        drop(lines);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{format}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
