//! Hospitals whose APIs say the same in different codes: what a profile says about their envelope decides.

use std::{collections::HashMap, sync::Arc};

use cleaning::profile::Profile;
use dataprocessing::server::pb::{Outcome, RecordResult};
use profiles::{Defaults, ProfileFile};

use crate::support::{
    records::{raw_json, request},
    service::{TestService, balanced},
};

/// Vendors as `cargo lab simulate` plays them, by hospital code.
const RESPONSES: [(&str, &str); 3] = [
    (
        "tencent",
        "call: {at: /Response/Error/Code, refused: [AuthFailure.SignatureFailure]}
    verdict:
      at: /Response/Result
      match: ['0']
      mismatch: ['-1']
      illegal: ['-2', '-3']
      not_found: ['-5']
      unavailable: ['-4', '-6', '-7']",
    ),
    (
        "aliyun",
        "call:
      at: /Code
      success: ['200']
      illegal: ['400', '401']
      unavailable: ['402', '403', '500']
      refused: ['410', '411', '412']
    verdict: {at: /ResultObject/BizCode, match: ['1'], mismatch: ['2'], not_found: ['3']}",
    ),
    (
        "checkup",
        "call: {at: /code, success: [1], unavailable: [0]}
    verdict: {at: /data/result, match: [0], mismatch: [-1], illegal: [-2], not_found: [-5]}",
    ),
];

fn profile(code: &str, response: &str) -> Arc<Profile> {
    let text = format!(
        "version: 1
time_zone: Asia/Shanghai
date_formats: [yyyyMMdd]
mapping:
  patient_id: id
  name: xm
  gender: xb
  birth_date: csrq
verify:
  url: http://127.0.0.1:9100/vendor/{code}
  response:
    {response}
"
    );
    let file = ProfileFile::parse(&Defaults::default(), code, code, &text);
    Arc::new(file.unwrap_or_else(|found| panic!("{found:#?}")).profile)
}

fn vendors() -> HashMap<Arc<str>, Arc<Profile>> {
    RESPONSES.iter().map(|(code, response)| ((*code).into(), profile(code, response))).collect()
}

/// What becomes of one patient at each vendor, in the order of [`RESPONSES`].
async fn results(service: &TestService, patient_id: &str) -> Vec<RecordResult> {
    let json = format!(r#"{{"id":"{patient_id}","xm":"张三","xb":"1","csrq":"19900307"}}"#);
    let data_list = RESPONSES.iter().map(|(code, _)| raw_json(code, code, json.as_str())).collect();
    let response = service.process(request(data_list)).await.unwrap();
    balanced(&response);
    assert_eq!(response.results.len(), RESPONSES.len());
    response.results
}

/// The one code of the hospital among the issues, if there is one.
fn hospitals_code(result: &RecordResult) -> Option<&str> {
    let mut codes = result.issues.iter().map(|issue| issue.code.as_str());
    codes.find(|code| code.starts_with("IDENTITY_") || code.starts_with("HOSPITAL_"))
}

#[tokio::test]
async fn the_same_answer_in_any_envelope_has_the_same_outcome() {
    let cases = [
        ("p1", Outcome::Stored, None, false),
        ("p2-mismatch", Outcome::Rejected, Some("IDENTITY_MISMATCH"), false),
        ("p3-illegal", Outcome::Rejected, Some("IDENTITY_ILLEGAL"), false),
        ("p4-notfound", Outcome::Stored, Some("IDENTITY_NOT_FOUND"), false),
        ("p5-busy", Outcome::Failed, Some("HOSPITAL_UNAVAILABLE"), true),
        ("p6-status-503", Outcome::Failed, Some("HOSPITAL_UNAVAILABLE"), true),
        ("p7-status-404", Outcome::Failed, Some("HOSPITAL_REFUSED"), false),
        ("p8-garbage", Outcome::Failed, Some("HOSPITAL_PROTOCOL_ERROR"), true),
        ("p9-huge", Outcome::Failed, Some("HOSPITAL_PROTOCOL_ERROR"), true),
        ("p10-cut", Outcome::Failed, Some("HOSPITAL_PROTOCOL_ERROR"), true),
    ];
    for (patient_id, outcome, code, retryable) in cases {
        // One for each: a vendor that failed so often in a row would not be called any more.
        let service = TestService::with(|knobs| knobs.profiles = vendors()).await;
        for (result, (vendor, _)) in results(&service, patient_id).await.iter().zip(RESPONSES) {
            assert_eq!(result.outcome(), outcome, "{vendor} {patient_id}: {:?}", hospitals_code(result));
            assert_eq!(hospitals_code(result), code, "{vendor} {patient_id}");
            assert_eq!(result.retryable, retryable, "{vendor} {patient_id}");
        }
        service.ended().await;
    }
}

#[tokio::test]
async fn a_vendor_that_tells_never_from_not_now_is_believed() {
    let service = TestService::with(|knobs| knobs.profiles = vendors()).await;
    let results = results(&service, "p1-refused").await;
    let found: Vec<_> = results.iter().map(|result| (hospitals_code(result), result.retryable)).collect();
    let (never, not_now) = ((Some("HOSPITAL_REFUSED"), false), (Some("HOSPITAL_UNAVAILABLE"), true));
    assert_eq!(found, [never, never, not_now], "the check-up vendor has one code for every failure");
    service.ended().await;
}

#[tokio::test]
async fn a_profile_for_another_envelope_stores_nothing() {
    let (_, checkup) = RESPONSES[2];
    let mistaken = profile("aliyun", checkup);
    let service = TestService::with(|knobs| {
        knobs.profiles = vendors();
        knobs.profiles.insert("aliyun".into(), mistaken);
    })
    .await;
    let results = results(&service, "p1").await;
    assert_eq!(hospitals_code(&results[1]), Some("HOSPITAL_PROTOCOL_ERROR"));
    assert_eq!(results[1].outcome(), Outcome::Failed);
    service.ended().await;
}
