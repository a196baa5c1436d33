//! The coverage of a mapping: which canonical fields are filled from which keys of the source, and which keys are not
//! mapped.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use cleaning::{
    field_names,
    profile::{Profile, mapping::Mapped},
    record::RawPatient,
};

/// Distinct keys that are counted at most, which bounds the memory: keys may be values by mistake.
const MAX_COUNTED_KEYS: usize = 1_000;

/// The coverage of the records so far.
pub(super) struct Coverage {
    fields: Vec<(&'static str, FieldCoverage)>,
    unmapped: BTreeMap<String, u64>,
}

/// The coverage of one canonical field.
#[derive(Clone, Default)]
pub(super) struct FieldCoverage {
    /// Records that have it.
    pub(super) filled: u64,
    /// The names of the field at the source, with the number of values from each.
    names: BTreeMap<Arc<str>, u64>,
    /// The number of values from the profile itself.
    constant: u64,
}

impl Default for Coverage {
    fn default() -> Self {
        let wholes: Vec<_> = field_names::texts().map(whole).collect();
        let mut fields: Vec<_> =
            field_names::texts().map(|field| (field, FieldCoverage::default())).collect();
        // What says more about a field is shown behind it.
        fields.sort_by_key(|(field, _)| wholes.iter().position(|other| *other == whole(field)));
        Self { fields, unmapped: BTreeMap::new() }
    }
}

impl Coverage {
    pub(super) fn add(&mut self, object: &Map<String, Value>, mapped: &Mapped, profile: &Profile) {
        for (field, coverage) in &mut self.fields {
            coverage.add(field, mapped);
        }
        for key in profile.mapping.unmapped_keys(object).filter(|key| !is_empty(&object[*key])) {
            if let Some(count) = self.unmapped.get_mut(key) {
                *count += 1;
            } else if self.unmapped.len() < MAX_COUNTED_KEYS {
                self.unmapped.insert(key.to_owned(), 1);
            }
        }
    }

    /// The fields that the profile maps, or that are constant.
    pub(super) fn mapped(&self) -> impl Iterator<Item = (&'static str, &FieldCoverage)> {
        let fields = self.fields.iter().map(|(field, coverage)| (*field, coverage));
        fields.filter(|(_, coverage)| coverage.is_mapped())
    }

    /// The fields without a mapped part.
    pub(super) fn not_mapped(&self) -> Vec<&'static str> {
        let mapped: HashSet<_> = self.mapped().map(|(field, _)| whole(field)).collect();
        let wholes = self.fields.iter().map(|(field, _)| whole(field));
        let mut not_mapped: Vec<_> = wholes.filter(|field| !mapped.contains(field)).collect();
        not_mapped.dedup();
        not_mapped
    }

    /// The keys of the source that have values and are not mapped, the most frequent first.
    pub(super) fn unmapped_keys(&self) -> Vec<(&str, u64)> {
        let mut keys: Vec<_> = self.unmapped.iter().map(|(key, count)| (key.as_str(), *count)).collect();
        keys.sort_by_key(|(_, count)| Reverse(*count));
        keys
    }
}

impl FieldCoverage {
    fn add(&mut self, field: &'static str, mapped: &Mapped) {
        let Mapped { patient, sources, .. } = mapped;
        let places: Vec<_> = match elements(patient, field) {
            // Of an empty list, too, the name under which it was looked for.
            None | Some(0) => vec![None],
            Some(elements) => (0..elements).map(Some).collect(),
        };
        let mut filled = false;
        for place in places {
            let is_there = patient.text(field, place).is_some();
            filled |= is_there;
            let name = match place {
                None => sources.of(field),
                Some(place) => sources.of_element(field, place),
            };
            match name {
                Some(name) => *self.names.entry(name).or_default() += u64::from(is_there),
                None => self.constant += u64::from(is_there),
            }
        }
        self.filled += u64::from(filled);
    }

    fn is_mapped(&self) -> bool {
        self.filled > 0 || !self.names.is_empty()
    }

    /// The names of the field at the source, the most frequent first, with their counts if there are several.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<_> = self.names.iter().map(|(name, count)| (&**name, *count)).collect();
        if self.constant > 0 {
            names.push(("(constant)", self.constant));
        }
        names.sort_by_key(|(_, count)| Reverse(*count));
        if let [(name, _)] = names[..] {
            return name.to_owned();
        }
        let names: Vec<_> = names.iter().map(|(name, count)| format!("{name} {count}")).collect();
        names.join(", ")
    }
}

/// The field that this one is a part of or describes.
fn whole(field: &'static str) -> &'static str {
    let whole = field.split('.').next().unwrap_or(field);
    whole.trim_end_matches("_display").trim_end_matches("_absent_reason")
}

/// The length of the list that the field belongs to; `None` for a field without a list.
fn elements(patient: &RawPatient, field: &str) -> Option<u32> {
    let elements = match field.split('.').next()? {
        "identifiers" => patient.identifiers.len(),
        "phones" => patient.phones.len(),
        "addresses" => patient.addresses.len(),
        "contacts" => patient.contacts.len(),
        _ => return None,
    };
    u32::try_from(elements).ok()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_by_the_names_they_came_from() {
        let profile = &profiles::shipped()["renmin"];
        let mut coverage = Coverage::default();
        for record in [
            r#"{"blh": "1", "xm": "张三", "lxdh": "1", "sjhm": "2", "bz": "x", "kong": ""}"#,
            r#"{"MZH": "2", "XM": "李四", "bz": "y"}"#,
        ] {
            let object = serde_json::from_str(record).unwrap();
            coverage.add(&object, &profile.mapping.map(&object), profile);
        }
        let field = |name| coverage.mapped().find(|(field, _)| *field == name).unwrap().1;
        assert_eq!((field("patient_id").filled, field("patient_id").names()), (2, "blh 1, mzh 1".to_owned()));
        assert_eq!((field("phones").filled, field("phones").names()), (1, "lxdh 1, sjhm 1".to_owned()));
        assert_eq!((field("birth_date").filled, field("birth_date").names()), (0, "csrq".to_owned()));
        assert_eq!(coverage.not_mapped(), ["version", "age"]);
        assert_eq!(coverage.unmapped_keys(), [("bz", 2)]);
    }
}
