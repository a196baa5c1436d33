//! The rows of CSV files, as hospitals export them.

use std::io::Read;

use serde_json::{Map, Value};

use super::CommandError;

/// The rows of a CSV file. Its first line names the keys of the objects that its rows become.
pub struct CsvRows<R> {
    reader: csv::Reader<R>,
    row: csv::ByteRecord,
    keys: Vec<String>,
}

/// One row of a CSV file: the values beside their keys.
pub struct CsvRow<'r> {
    keys: &'r [String],
    row: &'r csv::ByteRecord,
}

impl<R: Read> CsvRows<R> {
    /// Reads the first line. `decode` converts bytes to text.
    pub fn new(input: R, decode: impl Fn(&[u8]) -> Option<String>) -> Result<Self, CommandError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
        let header = reader.byte_headers().map_err(|_| "the first line cannot be read as CSV")?;
        let keys: Option<Vec<_>> =
            header.iter().map(|key| decode(key.strip_prefix(BOM).unwrap_or(key))).collect();
        let keys = keys.ok_or("the first line is not text in the character set of the profile")?;
        if keys.iter().any(|key| is_value(key)) {
            return Err("the first line holds numbers; it must hold the names of the columns".into());
        }
        Ok(Self { reader, row: csv::ByteRecord::new(), keys })
    }

    /// The next row; `None` at the end.
    pub fn next_row(&mut self) -> Option<Result<CsvRow<'_>, CommandError>> {
        match self.reader.read_byte_record(&mut self.row) {
            Ok(false) => None,
            Ok(true) => Some(Ok(CsvRow { keys: &self.keys, row: &self.row })),
            Err(error) => Some(Err(match error.into_kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("has {len} fields where the first line has {expected_len}").into()
                }
                csv::ErrorKind::Io(error) => error.into(),
                _ => "is not a row of CSV".into(),
            })),
        }
    }
}

const BOM: &[u8] = "\u{feff}".as_bytes();

/// Whether the name of a column is a value instead: a date, a phone or another number. One letter is not enough for a
/// name, because resident ids may end with X.
fn is_value(name: &str) -> bool {
    let count = |is: fn(char) -> bool| name.chars().filter(|character| is(*character)).count();
    count(|character| character.is_ascii_digit()) >= 4 && count(char::is_alphabetic) <= 1
}

impl CsvRow<'_> {
    /// The first value, which identifies the row.
    pub fn id(&self) -> String {
        String::from_utf8_lossy(self.row.get(0).unwrap_or_default()).into_owned()
    }

    /// The row as an object of texts; `None` if `decode` fails for a value.
    pub fn object(&self, decode: impl Fn(&[u8]) -> Option<String>) -> Option<Map<String, Value>> {
        let values = self.keys.iter().zip(self.row);
        values.map(|(key, value)| Some((key.clone(), Value::String(decode(value)?)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Option<String> {
        String::from_utf8(bytes.to_vec()).ok()
    }

    #[test]
    fn a_first_line_of_values_is_no_header() {
        for header in ["blh,19870605", "440524200509200669,x", "x,44052420050920066X", "1990-05-02"] {
            assert!(CsvRows::new(header.as_bytes(), decode).is_err(), "{header}");
        }
        for header in ["WS02_01_005_01_01,aac003", "xm,address_1", "\u{feff}病案号,姓名"] {
            assert!(CsvRows::new(header.as_bytes(), decode).is_ok(), "{header}");
        }
    }

    #[test]
    fn rows_become_objects_without_the_spaces_around_their_values() {
        let mut rows = CsvRows::new("\u{feff}id, name\n1,  ann \n2\n".as_bytes(), decode).unwrap();
        let first = rows.next_row().unwrap().unwrap();
        assert_eq!(first.id(), "1");
        let object = Value::from(first.object(decode).unwrap());
        assert_eq!(object, serde_json::json!({"id": "1", "name": "ann"}));
        let short = rows.next_row().unwrap().err().unwrap().to_string();
        assert_eq!(short, "has 1 fields where the first line has 2");
        assert!(rows.next_row().is_none());
    }
}
