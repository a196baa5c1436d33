//! What answers mean by their envelope.

use proptest::prelude::*;
use serde_json::json;

use cleaning::profile::{Answer, NoVerdict, Pointer, ResponseFormat, Verdict};
use serde_json::Value;

const MATCH: Answer = Answer::Verdict(Verdict::Match);
const MISMATCH: Answer = Answer::Verdict(Verdict::Mismatch);
const ILLEGAL: Answer = Answer::Verdict(Verdict::Illegal);
const NOT_FOUND: Answer = Answer::Verdict(Verdict::NotFound);

/// An envelope as a profile describes it.
fn envelope(response: &str) -> ResponseFormat {
    let text = format!(
        "version: 1\ntime_zone: UTC\ndate_formats: yyyyMMdd\nmapping: {{patient_id: id}}\n\
         verify: {{url: http://host/, response: {response}}}\n"
    );
    let profile = crate::tests::parse(&text).unwrap_or_else(|found| panic!("{found:#?}"));
    profile.verify.and_then(|verify| verify.response).expect("it has one")
}

fn check(envelope: &ResponseFormat, cases: &[(Value, Result<Answer, &str>)]) {
    for (answer, meaning) in cases {
        let expected = meaning.map_err(|at| NoVerdict { at });
        assert_eq!(envelope.classify(answer), expected, "{answer}");
    }
}

#[test]
fn the_same_code_is_one_vendors_success_and_anothers_failure() {
    let checkup = envelope(
        "{call: {at: /code, success: 1, unavailable: 0},
          verdict: {at: /data/result, match: 0, mismatch: -1}}",
    );
    let clinic = envelope(
        "{call: {at: /code, success: 0, unavailable: -1},
          verdict: {at: /data/result, match: 1, mismatch: 0}}",
    );
    let busy = json!({"code": 0, "data": null});
    check(&checkup, &[(busy.clone(), Ok(Answer::Unavailable))]);
    check(&clinic, &[(busy, Err("/data/result"))]);
    let answer = json!({"code": 0, "data": {"result": 0}});
    check(&checkup, &[(answer.clone(), Ok(Answer::Unavailable))]);
    check(&clinic, &[(answer, Ok(MISMATCH))]);
    check(&checkup, &[(json!({"code": 1, "data": {"result": 0}}), Ok(MATCH))]);
}

#[test]
fn a_code_may_say_by_itself_what_is_wrong_with_the_record() {
    let aliyun = envelope(
        "{call: {at: /Code, success: 200, illegal: [400, 401], unavailable: [402, 403, 500],
                 refused: [410, 411, 412]},
          verdict: {at: /ResultObject/BizCode, match: 1, mismatch: 2, not_found: 3}}",
    );
    let said = |code: &str, verdict: Value| json!({"Code": code, "ResultObject": {"BizCode": verdict}});
    check(
        &aliyun,
        &[
            (said("200", json!("1")), Ok(MATCH)),
            (said("200", json!("2")), Ok(MISMATCH)),
            (said("200", json!(3)), Ok(NOT_FOUND)),
            (said("200", json!("4")), Err("/ResultObject/BizCode")),
            (said("401", json!("1")), Ok(ILLEGAL)),
            (said("402", json!("1")), Ok(Answer::Unavailable)),
            (said("412", json!("1")), Ok(Answer::Refused)),
            (said("999", json!("1")), Err("/Code")),
            (json!({"Code": null, "ResultObject": {"BizCode": "1"}}), Err("/Code")),
            (json!({"ResultObject": {"BizCode": "1"}}), Err("/Code")),
        ],
    );
}

#[test]
fn without_a_success_code_the_call_worked_if_nothing_is_said() {
    let tencent = envelope(
        "{call: {at: /Response/Error/Code, unavailable: [InternalError], refused: [AuthFailure]},
          verdict: {at: /Response/Result, match: 0, mismatch: -1, illegal: [-2, -3], not_found: -5,
                    unavailable: [-4, -6, -7]}}",
    );
    let result = |code: &str| json!({"Response": {"Result": code}});
    let error = |code: Value| json!({"Response": {"Error": {"Code": code}, "Result": "0"}});
    check(
        &tencent,
        &[
            (result("0"), Ok(MATCH)),
            (result("-1"), Ok(MISMATCH)),
            (result("-3"), Ok(ILLEGAL)),
            (result("-5"), Ok(NOT_FOUND)),
            (result("-7"), Ok(Answer::Unavailable)),
            (result("-8"), Err("/Response/Result")),
            (error(json!("InternalError")), Ok(Answer::Unavailable)),
            (error(json!("AuthFailure")), Ok(Answer::Refused)),
            (error(json!("Other")), Err("/Response/Error/Code")),
            (error(json!({})), Err("/Response/Error/Code")),
            (error(json!("")), Ok(MATCH)),
            (error(json!(null)), Ok(MATCH)),
            (json!({}), Err("/Response/Result")),
        ],
    );
}

#[test]
fn values_are_compared_as_json_writes_them() {
    let plain = envelope("{verdict: {at: /a~1b/0, match: [true, '1', 1.5], mismatch: ['', 'Nein', ' 1']}}");
    let said = |value: Value| json!({"a/b": [value]});
    check(
        &plain,
        &[
            (said(json!(true)), Ok(MATCH)),
            (said(json!("true")), Ok(MATCH)),
            (said(json!(1)), Ok(MATCH)),
            (said(json!(1.5)), Ok(MATCH)),
            (said(json!("")), Ok(MISMATCH)),
            (said(json!("Nein")), Ok(MISMATCH)),
            (said(json!(" 1")), Ok(MISMATCH)),
            (said(json!("nein")), Err("/a~1b/0")),
            (said(json!(1.0)), Err("/a~1b/0")),
            (said(json!(false)), Err("/a~1b/0")),
            (said(json!(null)), Err("/a~1b/0")),
            (said(json!([1])), Err("/a~1b/0")),
            (json!({"a/b": []}), Err("/a~1b/0")),
            (json!("1"), Err("/a~1b/0")),
        ],
    );
}

/// JSON in which the places of an envelope are often met, and met with the wrong kinds.
fn answers() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[01]|.{0,3}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof![Just("code"), Just("data"), Just("result"), Just("")].prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key, inner, 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_answer_has_one_meaning_and_a_match_needs_both_codes(answer in answers()) {
        let envelope = envelope(
            "{call: {at: /code, success: 1, unavailable: 0},
              verdict: {at: /data/result, match: 0, mismatch: 1}}",
        );
        let is = |value: &Value, code: i64| *value == code || *value == code.to_string().as_str();
        let (code, result) = (&answer["code"], &answer["data"]["result"]);
        let expected = match () {
            () if is(code, 0) => Ok(Answer::Unavailable),
            () if !is(code, 1) => Err(NoVerdict { at: "/code" }),
            () if is(result, 0) => Ok(MATCH),
            () if is(result, 1) => Ok(MISMATCH),
            () => Err(NoVerdict { at: "/data/result" }),
        };
        prop_assert_eq!(envelope.classify(&answer), expected);
    }

    #[test]
    fn any_pointer_is_followed_or_refused(text in "/?[~/a01]{0,6}|.{0,12}", answer in answers()) {
        if let Ok(pointer) = Pointer::parse(&text) {
            pointer.find(&answer);
            prop_assert!(!pointer.is_within(&pointer));
        }
    }
}
