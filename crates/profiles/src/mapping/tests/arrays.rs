//! Lists of unknown length, of which some elements are wanted.

use super::*;
use cleaning::record::MAX_ELEMENTS;

const FHIR: &str = "\
patient_id: {first: /identifier, where: {/system: mrn}, take: /value}
name:
  family: {first: /name, where: {/use: [official, usual]}, take: /family}
  given: {first: /name, where: {/use: [official, usual]}, take: {join: [/given/*]}}
identifiers:
  - {each: /identifier, where: {/system: ssn}, type: {constant: '99'}, value: /value, system: /system}
  - {each: /identifier, where: {/type/code: PPN}, type: {constant: '03'}, value: [/value, /number]}
  - {type: zjlx, value: zjhm}
phones:
  - {each: /telecom, where: {/system: phone, /use: home}, take: /value}
  - mobile
addresses:
  - {each: address, text: {join: [/line/*, city], with: ', '}, country: {constant: USA}}
contacts:
  - {each: /contact, name: /name/text, phone: {first: /telecom, where: {/system: phone}, take: /value}}
";

fn patient() -> Value {
    json!({
        "identifier": [
            {"system": "other", "value": "0"},
            {"system": "ssn", "value": " "},
            {"system": " mrn ", "value": "M-1"},
            {"type": {"code": "PPN"}, "number": 77},
            {"system": "ssn", "value": "999"},
            {"system": "mrn", "value": "M-2"},
        ],
        "zjlx": "05", "zjhm": "L1",
        "name": [
            {"use": "maiden", "family": "C", "given": ["D"]},
            {"use": "usual", "given": ["B"]},
            {"use": "official", "family": "A", "given": ["B", 7, " ", null, "C"]},
        ],
        "telecom": [
            {"system": "phone", "use": "work", "value": "1"},
            {"system": "phone", "use": "home", "value": "2"},
            {"system": "email", "use": "home", "value": "3"},
            {"system": "phone", "use": "home", "value": "4"},
        ],
        "mobile": "5",
        "address": [{"line": ["1 Main St", "Apt 2"], "city": "Lee"}, {}, {"city": "Ayer"}],
        "contact": [{"name": {"text": "N"}, "telecom": [{"system": "fax", "value": "6"}, {"system": "phone", "value": "7"}]}],
    })
}

#[test]
fn the_elements_that_satisfy_every_condition_make_the_list() {
    let patient = map(&mapping(FHIR), patient()).patient;
    let identifiers: Vec<_> =
        patient.identifiers.iter().map(|id| [&*id.kind, &*id.value, &*id.system]).collect();
    assert!(identifiers == [["99", "999", "ssn"], ["03", "77", ""], ["05", "L1", ""]]);
    assert!(patient.phones == ["2", "4", "5"]);
    assert!(patient.addresses[0].text == "1 Main St, Apt 2, Lee");
    assert!(patient.addresses[1].text == "Ayer" && patient.addresses.len() == 2);
    assert!(patient.contacts.len() == 1 && patient.contacts[0].phone == "7");
}

#[test]
fn the_first_element_that_holds_something_is_taken() {
    let patient = map(&mapping(FHIR), patient()).patient;
    assert!(patient.patient_id == "M-1");
    assert!(patient.name.family == "A" && patient.name.given == "B");
}

#[test]
fn an_element_is_named_with_its_place_in_the_source() {
    let sources = map(&mapping(FHIR), patient()).sources;
    for (field, position, name) in [
        ("identifiers.value", 0, "/identifier/4/value"),
        ("identifiers.system", 0, "/identifier/4/system"),
        ("identifiers.value", 1, "/identifier/3/number"),
        ("identifiers.value", 2, "zjhm"),
        ("phones", 0, "/telecom/1/value"),
        ("phones", 1, "/telecom/3/value"),
        ("phones", 2, "mobile"),
        ("addresses.text", 0, "/address/0/line/*+/city"),
        ("addresses", 1, "/address/2/line/*+/city"),
        ("contacts.phone", 0, "/contact/0/telecom[system=phone]/value"),
    ] {
        assert_eq!(of_element(&sources, field, position).as_deref(), Some(name), "{field} {position}");
    }
    assert_eq!(of_element(&sources, "phones", 3), None);
    assert_eq!(of(&sources, "patient_id").as_deref(), Some("/identifier/2/value"));
    assert_eq!(of(&sources, "name.given").as_deref(), Some("/name/1/given/*"));
}

#[test]
fn what_is_missing_is_named_by_the_conditions_that_it_would_satisfy() {
    let sources = map(&mapping(FHIR), json!({"identifier": [], "telecom": [{"system": "phone"}]})).sources;
    for (field, name) in [
        ("patient_id", "/identifier[system=mrn]/value"),
        ("name.family", "/name[use=official|usual]/family"),
        ("identifiers", "/identifier[system=ssn]/value"),
        ("phones", "/telecom[system=phone,use=home]/value"),
        ("addresses", "/address/*/line/*+/city"),
    ] {
        assert_eq!(of(&sources, field).as_deref(), Some(name), "{field}");
    }
    assert_eq!(
        of_element(&sources, "identifiers.value", 0).as_deref(),
        Some("/identifier[system=ssn]/value")
    );
}

#[test]
fn elements_may_be_plain_values_and_a_list_may_be_a_single_one() {
    let mapping = mapping("patient_id: id\nphones: [{each: /tel}, {each: /more, take: /0}]\n");
    let phones = |record| map(&mapping, record).patient.phones;
    assert!(phones(json!({"tel": ["1", 2, null, {}, ""], "more": [["3", "4"], []]})) == ["1", "2", "3"]);
    assert!(phones(json!({"tel": "1"})) == ["1"]);
    assert!(phones(json!({"tel": null})).is_empty());
    let sources = map(&mapping, json!({"tel": ["", "1"]})).sources;
    assert_eq!(of_element(&sources, "phones", 0).as_deref(), Some("/tel/1"));
}

#[test]
fn a_first_leads_through_nested_lists() {
    let mapping = mapping(
        "patient_id: id\nethnicity:\n  first: /extension\n  where: {/url: ethnicity}\n  \
         take: {first: /extension, where: {/url: [text, label]}, take: /value}\n",
    );
    let record = json!({"extension": [
        {"url": "race", "extension": [{"url": "text", "value": "a"}]},
        {"url": "ethnicity", "extension": [{"url": "code", "value": "b"}, {"url": "text", "value": "c"}]},
    ]});
    let mapped = map(&mapping, record);
    assert!(mapped.patient.ethnicity == "c");
    let name = of(&mapped.sources, "ethnicity");
    assert_eq!(name.as_deref(), Some("/extension/1/extension[url=text|label]/value"));
}

#[test]
fn a_list_takes_one_more_than_are_read_and_no_more() {
    let mapping = mapping("patient_id: id\nphones: [first, {each: /tel}, last]\n");
    let map = |count: usize| {
        let tel: Vec<_> = (0..count).flat_map(|place| [String::new(), place.to_string()]).collect();
        map(&mapping, json!({"first": "0", "tel": tel, "last": "0"}))
    };
    assert_eq!(map(MAX_ELEMENTS - 2).patient.phones.len(), MAX_ELEMENTS);
    for count in [MAX_ELEMENTS - 1, MAX_ELEMENTS, MAX_ELEMENTS * 10] {
        let mapped = map(count);
        assert_eq!(mapped.patient.phones.len(), MAX_ELEMENTS + 1);
        assert_eq!(of_element(&mapped.sources, "phones", 1).as_deref(), Some("/tel/1"));
        assert_eq!(of_element(&mapped.sources, "phones", 101), None);
    }
}

#[test]
fn the_number_of_a_patient_is_found_among_many_to_be_changed() {
    let mapping = mapping(FHIR);
    let mut record = patient();
    let record = record.as_object_mut().expect("an object");
    let id = mapping.patient_id_in(record).expect("it is there");
    assert_eq!(*id, "M-1");
    *id = json!("M-3");
    assert!(mapping.map(record).patient.patient_id == "M-3");
}
