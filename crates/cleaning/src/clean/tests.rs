//! From payloads to patients, and to the issues that reject them.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::{
    example,
    profile::{
        RuleSetting, SeverityOverride,
        mapping::{Alternative, Element, IdentifierFields, KeyName, Lookup, Lookups, Mapping, Path, Source},
    },
    record::{RawName, RawPatient, ScalarField},
};

fn clean(payload: &Payload, profile: &Profile) -> Cleaned {
    super::clean(payload, profile, "2024-06-15T00:00:00Z".parse().unwrap())
}

fn fields(change: impl FnOnce(&mut RawPatient)) -> Payload {
    let mut raw = example::patient();
    change(&mut raw);
    Payload::Fields(Box::new(raw))
}

fn patient_and_warnings(payload: &Payload, profile: &Profile) -> (Box<Patient>, Vec<&'static str>) {
    let cleaned = clean(payload, profile);
    let codes = codes(&cleaned.issues);
    (cleaned.patient.unwrap_or_else(|| panic!("rejected: {codes:?}")), codes)
}

fn rejection(payload: &Payload, profile: &Profile) -> Vec<Issue> {
    let cleaned = clean(payload, profile);
    assert!(cleaned.patient.is_none(), "not rejected");
    cleaned.issues
}

fn codes(issues: &[Issue]) -> Vec<&'static str> {
    issues.iter().map(|issue| issue.kind.code).collect()
}

#[test]
fn a_good_record_becomes_a_canonical_patient() {
    let payload = fields(|raw| {
        raw.name.text = "张　三".into();
        raw.birth_date = "1949-12-30T16:00:00.000Z".into();
        raw.identifiers[0].value = "110105 19491231 002x".into();
        raw.phones = vec!["139 1234 5678 / 010-62345678".into(), "无".into()];
    });
    let (patient, warnings) = patient_and_warnings(&payload, &example::profile());
    assert_eq!(warnings, [""; 0]);
    let json: serde_json::Value = serde_json::to_value(&patient).unwrap();
    assert_eq!(json["hospital_code"], "example");
    assert_eq!(json["name"]["text"], "张三");
    assert_eq!(json["gender"], "female");
    assert_eq!(json["birth_date"], "1949-12-31");
    assert_eq!(json["identifiers"][0]["value"], "11010519491231002X");
    assert_eq!(json["phones"], serde_json::json!(["+8613912345678", "+861062345678"]));
    assert_eq!(json["order"]["updated_at"], 1_714_521_600_000_000i64);
}

#[test]
fn a_missing_birth_date_is_taken_from_the_resident_id() {
    let (patient, warnings) =
        patient_and_warnings(&fields(|raw| raw.birth_date.clear()), &example::profile());
    assert_eq!(warnings, ["BIRTH_DATE_DERIVED"]);
    assert_eq!(patient.birth_date.map(|date| date.into_inner().to_string()).as_deref(), Some("1949-12-31"));
}

#[test]
fn all_errors_are_reported_before_the_warnings() {
    let payload = fields(|raw| {
        raw.phones = vec!["123".into()];
        raw.name.text.clear();
        raw.birth_date = "19491331".into();
    });
    let issues = rejection(&payload, &example::profile());
    assert_eq!(codes(&issues), ["NAME_MISSING", "BIRTH_DATE_NOT_IN_CALENDAR", "PHONE_INVALID"]);
}

#[test]
fn at_most_fifty_issues_are_reported_and_no_error_is_lost_among_them() {
    let payload = fields(|raw| {
        raw.phones = (100..200).map(|number| number.to_string().into()).collect();
        raw.deceased = "perhaps".into();
    });
    let issues = rejection(&payload, &example::profile());
    assert_eq!(issues.len(), MAX_ISSUES);
    assert_eq!(issues[0].kind.code, "DECEASED_UNREADABLE");
}

