//! What a batch's summary says about causes, in the words of the sender and without a value.

use dataprocessing::server::pb::{BatchProcessResponse, IssueGroup, Language};
use serde_json::{Value, json};

use crate::support::{
    records::{raw_json, request},
    service::{TestService, balanced},
};

/// Sends records of the `renmin` hospital; each is the sound one with a change.
async fn groups(changes: &[Value], language: Language) -> (BatchProcessResponse, Vec<IssueGroup>) {
    let service = TestService::start().await;
    let records = changes.iter().enumerate().map(|(place, change)| {
        let mut record = json!({
            "blh": place.to_string(), "xm": "张三", "xb": "女", "csrq": "1949-12-31",
            "sfzh": "11010519491231002X", "lxdh": format!("139{:08}", place + 1),
        });
        for (key, value) in change.as_object().expect("an object") {
            record[key] = value.clone();
        }
        raw_json(&format!("r{place}"), "renmin", record.to_string())
    });
    let mut batch = request(records.collect());
    batch.language = language as i32;
    let response = service.process(batch).await.unwrap();
    let groups = balanced(&response).issue_groups;
    service.ended().await;
    (response, groups)
}

fn hints(groups: &[IssueGroup], code: &str) -> Vec<String> {
    let group = groups.iter().find(|group| group.code == code).expect("the group is there");
    group.hints.iter().map(|hint| hint.code.clone()).collect()
}

#[tokio::test]
async fn a_pattern_of_failures_tells_its_cause() {
    let early = json!({"csrq": "1949-12-30"});
    let (_, found) = groups(&vec![early; 4], Language::En).await;
    assert_eq!(hints(&found, "BIRTH_DATE_DIFFERS_FROM_RESIDENT_ID"), ["TIME_ZONE_SHIFT"]);

    let (_, found) = groups(&vec![json!({"xb": "男"}); 4], Language::En).await;
    assert_eq!(hints(&found, "GENDER_DIFFERS_FROM_RESIDENT_ID"), ["GENDER_CODES_REVERSED"]);

    let (_, found) = groups(&vec![json!({"csrq": "1949-31-12"}); 2], Language::En).await;
    assert_eq!(hints(&found, "BIRTH_DATE_NOT_IN_CALENDAR"), ["DAY_MONTH_ORDER"]);

    let (_, found) = groups(&[json!({"sfzh": "4.41E+17"})], Language::En).await;
    assert_eq!(hints(&found, "RESIDENT_ID_ROUNDED"), ["SPREADSHEET_NUMBER"]);

    let (_, found) = groups(&[json!({"xm": "张\u{FFFD}"})], Language::En).await;
    assert_eq!(hints(&found, "TEXT_UNDECODABLE"), ["WRONG_CHARSET"]);
}

#[tokio::test]
async fn an_exception_among_many_tells_nothing() {
    let mut changes = vec![json!({}); 9];
    changes.extend(vec![json!({"xb": "男"}); 3]);
    let (_, found) = groups(&changes, Language::En).await;
    assert_eq!(hints(&found, "GENDER_DIFFERS_FROM_RESIDENT_ID"), [""; 0]);
}

#[tokio::test]
async fn groups_speak_the_callers_language_and_the_senders_and_show_shapes() {
    let (response, found) = groups(&[json!({"csrq": "31.12.1949"})], Language::Zh).await;
    let group = found.iter().find(|group| group.code == "BIRTH_DATE_FORMAT_UNKNOWN").unwrap();
    assert_eq!((group.hospital_code.as_str(), group.source_field.as_str()), ("renmin", "csrq"));
    assert!(group.message.starts_with("出生日期"), "in Chinese");
    assert_eq!(group.shapes[0].shape, "dd.dd.dddd");
    let issue = &response.results[0].issues[0];
    assert_eq!((issue.code.as_str(), issue.shape.as_str()), ("BIRTH_DATE_FORMAT_UNKNOWN", "dd.dd.dddd"));
}

#[tokio::test]
async fn changes_of_formatting_are_counted() {
    let (response, _) =
        groups(&[json!({"csrq": "19491231"}), json!({"csrq": "19491231"})], Language::En).await;
    let changes = response.summary.unwrap().change_groups;
    let dates = changes.iter().find(|change| change.rule == "F08").unwrap();
    let shown =
        (dates.hospital_code.as_str(), dates.code.as_str(), dates.field.as_str(), dates.kind.as_str());
    assert_eq!(shown, ("renmin", "DATE_REFORMATTED", "birth_date", "reformatted"));
    assert_eq!(dates.count, 2);
}
