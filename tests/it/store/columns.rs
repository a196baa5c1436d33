//! Every column of the tables that chunks write, through each statement that writes it: rows that are inserted as new,
//! rows that are upserted, and rows that replace others in which every value differs.

use std::collections::BTreeMap;

use cleaning::{
    change::{Change, ChangeKind},
    format::catalogue::{DATE_REFORMATTED, TEXT_CLEANED},
    patient::{Address, Contact, Deceased, Gender, PartialDate},
    record::{Payload, RawRecord},
    resend_digest::ResendDigest,
    rules,
    shape::Shape,
};

use super::*;

on_both_engines! {
    every_column_of_a_patient_is_inserted_upserted_and_replaced
    every_column_of_an_outcome_is_inserted_upserted_and_replaced
    every_column_of_a_reject_is_upserted_and_replaced
}

/// Enough that both engines take them for new rows that are worth a statement of their own.
const MANY: u32 = 500;

type Columns = BTreeMap<String, String>;

fn columns<const N: usize>(columns: [(&str, String); N]) -> Columns {
    columns.map(|(name, value)| (name.to_owned(), value)).into()
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All columns of one row, by their names in the database, so that one that is added is found here.
async fn read(database: &TestDatabase, table: &str, row: &str) -> Columns {
    let names = if database.is_postgres() {
        format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'")
    } else {
        format!("SELECT name FROM pragma_table_info('{table}')")
    };
    let mut columns = Columns::new();
    for name in database.column(&names).await {
        let text = match name.as_str() {
            "identifiers" | "raw" | "content_hash" | "digest" if database.is_postgres() => {
                format!("encode({name}, 'hex')")
            }
            "identifiers" | "raw" | "content_hash" | "digest" => format!("lower(hex({name}))"),
            "retryable" => "CASE WHEN retryable THEN 'yes' ELSE 'no' END".to_owned(),
            // Its moment cannot be foreseen.
            "stored_at" | "rejected_at" => {
                format!("CASE WHEN CAST({name} AS TEXT) > '2020' THEN 'now' ELSE 'before' END")
            }
            _ => format!("CAST({name} AS TEXT)"),
        };
        let sql = format!("SELECT coalesce({text}, 'NULL') FROM {table} WHERE {row}");
        columns.insert(name, database.column(&sql).await.concat());
    }
    columns
}

/// Checks that the two rows differ wherever they can.
fn assert_differ(one: &Columns, other: &Columns, same: &[&str]) {
    for (name, value) in one {
        assert_eq!(*value == other[name], same.contains(&name.as_str()), "{name}");
    }
}

fn issue(field: &'static str, source_field: &str) -> Arc<[Issue]> {
    Arc::from([Issue {
        source_field: Some(source_field.into()),
        shape: Some(Shape::from_text("1990/5/2")),
        ..Issue::warning(&MISSING, field)
    }])
}

/// As `rejects` and `patients` hold [`issue`].
fn issue_json(field: &str, source_field: &str) -> String {
    let shape = Shape::from_text("1990/5/2");
    format!(
        r#"{{"code":"EXAMPLE_MISSING","severity":"warning","field":"{field}","source_field":"{source_field}","shape":"{shape}"}}"#
    )
}

fn change(
    field: &'static str,
    rule: &'static cleaning::change::FormatRule,
    kind: ChangeKind,
) -> Arc<[Change]> {
    Arc::from([Change { field, position: None, rule, kind }])
}

/// Without `..`: a field that is added must be given here, and be expected below.
fn first_version(patient_id: &str) -> Patient {
    Patient {
        hospital_code: "h1".into(),
        patient_id: patient_id.into(),
        name: Some(Name {
            text: "李 雷".into(),
            family: Some("李".into()),
            given: Some("雷".into()),
            pinyin: Some("li lei".into()),
        }),
        gender: Some(Gender::Male.into()),
        birth_date: Some(PartialDate::Month(1980, 2).into()),
        identifiers: vec![Identifier { kind: "99".into(), value: "7".into(), system: None }],
        phones: vec!["+8613800138000".into()],
        addresses: vec![Address {
            text: "x".into(),
            division_code: None,
            postal_code: None,
            country: Some("CN".into()),
        }],
        contacts: vec![Contact { name: Some("M".into()), relation: None, phone: None }],
        nationality: Some("156".into()),
        ethnicity: Some("01".into()),
        marital_status: Some("20".into()),
        deceased: Some(Deceased::On(PartialDate::Year(2020)).into()),
        order: RecordOrder::UpdatedAt(1_700_000_000_000_000),
    }
}

fn second_version(patient_id: &str) -> Patient {
    Patient {
        hospital_code: "h1".into(),
        patient_id: patient_id.into(),
        name: Some(Name {
            text: "韩 梅梅".into(),
            family: Some("韩".into()),
            given: Some("梅梅".into()),
            pinyin: Some("han meimei".into()),
        }),
        gender: Some(Gender::Female.into()),
        birth_date: Some(PartialDate::Year(1991).into()),
        identifiers: vec![Identifier { kind: "04".into(), value: "8".into(), system: Some("s".into()) }],
        phones: vec!["+8613900139000".into()],
        addresses: Vec::new(),
        contacts: vec![Contact { name: None, relation: Some("1".into()), phone: Some("2".into()) }],
        nationality: Some("392".into()),
        ethnicity: Some("02".into()),
        marital_status: Some("10".into()),
        deceased: Some(Deceased::No.into()),
        order: RecordOrder::Version(5),
    }
}

fn expected_first(patient_id: &str, batch: &str) -> Columns {
    columns([
        ("hospital_code", "h1".into()),
        ("patient_id", patient_id.into()),
        ("name", "李 雷".into()),
        ("family_name", "李".into()),
        ("given_name", "雷".into()),
        ("name_pinyin", "li lei".into()),
        ("gender", "male".into()),
        ("birth_date", "1980-02".into()),
        ("deceased", "2020".into()),
        ("phones", r#"["+8613800138000"]"#.into()),
        ("addresses", r#"[{"text":"x","division_code":null,"postal_code":null,"country":"CN"}]"#.into()),
        ("contacts", r#"[{"name":"M","relation":null,"phone":null}]"#.into()),
        ("nationality", "156".into()),
        ("ethnicity", "01".into()),
        ("marital_status", "20".into()),
        ("identifiers", hex(r#"[{"type":"99","value":"7","system":null}]"#)),
        ("raw", hex("raw 7")),
        ("key_id", "NULL".into()),
        ("content_hash", hex(first_version(patient_id).content_hash())),
        ("hash_version", "1".into()),
        ("order_kind", "2".into()),
        ("order_value", "1700000000000000".into()),
        ("batch_id", batch.into()),
        ("batch_index", "7".into()),
        ("issues", format!("[{}]", issue_json("name", "xm"))),
        ("changes", r#"[{"field":"birth_date","rule":"F08","kind":"reformatted"}]"#.into()),
        ("stored_at", "now".into()),
    ])
}

fn expected_second(patient_id: &str, batch: &str) -> Columns {
    let overwritten = rules::IDENTITY_OVERWRITTEN.kind.code;
    let overwritten =
        |field: &str| format!(r#"{{"code":"{overwritten}","severity":"warning","field":"{field}"}}"#);
    let issues = [issue_json("phones", "dh"), overwritten("gender"), overwritten("birth_date")].join(",");
    columns([
        ("hospital_code", "h1".into()),
        ("patient_id", patient_id.into()),
        ("name", "韩 梅梅".into()),
        ("family_name", "韩".into()),
        ("given_name", "梅梅".into()),
        ("name_pinyin", "han meimei".into()),
        ("gender", "female".into()),
        ("birth_date", "1991".into()),
        ("deceased", "no".into()),
        ("phones", r#"["+8613900139000"]"#.into()),
        ("addresses", "[]".into()),
        ("contacts", r#"[{"name":null,"relation":"1","phone":"2"}]"#.into()),
        ("nationality", "392".into()),
        ("ethnicity", "02".into()),
        ("marital_status", "10".into()),
        ("identifiers", hex(r#"[{"type":"04","value":"8","system":"s"}]"#)),
        ("raw", hex("raw 3")),
        ("key_id", "NULL".into()),
        ("content_hash", hex(second_version(patient_id).content_hash())),
        ("hash_version", "1".into()),
        ("order_kind", "1".into()),
        ("order_value", "5".into()),
        ("batch_id", batch.into()),
        ("batch_index", "3".into()),
        ("issues", format!("[{issues}]")),
        ("changes", r#"[{"field":"name","rule":"F02","kind":"cleaned"}]"#.into()),
        ("stored_at", "now".into()),
    ])
}

/// Every text and number that a patient consists of.
fn leaves(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Null => Vec::new(),
        serde_json::Value::Array(list) => list.iter().flat_map(leaves).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(leaves).collect(),
        serde_json::Value::String(text) => vec![text.clone()],
        number => vec![number.to_string()],
    }
}

/// Checks that nothing of the patient is left out of the row.
fn assert_holds_all(row: &Columns, patient: &Patient) {
    for leaf in leaves(&serde_json::to_value(patient).expect("a patient serialises")) {
        let is_stored = row.values().any(|value| value.contains(&leaf) || value.contains(&hex(&leaf)));
        assert!(is_stored, "{leaf}");
    }
}

async fn every_column_of_a_patient_is_inserted_upserted_and_replaced(database: &TestDatabase) {
    let store = database.store().await;
    let first = |id| Row {
        issues: issue("name", "xm"),
        changes: change("birth_date", &DATE_REFORMATTED, ChangeKind::Reformatted),
        ..stored(7, first_version(id))
    };
    let second = |id| Row {
        issues: issue("phones", "dh"),
        changes: change("name", &TEXT_CLEANED, ChangeKind::Cleaned),
        ..stored(3, second_version(id))
    };
    let others = (10..MANY).map(|index| stored(index, patient(&format!("p{index}"), "name", 1)));
    let inserted = std::iter::once(first("a")).chain(others).collect();
    assert_eq!(write(&*store, "many", inserted).await[0], STORED);
    assert_eq!(write(&*store, "one", vec![first("b")]).await, [STORED]);
    for (id, batch) in [("a", "many"), ("b", "one")] {
        let row = format!("patient_id = '{id}'");
        assert_eq!(read(database, "patients", &row).await, expected_first(id, batch));
        let before = format!("UPDATE patients SET key_id = 'k1', stored_at = '2000-01-01' WHERE {row}");
        database.execute(&before).await;
        let overwritten = Overwritten { gender: true, birth_date: true, ..Overwritten::NOTHING };
        let replaced = Written::Stored { replaced: None, overwritten };
        assert_eq!(write(&*store, "again", vec![second(id)]).await, [replaced]);
        assert_eq!(read(database, "patients", &row).await, expected_second(id, "again"));
    }
    assert_holds_all(&expected_first("a", "many"), &first_version("a"));
    assert_holds_all(&expected_second("a", "again"), &second_version("a"));
    let same = ["hospital_code", "patient_id", "key_id", "hash_version", "stored_at"];
    assert_differ(&expected_first("a", "many"), &expected_second("a", "again"), &same);
}

fn digest(id: &str) -> Option<ResendDigest> {
    let record = RawRecord { index: 0, id: id.into(), hospital_code: "h1".into(), payload: Payload::Missing };
    Some(ResendDigest::from_record(&record))
}

fn digest_hex(id: &str) -> String {
    digest(id).map(|digest| hex(digest.as_bytes())).expect("a digest")
}

async fn every_column_of_an_outcome_is_inserted_upserted_and_replaced(database: &TestDatabase) {
    let store = database.store().await;
    let first = || Row {
        issues: issue("name", "xm"),
        retryable: true,
        digest: digest("one"),
        ..row(7, Content::Settled(Outcome::Failed))
    };
    let second = || Row {
        record_id: "other".into(),
        hospital_code: "h2".into(),
        issues: issue("phones", "dh"),
        attempts: 4,
        digest: digest("two"),
        ..row(7, Content::Settled(Outcome::Valid))
    };
    let shape = Shape::from_text("1990/5/2");
    let expected = |key: &str, values: [&str; 7], digest: String| {
        let [record_id, hospital_code, outcome, field, source_field, retryable, attempts] = values;
        columns([
            ("batch_key", key.into()),
            ("record_index", "7".into()),
            ("record_id", record_id.into()),
            ("hospital_code", hospital_code.into()),
            ("outcome", outcome.into()),
            (
                "issues",
                format!(r#"[["EXAMPLE_MISSING","warning","{field}",null,"{source_field}","{shape}"]]"#),
            ),
            ("retryable", retryable.into()),
            ("attempts", attempts.into()),
            ("digest", digest),
        ])
    };
    // A batch that is not sent again inserts.
    let others = (10..MANY).map(|index| row(index, Content::Settled(Outcome::Valid)));
    let rows = std::iter::once(first()).chain(others).collect();
    let chunk = Chunk { batch_id: "many".into(), resumes: false, rows };
    store.write(&chunk, Instant::now() + Duration::from_secs(20)).await;
    write(&*store, "one", vec![first()]).await;
    for batch in ["many", "one"] {
        let key = format!("SELECT CAST(batch_key AS TEXT) FROM batches WHERE batch_id = '{batch}'");
        let key = database.column(&key).await.concat();
        let row = format!("batch_key = {key} AND record_index = 7");
        let one = expected(&key, ["r7", "h1", "failed", "name", "xm", "yes", "1"], digest_hex("one"));
        assert_eq!(read(database, "outcomes", &row).await, one);
        write(&*store, batch, vec![second()]).await;
        let other = expected(&key, ["other", "h2", "valid", "phones", "dh", "no", "4"], digest_hex("two"));
        assert_eq!(read(database, "outcomes", &row).await, other);
        assert_differ(&one, &other, &["batch_key", "record_index"]);
    }
}

async fn every_column_of_a_reject_is_upserted_and_replaced(database: &TestDatabase) {
    let store = database.store().await;
    let first = Row {
        issues: issue("name", "xm"),
        digest: digest("one"),
        ..row(7, Content::Settled(Outcome::Rejected))
    };
    let second = Row {
        record_id: "other".into(),
        hospital_code: "h2".into(),
        raw: bytes::Bytes::from("other raw").into(),
        issues: issue("phones", "dh"),
        ..row(7, Content::Settled(Outcome::Rejected))
    };
    let expected = |key: &str, record_id: &str, hospital_code: &str, raw: &str, issues: String| {
        columns([
            ("batch_key", key.into()),
            ("record_index", "7".into()),
            ("record_id", record_id.into()),
            ("hospital_code", hospital_code.into()),
            ("raw", hex(raw)),
            ("key_id", "NULL".into()),
            ("issues", format!("[{issues}]")),
            ("rejected_at", "now".into()),
        ])
    };
    write(&*store, "batch", vec![first]).await;
    let key = database.column("SELECT CAST(batch_key AS TEXT) FROM batches").await.concat();
    let one = expected(&key, "r7", "h1", "raw 7", issue_json("name", "xm"));
    assert_eq!(read(database, "rejects", "record_index = 7").await, one);
    // The outcome has a digest, so it is final, and its reject is written over.
    database.execute("UPDATE rejects SET key_id = 'k1', rejected_at = '2000-01-01'").await;
    write(&*store, "batch", vec![second]).await;
    let other = expected(&key, "other", "h2", "other raw", issue_json("phones", "dh"));
    assert_eq!(read(database, "rejects", "record_index = 7").await, other);
    assert_differ(&one, &other, &["batch_key", "record_index", "key_id", "rejected_at"]);
}