#[test]
fn a_profile_can_soften_what_its_source_cannot_give() {
    let mut profile = example::profile();
    profile.rules.insert("GENDER_MISSING", Severity::Warning.into());
    profile.rules.insert("BIRTH_DATE_NOT_IN_CALENDAR", Severity::Warning.into());
    let payload = fields(|raw| {
        raw.gender.clear();
        raw.birth_date = "19491331".into();
    });
    let (patient, warnings) = patient_and_warnings(&payload, &profile);
    assert_eq!(warnings, ["GENDER_MISSING", "BIRTH_DATE_NOT_IN_CALENDAR"]);
    assert!(patient.gender.is_none() && patient.birth_date.is_none());
}

#[test]
fn no_profile_can_store_a_patient_without_a_number_or_with_a_nul() {
    let mut profile = example::profile();
    for code in ["PATIENT_ID_MISSING", "TEXT_HAS_NUL"] {
        profile.rules.insert(code, Severity::Warning.into());
    }
    let payload = fields(|raw| {
        raw.patient_id.clear();
        raw.name.text.push('\0');
    });
    assert_eq!(codes(&rejection(&payload, &profile)), ["PATIENT_ID_MISSING", "TEXT_HAS_NUL"]);
}

#[test]
fn a_record_in_the_dress_of_the_febrl_data_flows() {
    let mut profile = example::profile();
    profile.rules.insert("GENDER_MISSING", Severity::Warning.into());
    let febrl = |given: &str, born: &str| {
        Payload::Fields(Box::new(RawPatient {
            patient_id: "rec-1496-org".into(),
            name: RawName { family: "green".into(), given: given.into(), ..RawName::default() },
            birth_date: born.into(),
            identifiers: vec![example::identifier("99", "1804974")],
            ..RawPatient::default()
        }))
    };
    let (patient, warnings) = patient_and_warnings(&febrl("mitchell", "19560409"), &profile);
    assert_eq!(patient.name.expect("a name").text, "mitchell green");
    assert_eq!(warnings, ["GENDER_MISSING", "RESIDENT_ID_ABSENT"]);
    let (patient, _) = patient_and_warnings(&febrl("", "19560409"), &profile);
    assert_eq!(patient.name.expect("a name").text, "green");
    assert_eq!(
        rejection(&febrl("mitchell", "19561309"), &profile)[0].kind.code,
        "BIRTH_DATE_NOT_IN_CALENDAR"
    );
    assert_eq!(rejection(&febrl("mitchell", ""), &profile)[0].kind.code, "BIRTH_DATE_MISSING");
}

/// A lookup of one key, whose name is added to those of the mapping.
fn lookup(canonical: &'static str, key: &str, names: &mut Vec<KeyName>) -> Lookup {
    names.push(KeyName::new(key));
    let source = Source::At(Path::parse(key).unwrap());
    let name = u16::try_from(names.len() - 1).ok();
    Lookup { canonical, alternatives: vec![Alternative { source, name }] }
}

/// A hospital that maps one key, and whose records need nothing more.
fn profile_of_one_key() -> Profile {
    let (mut profile, mut names) = (example::profile(), Vec::new());
    let mut lookups = Lookups::default();
    lookups.scalars[ScalarField::PatientId as usize] = lookup("patient_id", "id", &mut names);
    profile.mapping = Mapping::new(lookups, names, &[]);
    for code in ["NAME_MISSING", "GENDER_MISSING", "BIRTH_DATE_MISSING", "IDENTITY_INCOMPLETE"] {
        profile.rules.insert(code, Severity::Warning.into());
    }
    profile
}

