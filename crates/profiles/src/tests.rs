//! What a profile may say, and what is refused.

use std::time::Duration;

use cleaning::{
    format::patient_id::{Characters, PatientIdFormat},
    patient::Gender,
    profile::{Charset, Profile},
};

use crate::{Defaults, ProfileFile};

const SMALLEST: &str = "version: 1\ntime_zone: UTC\ndate_formats: yyyyMMdd\nmapping: {patient_id: id}\n";

/// The profile of a file `x.yaml`, whose samples hold.
pub(crate) fn parse(text: &str) -> Result<Profile, Vec<String>> {
    parse_over(&Defaults::default(), text)
}

/// The profile of a file `x.yaml` over defaults.
pub(crate) fn parse_over(defaults: &Defaults, text: &str) -> Result<Profile, Vec<String>> {
    let profile = ProfileFile::parse(defaults, "x.yaml", "x", text).and_then(ProfileFile::into_proven);
    profile.map_err(|found| found.iter().map(ToString::to_string).collect())
}

fn with(more: &str) -> Result<Profile, Vec<String>> {
    parse(&format!("{SMALLEST}{more}"))
}

#[test]
fn the_smallest_profile_takes_the_defaults() {
    let profile = parse(SMALLEST).expect("right");
    assert_eq!((&*profile.code, profile.version.as_str()), ("x", "1"));
    assert_eq!(profile.charset, Charset::Utf8);
    assert_eq!(profile.date_formats.len(), 1);
    assert!(profile.null_tokens.is_empty() && profile.rules.is_empty());
    assert!(profile.codes.gender.is_none() && profile.phone_region.is_none() && profile.verify.is_none());
}

#[test]
fn an_empty_file_says_all_that_a_profile_needs() {
    let found = parse("").expect_err("refused");
    let missing: Vec<_> = found.iter().map(|line| line.split(": ").nth(1).unwrap_or_default()).collect();
    assert_eq!(missing, ["version", "mapping", "date_formats", "time_zone"]);
}

#[test]
fn every_problem_is_found_at_once() {
    let found = parse(
        "version: ''\ncharset: gbk\ntime_zone: Asia/Beijing\nphone_region: China\ndate_formats: [MM/dd]\n\
         mapping:\n  patient_ids: id\n  name: {text: a, famly: b}\n  identifiers: [{type: x}]\n\
         \x20 addresses: [{text: {join: [a, /], with: [x]}}]\n  gender: {constants: 1}\n\
         codes: {gender: {1: man}}\n\
         rules: {NO_SUCH_RULE: {severity: warning}, GENDER_MISSING: {severity: warning}}\n\
         verify: {url: ftp://host, timeout: 1s, connect_timeout: 2s, max_in_flight: 0}\n",
    );
    let found = found.expect_err("refused");
    for expected in [
        "x.yaml:1: version: is empty",
        "x.yaml:2: charset: \"gbk\" is none of utf-8, gb18030",
        "x.yaml:3: time_zone: ",
        "x.yaml:4: phone_region: ",
        "x.yaml:5: date_formats[0]: ",
        "x.yaml:6: mapping.patient_id: is missing",
        "x.yaml:7: mapping.patient_ids: is unknown; did you mean patient_id?",
        "x.yaml:8: mapping.name.famly: is unknown; did you mean family?",
        "x.yaml:9: mapping.identifiers[0].value: is missing",
        "x.yaml:10: mapping.addresses[0].text.with: expected one value, found a list",
        "x.yaml:10: mapping.addresses[0].text.join[1]: names no key",
        "x.yaml:11: mapping.gender.constants: is unknown; did you mean constant?",
        "x.yaml:12: codes.gender.1: \"man\" is none of male, female, other, unknown",
        "x.yaml:13: rules.NO_SUCH_RULE: is not a rule",
        "x.yaml:13: rules.GENDER_MISSING: needs a reason",
        "x.yaml:14: verify.url: is not an http",
        "x.yaml:14: verify.connect_timeout: is longer than timeout",
        "x.yaml:14: verify.max_in_flight: 0 is not from 1 to 10000",
    ] {
        assert!(found.iter().any(|line| line.starts_with(expected)), "{expected}\n{found:#?}");
    }
}

