//! A profile and a patient for tests.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;

use crate::{
    format::{date::DateFormat, null_token, patient_id::PatientIdFormat},
    formatter::Formatter,
    issue::Issue,
    phi::Phi,
    profile::{
        Charset, CodeTables, Profile,
        mapping::{Mapping, SourceFields},
    },
    record::{RawAddress, RawIdentifier, RawName, RawPatient},
    rules::{self, ReceivedAt, RecordContext},
};

/// A Chinese hospital that has no code tables.
pub(crate) fn profile() -> Profile {
    let formats = ["yyyy-MM-dd", "yyyyMMdd", "yyyy-MM", "yyyy", "instant"];
    Profile {
        code: "example".into(),
        version: "1".to_owned(),
        charset: Charset::Gb18030,
        mapping: Mapping::default(),
        date_formats: formats.map(|format| DateFormat::parse(format).unwrap()).to_vec(),
        time_zone: TimeZone::get("Asia/Shanghai").unwrap(),
        phone_region: Some(phonenumber::country::CN),
        pinyin: false,
        null_tokens: HashSet::from(["-", "无", "NULL", "0", "99991231"].map(null_token::key)),
        codes: CodeTables::default(),
        patient_ids: PatientIdFormat::default(),
        rules: HashMap::new(),
        verify: None,
    }
}

/// A patient about whom no rule has anything to say: the woman of the standard's example.
pub(crate) fn patient() -> RawPatient {
    RawPatient {
        patient_id: "MR-1".into(),
        name: RawName { text: "张三".into(), ..RawName::default() },
        gender: "2".into(),
        birth_date: "1949-12-31".into(),
        identifiers: vec![identifier("01", "11010519491231002X")],
        phones: vec!["13912345678".into()],
        addresses: vec![RawAddress { text: "北京市朝阳区".into(), ..RawAddress::default() }],
        updated_at: "2024-05-01T08:00:00+08:00".into(),
        ..RawPatient::default()
    }
}

/// An identifier without a system.
pub(crate) fn identifier(kind: &str, value: &str) -> RawIdentifier {
    RawIdentifier { kind: kind.into(), value: value.into(), system: Phi::default() }
}

/// When the example patient is judged.
pub(crate) const RECEIVED_AT: &str = "2024-06-15T00:00:00Z";

/// What the rules find in the example patient with a change.
pub(crate) fn issues(change: impl FnOnce(&mut RawPatient)) -> Vec<Issue> {
    issues_with(|_| {}, change)
}

/// The codes of what the rules find in the example patient with a change.
pub(crate) fn codes(change: impl FnOnce(&mut RawPatient)) -> Vec<&'static str> {
    codes_with(|_| {}, change)
}

/// The codes of what the rules find in the example patient with a change of it and of the profile.
pub(crate) fn codes_with(
    change_profile: impl FnOnce(&mut Profile),
    change: impl FnOnce(&mut RawPatient),
) -> Vec<&'static str> {
    issues_with(change_profile, change).iter().map(|issue| issue.kind.code).collect()
}

fn issues_with(
    change_profile: impl FnOnce(&mut Profile),
    change: impl FnOnce(&mut RawPatient),
) -> Vec<Issue> {
    let (mut profile, mut raw) = (profile(), patient());
    change_profile(&mut profile);
    change(&mut raw);
    let received = &ReceivedAt::new(RECEIVED_AT.parse().unwrap(), &profile);
    let record = RecordContext { raw: &raw, sources: &SourceFields::none(), profile: &profile, received };
    rules::judge(&Formatter::new(&profile).draft(&raw), record)
}
