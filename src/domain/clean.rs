//! From one raw record to one canonical patient, or to the issues that reject it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::{
    change::{Change, ChangeKind},
    format::{catalogue, draft::Draft},
    hospital::{
        Charset, Profile,
        mapping::{Mapped, Sources, Unmapped},
    },
    issue::{Issue, Severity},
    json,
    look_back::LookBack,
    patient::{Gender, Patient},
    record::Payload,
    rules::{self, Moment, Origin, Rule},
};

/// What cleaning makes of a record.
#[derive(Debug)]
pub struct Cleaned {
    /// The patient; none if an issue is an error.
    pub patient: Option<Box<Patient>>,
    /// What was found, at most [`MAX_ISSUES`], errors first.
    pub issues: Vec<Issue>,
    /// What formatting did.
    pub changes: Vec<Change>,
    /// What could be held against the resident id.
    pub compared: Compared,
}

/// Which fields of a record could be held against its resident id: of many records, this tells whether a
/// difference is the rule or an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// The gender.
    pub gender: bool,
    /// The date of birth.
    pub birth_date: bool,
}

/// Most issues that are reported about one record.
pub const MAX_ISSUES: usize = 50;

/// Deepest nesting of a JSON payload; the object itself is the first level.
pub const MAX_DEPTH: usize = 64;

/// Cleans one record: parses, maps and formats it, and asks every rule of the catalogue that is about one
/// record. Total: it answers for any payload.
pub fn clean(payload: &Payload, profile: &Profile, received_at: Timestamp) -> Cleaned {
    read(payload, profile, received_at, None)
}

/// The same with the next record of a hospital in a batch: what passes its own rules is also held against the
/// earlier ones, and is remembered unless that rejects it.
pub fn clean_next(
    payload: &Payload,
    profile: &Profile,
    received_at: Timestamp,
    look_back: &mut LookBack,
) -> Cleaned {
    read(payload, profile, received_at, Some(look_back))
}

fn read(
    payload: &Payload,
    profile: &Profile,
    received_at: Timestamp,
    look_back: Option<&mut LookBack>,
) -> Cleaned {
    match payload {
        Payload::Fields(raw) => {
            let origin = Origin { raw, sources: &Sources::none(), profile };
            judge(origin, None, received_at, look_back)
        }
        Payload::Missing => Cleaned::rejected(&rules::PAYLOAD_MISSING),
        Payload::Json(text) => read_json(text, profile, received_at, look_back),
        Payload::Bytes(bytes) => match profile.charset.decode(bytes) {
            Some(text) => {
                let mut cleaned = read_json(&text, profile, received_at, look_back);
                if profile.charset != Charset::Utf8 && !bytes.is_ascii() {
                    cleaned.changes.push(DECODED);
                }
                cleaned
            }
            None => Cleaned::rejected(&rules::PAYLOAD_UNDECODABLE),
        },
    }
}

const DECODED: Change =
    Change { field: "", position: None, rule: &catalogue::TEXT_DECODED, kind: ChangeKind::Decoded };

fn read_json(
    text: &str,
    profile: &Profile,
    received_at: Timestamp,
    look_back: Option<&mut LookBack>,
) -> Cleaned {
    match parse(text) {
        Ok(object) => {
            let Mapped { patient, sources, unmapped } = profile.mapping.map(&object);
            let origin = Origin { raw: &patient, sources: &sources, profile };
            let mut cleaned = judge(origin, drift(&unmapped, profile), received_at, look_back);
            cleaned.changes.extend(sources.numbers().filter_map(made_text));
            cleaned
        }
        Err(rule) => Cleaned::rejected(rule),
    }
}