#[test]
fn a_field_that_the_profile_does_not_know_is_found_unless_that_is_off() {
    let mut profile = profile_of_one_key();
    let found = |profile: &Profile| {
        let cleaned = clean(&Payload::Json(r#"{"id":"1","new":"2"}"#.into()), profile);
        codes(&cleaned.issues).contains(&"FIELDS_UNMAPPED")
    };
    assert!(found(&profile));
    let off = RuleSetting { severity: Some(SeverityOverride::Off), ..RuleSetting::default() };
    profile.rules.insert("FIELDS_UNMAPPED", off);
    assert!(!found(&profile));
}

#[test]
fn an_unknown_field_is_named_by_its_key() {
    let cleaned = clean(&Payload::Json(r#"{"id":"1","new":"2"}"#.into()), &profile_of_one_key());
    let drift = cleaned.issues.iter().find(|issue| issue.kind.code == "FIELDS_UNMAPPED").unwrap();
    assert_eq!(drift.source_field.as_deref(), Some("new"));
}

/// Hints hold what disagrees against what could be compared with the resident id.
#[test]
fn gender_and_birth_date_can_be_compared_where_both_they_and_the_id_are_known() {
    let compared = |change: fn(&mut RawPatient)| {
        let IdComparability { gender, birth_date } =
            clean(&fields(change), &example::profile()).comparability;
        (gender, birth_date)
    };
    assert_eq!(compared(|_| ()), (true, true));
    assert_eq!(compared(|raw| raw.gender.clear()), (false, true));
    assert_eq!(compared(|raw| raw.birth_date = "no date".into()), (true, false));
    assert_eq!(compared(|raw| raw.identifiers.clear()), (false, false));
}

#[test]
fn a_record_that_an_unknown_field_rejects_is_not_remembered() {
    let mut profile = profile_of_one_key();
    profile.rules.insert("FIELDS_UNMAPPED", Severity::Error.into());
    let mut look_back = LookBack::default();
    let mut is_repeated = |text: &str| {
        let received_at = example::RECEIVED_AT.parse().unwrap();
        let cleaned = clean_next(&Payload::Json(text.into()), &profile, received_at, &mut look_back);
        (cleaned.patient.is_some(), codes(&cleaned.issues).contains(&"PATIENT_REPEATED"))
    };
    assert_eq!(is_repeated(r#"{"id":"1","new":"2"}"#), (false, false));
    assert_eq!(is_repeated(r#"{"id":"1"}"#), (true, false), "the first was not remembered");
    assert_eq!(is_repeated(r#"{"id":"1"}"#), (true, true));
}

#[test]
fn payloads_that_are_no_object_are_rejected() {
    let profile = example::profile();
    for text in ["", "{", "[]", "\"text\"", "null", "{\"a\":1}x", "{'a':1}", "{\"a\":\"\\ud800\"}", "}{"] {
        let issues = rejection(&Payload::Json(text.into()), &profile);
        assert_eq!(codes(&issues), ["PAYLOAD_NOT_AN_OBJECT"], "{text}");
    }
    assert_eq!(codes(&rejection(&Payload::Missing, &profile)), ["PAYLOAD_MISSING"]);
}

#[test]
fn a_key_that_comes_twice_is_an_error() {
    let issues = rejection(&Payload::Json(r#"{"a": {"b": 1, "b": 2}}"#.into()), &example::profile());
    assert_eq!(codes(&issues), ["PAYLOAD_KEY_REPEATED"]);
}

fn changes(payload: &Payload, profile: &Profile) -> Vec<(&'static str, String)> {
    let cleaned = clean(payload, profile);
    cleaned.changes.iter().map(|change| (change.rule.number, change.path().into_owned())).collect()
}

/// A profile that maps a patient's id, the name and one identifier.
fn mapped(charset: Charset) -> Profile {
    let mut names = Vec::new();
    let mut lookups = Lookups::default();
    lookups.scalars[ScalarField::PatientId as usize] = lookup("patient_id", "no", &mut names);
    lookups.name.text = lookup("name.text", "xm", &mut names);
    let kind = Source::Constant("99".to_owned());
    let fields = IdentifierFields {
        kind: Lookup {
            canonical: "identifiers.type",
            alternatives: vec![Alternative { source: kind, name: None }],
        },
        value: lookup("identifiers.value", "card", &mut names),
        system: Lookup::none("identifiers.system"),
    };
    lookups.identifiers = vec![Element { each: None, fields }];
    let mapping = Mapping::new(lookups, names, &[]);
    Profile { charset, mapping, ..example::profile() }
}

#[test]
fn f01_is_noted_where_another_character_set_was_decoded() {
    let bytes = |profile: &Profile, text: &str| {
        changes(&Payload::Bytes(Bytes::from(profile.charset.encode(text)).into()), profile)
    };
    let chinese = r#"{"no": "1", "xm": "张三"}"#;
    assert_eq!(bytes(&mapped(Charset::Gb18030), chinese), [("F01", String::new())]);
    assert_eq!(bytes(&mapped(Charset::Utf8), chinese), []);
    assert_eq!(bytes(&mapped(Charset::Gb18030), r#"{"no": "1", "xm": "Li"}"#), [], "ASCII is ASCII in both");
}

#[test]
fn f17_is_noted_where_an_id_came_as_a_number() {
    let of = |text: &str| changes(&Payload::Json(text.into()), &mapped(Charset::Utf8));
    assert_eq!(
        of(r#"{"no": 12, "card": 7}"#),
        [("F17", "patient_id".to_owned()), ("F17", "identifiers[0].value".to_owned())]
    );
    assert_eq!(of(r#"{"no": "12", "card": "7"}"#), []);
}

#[test]
fn names_are_told_from_what_may_be_a_value() {
    for key in ["xm", "WS02_01_005_01_01", "birth-date", "name.family"] {
        assert!(is_plain_name(key), "{key}");
    }
    for key in ["张三", "11010519491231002X", "a b", "MR12345"] {
        assert!(!is_plain_name(key), "{key}");
    }
}

#[test]
fn bytes_that_are_no_text_in_the_charset_of_the_profile_are_rejected() {
    let issues =
        rejection(&Payload::Bytes(Bytes::from_static(b"{\"xm\":\"\xFF\xFF\"}").into()), &example::profile());
    assert_eq!(codes(&issues), ["PAYLOAD_UNDECODABLE"]);
}

prop_compose! {
    /// Texts near to what the formatters look for.
    fn near_text()(text in prop_oneof![
        "[0-9*Xx年月日TZ:/.,;+ -]{0,24}",
        "[a-z张三·　\u{0}\u{FFFD}\u{200B}]{0,8}",
        any::<String>(),
    ]) -> String { text }
}

proptest! {
    #[test]
    fn any_record_gets_an_answer(texts in proptest::collection::vec(near_text(), 12)) {
        let payload = fields(|raw| {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().unwrap();
            raw.patient_id = next().into();
            raw.name.text = next().into();
            raw.name.family = next().into();
            raw.gender = next().into();
            raw.birth_date = next().into();
            raw.identifiers.push(example::identifier("01", &next()));
            raw.identifiers.push(example::identifier(&next(), "1"));
            raw.phones.push(next().into());
            raw.addresses[0].text = next().into();
            raw.deceased = next().into();
            raw.updated_at = next().into();
            raw.version = next().into();
        });
        let cleaned = clean(&payload, &example::profile());
        let rejected = cleaned.issues.first().is_some_and(|issue| issue.severity == Severity::Error);
        prop_assert_eq!(cleaned.patient.is_none(), rejected);
        prop_assert!(cleaned.issues.len() <= MAX_ISSUES);
    }

    #[test]
    fn any_payload_gets_an_answer(text in r#"[{}\[\]":,\\a1 ]{0,40}"#, bytes in any::<Vec<u8>>()) {
        clean(&Payload::Json(text.into()), &example::profile());
        clean(&Payload::Bytes(Bytes::from(bytes).into()), &example::profile());
    }
}
