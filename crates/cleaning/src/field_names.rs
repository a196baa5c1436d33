//! The names of the canonical fields that issues and changes are about.

use crate::record::RawPatient;

/// The name of a canonical field, as `birth_date` or `identifiers.value`; empty for the whole record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldName(&'static str);

/// Names that are not in a raw patient: the whole record, what is beside the patient, and what is derived.
const OTHERS: [&str; 4] = ["", "id", "hospital_code", "name.pinyin"];

/// The [`FieldName`] of a literal: one that no canonical field has does not compile.
macro_rules! field {
    ($name:expr) => {
        const { $crate::field_names::FieldName::new($name) }
    };
}
pub(crate) use field;

impl FieldName {
    /// Checks a name.
    ///
    /// # Panics
    ///
    /// If no canonical field has it.
    pub const fn new(name: &'static str) -> Self {
        assert!(is_known(name), "no canonical field has this name");
        Self(name)
    }

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The canonical field of this name, which was written down and is read back.
pub fn find(name: &str) -> Option<&'static str> {
    let of_patient = RawPatient::FIELDS.iter().flat_map(|(field, parts)| [field].into_iter().chain(*parts));
    OTHERS.iter().chain(of_patient).copied().find(|field| *field == name)
}

/// The names of the texts of a raw patient: the parts of a field in place of the whole.
pub fn texts() -> impl Iterator<Item = &'static str> {
    let texts = |(field, parts): &'static (_, &'static [_])| match parts {
        [] => std::slice::from_ref(field),
        parts => parts,
    };
    RawPatient::FIELDS.iter().flat_map(texts).copied()
}

const fn is_known(name: &str) -> bool {
    let mut known = holds(&OTHERS, name);
    let mut index = 0;
    while index < RawPatient::FIELDS.len() {
        let (field, parts) = RawPatient::FIELDS[index];
        known = known || is_same(field, name) || holds(parts, name);
        index += 1;
    }
    known
}

const fn holds(names: &[&str], name: &str) -> bool {
    let mut index = 0;
    while index < names.len() {
        if is_same(names[index], name) {
            return true;
        }
        index += 1;
    }
    false
}

/// `==` of texts, which a constant cannot use.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut same = one.len() == other.len();
    let mut index = 0;
    while same && index < one.len() {
        same = one[index] == other[index];
        index += 1;
    }
    same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for name in
            texts().chain(["", "id", "hospital_code", "name", "name.pinyin", "identifiers", "contacts"])
        {
            assert_eq!(find(name), Some(name));
            assert_eq!(FieldName::new(name).as_str(), name);
        }
        assert_eq!(find("shoe_size"), None);
    }

    #[test]
    #[should_panic(expected = "no canonical field")]
    fn an_unknown_name_is_refused() {
        FieldName::new("contact.phone");
    }
}