fn judge(
    origin: Origin<'_>,
    drift: Option<Issue>,
    received_at: Timestamp,
    look_back: Option<&mut LookBack>,
) -> Cleaned {
    let Origin { raw, profile, .. } = origin;
    let mut draft = Draft::of(raw, profile);
    let mut issues = rules::judge(&draft, &Moment::of(received_at, profile), origin);
    issues.extend(drift);
    if let Some(look_back) = look_back {
        hold_against_the_past(look_back, &draft, origin, &mut issues);
    }
    issues.sort_by_key(|issue| issue.severity);
    issues.truncate(MAX_ISSUES);
    let compared = Compared::of(&draft);
    let changes = std::mem::take(&mut draft.changes);
    let patient = (!is_rejected(&issues)).then(|| Box::new(draft.into_patient(profile)));
    Cleaned { patient, issues, changes, compared }
}

fn hold_against_the_past(
    look_back: &mut LookBack,
    draft: &Draft,
    origin: Origin<'_>,
    issues: &mut Vec<Issue>,
) {
    if is_rejected(issues) {
        return;
    }
    let past = look_back.past_of(draft);
    rules::judge_across(&past, origin, issues);
    if !is_rejected(issues) {
        look_back.remember(past);
    }
}

fn is_rejected(issues: &[Issue]) -> bool {
    issues.iter().any(|issue| issue.severity == Severity::Error)
}

/// Fields of the record that the profile does not know. The first is named, if its name can be no value.
fn drift(unmapped: &Unmapped, profile: &Profile) -> Option<Issue> {
    let rule = &rules::FIELDS_UNMAPPED;
    if unmapped.count == 0 || profile.is_off(rule) {
        return None;
    }
    let source_field = unmapped.first.clone().filter(|key| is_plain_name(key));
    Some(Issue { source_field, ..rule.issue(Some(profile)) })
}

/// The change of an id that came as a number. Other fields are read as numbers anyway.
fn made_text((field, position): (&'static str, Option<u32>)) -> Option<Change> {
    let (rule, kind) = (&catalogue::NUMBER_MADE_TEXT, ChangeKind::Reformatted);
    matches!(field, "patient_id" | "identifiers.value").then_some(Change { field, position, rule, kind })
}

impl Cleaned {
    fn rejected(rule: &'static Rule) -> Self {
        Self {
            patient: None,
            issues: vec![rule.issue(None)],
            changes: Vec::new(),
            compared: Compared::default(),
        }
    }
}

impl Compared {
    fn of(draft: &Draft) -> Self {
        let has_id = draft.resident_id().is_some();
        Self {
            gender: has_id && matches!(draft.gender.value(), Some(Gender::Male | Gender::Female)),
            birth_date: has_id && draft.birth_date.value().is_some(),
        }
    }
}

/// Whether a key looks like the name of a field: ASCII letters and digits, with no run of digits that could be
/// somebody's number. Keys are the sender's, and might hold anything.
fn is_plain_name(key: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    key.as_bytes().iter().all(plain)
        && !key.as_bytes().windows(5).any(|run| run.iter().all(u8::is_ascii_digit))
}

/// Parses an object; a byte order mark before it is no part of JSON, and no reason to refuse it.
fn parse(text: &str) -> Result<Map<String, Value>, &'static Rule> {
    let text = text.trim_start_matches('\u{FEFF}');
    if depth(text) > MAX_DEPTH {
        return Err(&rules::PAYLOAD_TOO_DEEP);
    }
    json::parse_object(text).map_err(|fault| match fault {
        json::Fault::NotAnObject => &rules::PAYLOAD_NOT_AN_OBJECT,
        json::Fault::RepeatedKey => &rules::PAYLOAD_KEY_REPEATED,
    })
}

/// How deep brackets nest outside of strings. It runs before the parser, so that no payload can make the
/// parser or the value it builds recurse deeply; what is no JSON gets some number.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

