//! Whatever a record holds, it is mapped, and costs no more than its size.

use proptest::prelude::*;

use super::*;
use cleaning::record::{MAX_ELEMENTS, RawPatient};
use serde_json::Map;

const MAPPING: &str = "\
patient_id: {first: a, where: {/b: [x, '1']}, take: /c}
name: {text: {join: [/a/*/b, /a/0/c/*, b], with: '; '}, family: {first: /b/a, take: {first: /c, take: /a}}}
gender: {code: [a, /b/0], display: {first: /c, take: {join: [/a/*/b, c]}}}
identifiers:
  - {each: a, value: /b, type: {join: [/c/*, /a/*/*]}, system: {first: /a, where: {/b: x, /c: y}, take: /a}}
  - {each: /b/c, where: {/a: [x, 'true']}, value: [/0, /b]}
  - {value: c}
phones: [{each: /c}, {each: /a/0, take: [/b, {constant: '7'}]}, b]
addresses: {each: b, text: {join: [/a/*, /b, /c]}, country: {constant: X}}
contacts: {each: /a/1/b, name: /a, phone: {first: /b, take: /c}}
ignored: [d*]
";

/// Any value made of few keys and texts, so that paths often lead somewhere.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[xy1 ]{0,2}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            any_object(inner).prop_map(Value::Object),
        ]
    })
}

fn any_object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(("[abcdAB]|.{0,3}", values), 0..8).prop_map(|entries| entries.into_iter().collect())
}

fn texts(patient: &RawPatient) -> usize {
    serde_json::to_string(patient).expect("JSON").len()
}

proptest! {
    #[test]
    fn any_record_is_mapped(record in any_object(any_value())) {
        let mapping = mapping(MAPPING);
        let mapped = mapping.map(&record);
        let patient = &mapped.patient;
        let longest = patient.identifiers.len().max(patient.phones.len()).max(patient.addresses.len());
        prop_assert!(longest <= MAX_ELEMENTS + 1);
        prop_assert!(texts(patient) <= 2_000 + 40 * Value::from(record.clone()).to_string().len());
        prop_assert_eq!(mapped.unmapped.count as usize, mapping.unmapped_keys(&record).count());
        for (position, identifier) in (0..).zip(&patient.identifiers) {
            prop_assert!(!identifier.value.is_empty());
            prop_assert!(mapped.sources.of_element("identifiers.value", position).is_some());
        }
        for position in 0..patient.phones.len() {
            let name = mapped.sources.of_element("phones", u32::try_from(position).unwrap());
            prop_assert!(name.is_some());
        }
        let mut changed = record.clone();
        if let Some(value) = mapping.patient_id_in(&mut changed) {
            *value = Value::from("another");
            prop_assert!(mapping.map(&changed).patient.patient_id == "another" || record != changed);
        }
    }

    #[test]
    fn any_mapping_is_read_or_refused(parts in prop::collection::vec("[a-c/*: ,{}\\[\\]'-]{0,6}|each|where|first|take|join|with|constant|code|display", 0..12)) {
        let _ = parse(&format!("patient_id: {}\n", parts.concat()));
        let _ = parse(&format!("patient_id: a\nphones: {}\n", parts.join(" ")));
    }
}
