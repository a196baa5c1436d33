//! From a source's object to canonical fields, and back to the source's names.

use std::collections::HashSet;

use cleaning::{
    field_names,
    profile::mapping::{Mapped, SourceFields},
    record::RawPatient,
};
use serde_json::{Value, json};

use super::*;

mod any;
mod arrays;
mod drift;
mod refusals;

use settings::{Problems, Section, yaml};

fn parse(text: &str) -> Result<Mapping, Vec<String>> {
    let mut problems = Problems::default();
    let read = yaml::parse("x.yaml", text, &mut problems)
        .and_then(|root| Section::read(root, &mut problems, super::read));
    problems.conclude(read).map_err(|found| found.iter().map(ToString::to_string).collect())
}

fn mapping(text: &str) -> Mapping {
    parse(text).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn map(mapping: &Mapping, object: Value) -> Mapped {
    mapping.map(object.as_object().expect("an object"))
}

fn of(sources: &SourceFields, field: &str) -> Option<String> {
    sources.of(field).map(|name| name.to_string())
}

fn of_element(sources: &SourceFields, field: &str, position: u32) -> Option<String> {
    sources.of_element(field, position).map(|name| name.to_string())
}

#[test]
fn every_canonical_field_can_be_mapped() {
    let mut text: String = ScalarField::ALL
        .into_iter()
        .filter(|field| !field.is_display())
        .map(|field| match (field.name(), field.display()) {
            (name, Some(display)) => format!("{name}: {{code: {name}, display: {}}}\n", display.name()),
            (name, None) => format!("{name}: {name}\n"),
        })
        .collect();
    text += "\
name: {text: a, family: b, given: c}
identifiers: [{type: a, value: b, system: c}]
phones: [a]
addresses: [{text: a, division_code: b, postal_code: c, country: d}]
contacts: [{name: a, relation: b, phone: c}]
";
    let mut expected: Vec<_> = field_names::texts().collect();
    expected.sort_unstable();
    assert_eq!(mapping(&text).fields().into_keys().collect::<Vec<_>>(), expected);
}

#[test]
fn a_null_token_is_a_value_only_where_there_is_no_other() {
    let nulls = HashSet::from(["-".to_owned(), "0".to_owned()]);
    let mapping = mapping("patient_id: [blh, kh]\ngender: [xbdm, xb]\n").skipping(&nulls);
    let mapped = map(&mapping, json!({"blh": "－", "kh": "7", "xbdm": "0", "xb": "-"}));
    assert_eq!(mapped.patient.patient_id, "7");
    assert_eq!(of(&mapped.sources, "patient_id").as_deref(), Some("kh"));
    assert_eq!(mapped.patient.gender, "0", "it may be a code");
}

#[test]
fn the_first_alternative_that_holds_something_wins_and_is_named() {
    let mapping = mapping("patient_id: [blh, kh]\ngender: xb\nbirth_date: [csrq, csny]\n");
    let mapped = map(&mapping, json!({"blh": "  ", "kh": "7", "xb": null, "csny": "1990-01"}));
    assert_eq!(mapped.patient.patient_id, "7");
    assert_eq!(mapped.patient.birth_date, "1990-01");
    assert!(mapped.patient.gender.is_empty());
    assert_eq!(of(&mapped.sources, "patient_id").as_deref(), Some("kh"));
    assert_eq!(of(&mapped.sources, "birth_date").as_deref(), Some("csny"));
}

#[test]
fn what_is_missing_is_named_by_its_first_alternative() {
    let mapping = mapping("patient_id: [blh, kh]\nname: xm\nphones: [lxdh]\nidentifiers: [{value: sfzh}]\n");
    let mapped = map(&mapping, json!({}));
    assert!(mapped.patient == RawPatient::default());
    for (field, name) in [("patient_id", "blh"), ("name", "xm"), ("phones", "lxdh"), ("identifiers", "sfzh")]
    {
        assert_eq!(of(&mapped.sources, field).as_deref(), Some(name));
    }
    assert_eq!(of_element(&mapped.sources, "identifiers.value", 0).as_deref(), Some("sfzh"));
    assert_eq!(of(&mapped.sources, "gender"), None);
}

#[test]
fn scalars_keep_their_text() {
    let mapping =
        mapping("patient_id: id\nbirth_date: b\ngender: g\ndeceased: d\nversion: v\nethnicity: e\n");
    let object =
        r#"{"id": 9007199254740993, "b": 19790125, "g": 0, "d": false, "v": 4.41E+17, "e": {"a": 1}}"#;
    let mapped = map(&mapping, serde_json::from_str(object).expect("JSON"));
    let patient = mapped.patient;
    assert_eq!(patient.patient_id, "9007199254740993");
    assert_eq!(patient.birth_date, "19790125");
    assert_eq!(patient.gender, "0");
    assert_eq!(patient.deceased, "false");
    assert!(patient.version.contains('e'), "damage must stay visible");
    assert!(patient.ethnicity.is_empty());
}

#[test]
fn elements_without_anything_of_the_record_are_left_out() {
    let mapping = mapping(
        "patient_id: id\n\
         identifiers:\n  - {type: {constant: '01'}, value: sfzh}\n  - {type: zjlx, value: zjhm, system: x}\n\
         addresses: [{text: xzz, country: {constant: CHN}}]\n\
         phones: [a, [b, c]]\n",
    );
    let mapped = map(&mapping, json!({"id": 1, "zjlx": "03", "zjhm": "E1", "c": "5"}));
    let identifiers = &mapped.patient.identifiers;
    assert_eq!(identifiers.len(), 1);
    assert!(identifiers[0].kind == "03" && identifiers[0].value == "E1");
    assert!(mapped.patient.phones == ["5"]);
    assert!(mapped.patient.addresses.is_empty());
    assert_eq!(of_element(&mapped.sources, "identifiers.value", 0).as_deref(), Some("zjhm"));
    assert_eq!(of_element(&mapped.sources, "identifiers.type", 0).as_deref(), Some("zjlx"));
    assert_eq!(of_element(&mapped.sources, "phones", 0).as_deref(), Some("c"));
    assert_eq!(of_element(&mapped.sources, "phones", 1), None);

    let mapped = map(&mapping, json!({"id": 1, "zjlx": "03"}));
    assert!(mapped.patient.identifiers.is_empty(), "a type alone identifies nobody");
}

#[test]
fn joins_leave_blank_parts_out() {
    let mapping = mapping("patient_id: id\naddresses: [{text: {join: [no, street, suburb], with: ', '}}]\n");
    let mapped = map(&mapping, json!({"id": 1, "no": 7, "street": "", "suburb": " cleveland "}));
    assert!(mapped.patient.addresses[0].text == "7, cleveland");
    assert_eq!(of_element(&mapped.sources, "addresses", 0).as_deref(), Some("no+street+suburb"));
}

#[test]
fn a_constant_does_not_come_from_the_sender() {
    let mapping = mapping("patient_id: id\nnationality: [gj, {constant: CHN}]\nethnicity: {constant: HA}\n");
    let mapped = map(&mapping, json!({"id": 1}));
    assert!(mapped.patient.nationality == "CHN" && mapped.patient.ethnicity == "HA");
    assert_eq!(of(&mapped.sources, "nationality"), None);
    assert_eq!(of(&mapped.sources, "ethnicity"), None);
}

#[test]
fn a_name_is_asked_for_as_a_whole_or_by_its_parts() {
    let mapping = mapping("patient_id: id\nname: {text: full, family: surname, given: given_name}\n");
    let mapped = map(&mapping, json!({"given_name": "mitchell", "surname": ""}));
    assert_eq!(of(&mapped.sources, "name").as_deref(), Some("given_name"));
    assert_eq!(of(&mapped.sources, "name.family").as_deref(), Some("surname"));
    assert_eq!(of(&map(&mapping, json!({})).sources, "name").as_deref(), Some("full"));
}

#[test]
fn canonical_records_have_no_sources() {
    assert_eq!(of(&SourceFields::none(), "patient_id"), None);
}

#[test]
fn a_pair_gives_the_code_and_its_display() {
    let mapping = mapping(
        "patient_id: id\ngender: {code: [xbdm, xbdm2], display: xb}\nethnicity: {code: mzdm, display: mz}\n\
         nationality: {constant: CHN}\nmarital_status: hyzk\n",
    );
    let mapped = map(&mapping, json!({"xbdm2": 1, "xb": "男", "mz": "汉族"}));
    let patient = mapped.patient;
    assert!(patient.gender == "1" && patient.gender_display == "男");
    assert!(patient.ethnicity.is_empty() && patient.ethnicity_display == "汉族");
    assert!(patient.nationality == "CHN" && patient.nationality_display.is_empty());
    assert_eq!(of(&mapped.sources, "gender").as_deref(), Some("xbdm2"));
    assert_eq!(of(&mapped.sources, "gender_display").as_deref(), Some("xb"));
    assert_eq!(of(&mapped.sources, "ethnicity").as_deref(), Some("mzdm"));
    assert_eq!(of(&mapped.sources, "marital_status_display"), None);
}

#[test]
fn what_else_a_source_says_about_a_birth_is_mapped() {
    let mapping = mapping("patient_id: id\nage: nl\nbirth_date_absent_reason: yy\n");
    let patient = map(&mapping, json!({"nl": 34, "yy": "unknown"})).patient;
    assert!(patient.age == "34" && patient.birth_date_absent_reason == "unknown");
}

#[test]
fn numbers_are_told_from_texts() {
    let mapping = mapping(
        "patient_id: [id, no]\nversion: v\nbirth_date: {join: [y, m], with: '-'}\n\
         identifiers: [{value: a}, {value: b}, {each: /ids, value: /n}]\n",
    );
    let record =
        json!({"no": 17, "v": "3", "y": 1990, "m": 5, "a": "1", "b": 4.41e17, "ids": [{"n": "x"}, {"n": 8}]});
    let numbers: Vec<_> = map(&mapping, record).sources.numbers().collect();
    assert_eq!(
        numbers,
        [("patient_id", None), ("identifiers.value", Some(1)), ("identifiers.value", Some(3))]
    );
}
