//! Gender out of a source's code.

use std::collections::HashMap;

use super::parsed::{NotInTable, Parsed};
use crate::patient::Gender;

/// Codes that need no table: GB/T 2261.1, FHIR, HL7 table 0001, and the Chinese words. Upper case.
const DEFAULTS: [(&str, Gender); 24] = [
    ("1", Gender::Male),
    ("M", Gender::Male),
    ("MALE", Gender::Male),
    ("男", Gender::Male),
    ("男性", Gender::Male),
    ("2", Gender::Female),
    ("F", Gender::Female),
    ("FEMALE", Gender::Female),
    ("女", Gender::Female),
    ("女性", Gender::Female),
    ("0", Gender::Unknown),
    ("9", Gender::Unknown),
    ("U", Gender::Unknown),
    ("UNKNOWN", Gender::Unknown),
    ("未知", Gender::Unknown),
    ("未知的性别", Gender::Unknown),
    ("未说明", Gender::Unknown),
    ("未说明的性别", Gender::Unknown),
    ("O", Gender::Other),
    ("A", Gender::Other),
    ("N", Gender::Other),
    ("OTHER", Gender::Other),
    ("其他", Gender::Other),
    ("其它", Gender::Other),
];

/// Reads a cleaned code. The source's table decides alone, for sources reverse each other's codes.
pub fn read(code: &str, table: Option<&HashMap<String, Gender>>) -> Parsed<Gender, NotInTable> {
    let found = match table {
        Some(table) => table.get(code).copied(),
        None => {
            let mut defaults = DEFAULTS.iter();
            defaults.find(|(name, _)| name.eq_ignore_ascii_case(code)).map(|(_, gender)| *gender)
        }
    };
    found.map_or(Parsed::Faulty(NotInTable), Parsed::Value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_defaults_know_the_standards() {
        for (code, gender) in [("男", Gender::Male), ("female", Gender::Female), ("f", Gender::Female)] {
            assert!(matches!(read(code, None), Parsed::Value(found) if found == gender), "{code}");
        }
        assert!(matches!(read("3", None), Parsed::Faulty(NotInTable)));
    }

    #[test]
    fn a_table_may_reverse_the_codes_and_hides_the_defaults() {
        let table = HashMap::from([("0".to_owned(), Gender::Male), ("1".to_owned(), Gender::Female)]);
        assert!(matches!(read("1", Some(&table)), Parsed::Value(Gender::Female)));
        assert!(matches!(read("M", Some(&table)), Parsed::Faulty(NotInTable)));
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_canonical_names_mean_themselves(text in any::<String>()) {
            if let Parsed::Value(gender) = read(&text, None) {
                prop_assert!(matches!(read(gender.name(), None), Parsed::Value(again) if again == gender));
            }
        }
    }
}