/// Goes past the end of a string that has begun.
fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        format::example,
        hospital::{RuleSetting, Switch},
        record::{RawName, RawPatient},
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
        let json: Value = serde_json::to_value(&patient).unwrap();
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
        assert_eq!(
            patient.birth_date.map(|date| date.into_inner().to_string()).as_deref(),
            Some("1949-12-31")
        );
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

    /// A hospital that knows one key, and of which no more is wanted.
    fn profile_of_one_key() -> Profile {
        let text = "version: 1\ntime_zone: UTC\ndate_formats: yyyy\nmapping: {patient_id: id}\n";
        let mut profile = Profile::parse("x.yaml", "x", text).unwrap_or_else(|found| panic!("{}", found[0]));
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
        let off = RuleSetting { severity: Some(Switch::Off), ..RuleSetting::default() };
        profile.rules.insert("FIELDS_UNMAPPED", off);
        assert!(!found(&profile));
    }

    #[test]
    fn a_record_that_an_unknown_field_rejects_is_not_remembered() {
        let mut profile = profile_of_one_key();
        profile.rules.insert("FIELDS_UNMAPPED", Severity::Error.into());
        let mut look_back = LookBack::default();
        for (text, remembered) in [(r#"{"id":"1","new":"2"}"#, 0), (r#"{"id":"1"}"#, 1)] {
            let received_at = example::RECEIVED_AT.parse().unwrap();
            let cleaned = clean_next(&Payload::Json(text.into()), &profile, received_at, &mut look_back);
            assert_eq!((cleaned.patient.is_some(), look_back.len()), (remembered == 1, remembered), "{text}");
        }
    }

    #[test]
    fn payloads_that_are_no_object_are_rejected() {
        let profile = example::profile();
        for text in ["", "{", "[]", "\"text\"", "null", "{\"a\":1}x", "{'a':1}", "{\"a\":\"\\ud800\"}", "}{"]
        {
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

    /// A profile that maps a patient's number and one other.
    fn mapped(charset: &str) -> Profile {
        let text = format!(
            "{{version: '1', charset: {charset}, time_zone: UTC, date_formats: [yyyy], \
             mapping: {{patient_id: no, name: xm, identifiers: [{{type: {{constant: '99'}}, value: card}}]}}}}"
        );
        Profile::parse("test.yaml", "test", &text).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    #[test]
    fn f01_is_noted_where_another_character_set_was_decoded() {
        let bytes = |profile: &Profile, text: &str| {
            changes(&Payload::Bytes(Bytes::from(profile.charset.encode(text)).into()), profile)
        };
        let chinese = r#"{"no": "1", "xm": "张三"}"#;
        assert_eq!(bytes(&mapped("gb18030"), chinese), [("F01", String::new())]);
        assert_eq!(bytes(&mapped("utf-8"), chinese), []);
        assert_eq!(bytes(&mapped("gb18030"), r#"{"no": "1", "xm": "Li"}"#), [], "ASCII is ASCII in both");
    }

    #[test]
    fn f17_is_noted_where_an_id_came_as_a_number() {
        let of = |text: &str| changes(&Payload::Json(text.into()), &mapped("utf-8"));
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
    fn nesting_is_allowed_to_64_levels() {
        let nested =
            |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(parse(&nested(64)).is_ok());
        assert_eq!(parse(&nested(65)).err().unwrap().kind.code, "PAYLOAD_TOO_DEEP");
        assert_eq!(parse(&"{\"a\":".repeat(20_000)).err().unwrap().kind.code, "PAYLOAD_TOO_DEEP");
    }

    #[test]
    fn brackets_within_strings_do_not_nest() {
        let text = format!(r#"{{"a\"{}":"\\"}}"#, "[".repeat(100));
        assert_eq!(depth(&text), 1);
        assert!(parse(&text).is_ok());
    }

    #[test]
    fn bytes_that_are_no_text_in_the_charset_of_the_profile_are_rejected() {
        let issues = rejection(
            &Payload::Bytes(Bytes::from_static(b"{\"xm\":\"\xFF\xFF\"}").into()),
            &example::profile(),
        );
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
}
