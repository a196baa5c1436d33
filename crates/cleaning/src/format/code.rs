//! Codes of a source, brought into the canonical code system by the profile's tables.

use std::collections::HashMap;

use super::parsed::{NotInTable, Parsed};

/// Looks a cleaned code up in the source's table; without a table the code is taken as it is.
pub fn translate(code: &str, table: Option<&HashMap<String, String>>) -> Parsed<String, NotInTable> {
    match table {
        None => Parsed::Value(code.to_owned()),
        Some(table) => table.get(code).cloned().map_or(Parsed::Faulty(NotInTable), Parsed::Value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_decides_alone() {
        let table = HashMap::from([("ID".to_owned(), "01".to_owned())]);
        assert!(matches!(translate("ID", Some(&table)), Parsed::Value(code) if code == "01"));
        assert!(matches!(translate("01", Some(&table)), Parsed::Faulty(NotInTable)));
        assert!(matches!(translate("01", None), Parsed::Value(code) if code == "01"));
    }
}
