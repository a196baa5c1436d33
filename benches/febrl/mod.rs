//! The synthetic persons, as their hospital sends them.

use std::collections::BTreeMap;

const ROWS: &[u8] = include_bytes!("../../crates/lab/data/febrl/dataset3.csv");

/// The hospital that they come from.
pub(crate) const HOSPITAL: &str = "febrl";

/// So many records as the hospital's JSON, under numbers that begin with `round`; at most 5,000.
pub(crate) fn records(count: usize, round: usize) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(ROWS);
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    let record = |row: Result<BTreeMap<String, String>, csv::Error>| {
        let mut row = row.expect("the file is sound");
        row.get_mut("rec_id").expect("every row has a number").insert_str(0, &format!("{round}-"));
        serde_json::to_string(&row).expect("texts serialise")
    };
    rows.take(count).map(record).collect()
}
