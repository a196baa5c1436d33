//! Codes of a source, brought into the canonical code system by the profile's tables.

use std::collections::HashMap;

use super::draft::{Field, NotInTable};

/// Looks a cleaned code up in the source's table; without a table the code is taken as it stands.
pub fn translate(code: &str, table: Option<&HashMap<String, String>>) -> Field<String, NotInTable> {
    match table {
        None => Field::Value(code.to_owned()),
        Some(table) => table.get(code).cloned().map_or(Field::Faulty(NotInTable), Field::Value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_decides_alone() {
        let table = HashMap::from([("ID".to_owned(), "01".to_owned())]);
        assert!(matches!(translate("ID", Some(&table)), Field::Value(code) if code == "01"));
        assert!(matches!(translate("01", Some(&table)), Field::Faulty(NotInTable)));
        assert!(matches!(translate("01", None), Field::Value(code) if code == "01"));
    }
}