#[test]
fn the_numbers_of_patients_are_described_without_contradiction() {
    let ids = |text: &str| with(&format!("patient_ids: {text}\n")).map(|profile| profile.patient_ids);
    assert_eq!(with("").expect("right").patient_ids, PatientIdFormat::default());
    let expected = PatientIdFormat { width: Some(8), characters: Characters::Digits, max_characters: 32 };
    assert_eq!(ids("{width: 8, characters: digits, longest: 32}"), Ok(expected));
    for (wrong, problem) in [
        ("{width: 8, longest: 7}", "x.yaml:5: patient_ids.width: is more than longest allows"),
        ("{longest: 129}", "x.yaml:5: patient_ids.longest: 129 is not from 1 to 128"),
        (
            "{characters: digit}",
            "x.yaml:5: patient_ids.characters: \"digit\" is none of digits, alphanumeric, any; did you mean digits?",
        ),
        ("{widht: 8}", "x.yaml:5: patient_ids.widht: is unknown; did you mean width?"),
    ] {
        assert_eq!(ids(wrong), Err(vec![problem.to_owned()]));
    }
}

#[test]
fn pinyin_is_off_unless_it_is_wanted() {
    assert!(!with("").expect("right").pinyin && with("pinyin: true\n").expect("right").pinyin);
    assert!(with("pinyin: yes\n").expect_err("refused")[0].contains("neither true nor false"));
}

#[test]
fn a_misspelt_word_is_told_the_right_one() {
    for (wrong, hint) in [
        ("charset: gb18300", "did you mean gb18030?"),
        ("charset: GBK", "did you mean gb18030?"),
        ("severities: {}", "severities: is unknown"),
        ("rulse: {}", "did you mean rules?"),
        ("sample: []", "did you mean samples?"),
        ("codes: {ethnicty: {}}", "did you mean ethnicity?"),
    ] {
        let found = with(wrong).expect_err("refused").join("\n");
        assert!(found.contains(hint), "{found}");
    }
    let found = parse(&SMALLEST.replace("UTC", "Asia/Shanghi")).expect_err("refused").join("\n");
    assert!(found.contains("did you mean Asia/Shanghai?"), "{found}");
}

#[test]
fn codes_keep_their_zeros_and_lose_their_width() {
    let profile = with("codes: {identifier_type: {01: 01, １: '01'}, gender: {男: male}}").expect("right");
    let types = profile.codes.identifier_type.expect("a table");
    assert_eq!(types.get("01").map(String::as_str), Some("01"));
    assert_eq!(types.get("1").map(String::as_str), Some("01"));
    assert_eq!(profile.codes.gender.expect("a table").get("男"), Some(&Gender::Male));
}

#[test]
fn null_tokens_are_kept_folded() {
    let profile = with("null_tokens: ['NULL', －, 不详]").expect("right");
    for token in ["null", "-", "不详"] {
        assert!(profile.null_tokens.contains(token), "{token}");
    }
}

#[test]
fn connecting_takes_no_longer_than_the_whole_call() {
    let verify = |text: &str| with(text).expect("right").verify.expect("an API");
    let plain = verify("verify: {url: http://host/}");
    assert_eq!((plain.timeout, plain.connect_timeout), (Duration::from_secs(5), Duration::from_secs(1)));
    let hasty = verify("verify: {url: http://host/, timeout: 500ms}");
    assert_eq!(hasty.connect_timeout, Duration::from_millis(500));
}

#[test]
fn a_hospital_that_is_played_elsewhere_answers_in_the_usual_form() {
    let profile =
        with("verify: {url: http://host/, max_in_flight: 7, response: {verdict: {at: /a, match: 1}}}");
    let profile = profile.expect("right");
    let verify = profile.verified_at("http://other/", None).verify.expect("an API");
    assert_eq!((verify.url.as_str(), verify.max_in_flight), ("http://other/", Some(7)));
    assert!(verify.response.is_none() && profile.verify.is_some_and(|verify| verify.response.is_some()));
}
