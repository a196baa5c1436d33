//! What of a record nobody mapped, and what of a mapping was found.

use super::*;

const MAPPING: &str = "\
patient_id: {first: /ids, take: value}
name: {join: [xing, /ming/0]}
gender: {code: xbdm, display: xb}
identifiers: [{each: /certificates, type: /kind, value: /number}, {type: {constant: '01'}, value: sfzh}]
phones: [{each: telecom, take: number}]
nationality: {constant: CHN}
ignored: [row, his_*]
";

fn unmapped(record: Value) -> (u32, Option<String>) {
    let mapped = map(&mapping(MAPPING), record);
    (mapped.unmapped.count, mapped.unmapped.first.map(|key| key.to_string()))
}

#[test]
fn keys_that_the_mapping_reads_or_ignores_are_expected_in_any_case() {
    let record = json!({
        "ids": 1, "XING": 1, "ming": 1, "xbdm": 1, "Xb": 1, "certificates": 1, "sfzh": 1, "telecom": 1,
        "Row": 1, "his_1": 1, "HIS_": 1,
    });
    assert_eq!(unmapped(record), (0, None));
}

#[test]
fn keys_that_nobody_expects_are_counted_and_the_first_is_named() {
    // What is read within elements is no key of the record.
    let record = json!({"value": 1, "kind": {}, "number": [], "his": null, "xing ": "", "rows": 1, "xb": 1});
    assert_eq!(unmapped(record.clone()), (6, Some("his".into())));
    let object = record.as_object().expect("an object");
    let mapping = mapping(MAPPING);
    let keys: Vec<_> = mapping.unmapped_keys(object).collect();
    assert_eq!(keys, ["his", "kind", "number", "rows", "value", "xing "]);
    assert_eq!(unmapped(json!({ "键".repeat(100): 1 })), (1, Some("键".repeat(64))));
}

#[test]
fn a_mapping_lists_its_fields_and_a_record_tells_which_it_has() {
    let mapping = mapping(MAPPING);
    let fields: Vec<_> =
        mapping.fields().into_iter().map(|(field, names)| format!("{field}: {}", names.join(", "))).collect();
    assert_eq!(
        fields,
        [
            "gender: xbdm",
            "gender_display: xb",
            "identifiers.type: /certificates/*/kind",
            "identifiers.value: /certificates/*/number, sfzh",
            "name.text: xing+/ming/0",
            "nationality: ",
            "patient_id: /ids/*/value",
            "phones: /telecom/*/number",
        ]
    );
    let record = json!({"ids": [{"value": 1}], "xb": "男", "certificates": [{"number": 1}, {"number": 2}]});
    let sources = map(&mapping, record).sources;
    let mut found: Vec<_> = sources.found().collect();
    found.sort_unstable();
    assert_eq!(found, ["gender_display", "identifiers.value", "identifiers.value", "patient_id"]);
}

#[test]
fn a_canonical_record_has_found_nothing() {
    assert_eq!(SourceFields::none().found().count() + SourceFields::none().numbers().count(), 0);
}
