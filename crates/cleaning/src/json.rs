//! JSON objects as sources send them; a repeated key is refused.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a text is refused as a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// It is no JSON, or no JSON object.
    NotAnObject,
    /// An object in it, at whatever depth, has the same key twice: parsers differ in which one counts, so
    /// the meaning is unclear.
    RepeatedKey,
}

/// Parses a JSON object. Keys are compared as they are after unescaping, and exactly: `xm` and `XM` are
/// two keys.
///
/// Integers from -2^63 to 2^64 - 1 are kept exactly. All other numbers are the nearest 64-bit floating
/// point number, whose text has a dot or an exponent: `4.41E+17` becomes `4.41e+17`, and an integer
/// beyond these bounds `1.2345678901234567e+19`, so that what was lost can be seen.
///
/// # Errors
///
/// The text's [`JsonError`]; a text that is no JSON is that, whether it repeats a key or not.
pub fn parse_object(text: &str) -> Result<Map<String, Value>, JsonError> {
    let repeated = Cell::new(false);
    let mut parser = serde_json::Deserializer::from_str(text);
    let object = Strict(&repeated).deserialize(&mut parser).map_err(|_| JsonError::NotAnObject)?;
    parser.end().map_err(|_| JsonError::NotAnObject)?;
    match object {
        Value::Object(_) if repeated.get() => Err(JsonError::RepeatedKey),
        Value::Object(object) => Ok(object),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Builds a value as `serde_json` does, and records whether any object in it has a key twice.
#[derive(Clone, Copy)]
struct Strict<'r>(&'r Cell<bool>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(truth.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.insert(key, entries.next_value_seed(self)?).is_some() {
                self.0.set(true);
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_object_is_parsed_as_serde_json_parses_it() {
        let text = r#" {"a": [1, -2, 2.5, true, null, "\u4e2d\n"], "b": {"c": {}}, "A": "é"} "#;
        let object = parse_object(text).map(Value::Object);
        assert!(object == Ok(serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "null", "[]", "7", "\"a\"", "{", "{}x", "{} {}", "{\"a\":1,}", "{\"a\":\"\\ud800\"}"]
        {
            assert!(parse_object(text) == Err(JsonError::NotAnObject), "{text}");
        }
    }

    #[test]
    fn a_key_that_is_repeated_at_any_depth_is_refused() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"b":2,"\u0061":3}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[0,[{"b":1,"b":null}]]}"#,
        ] {
            assert!(parse_object(text) == Err(JsonError::RepeatedKey), "{text}");
        }
        for text in [r#"{"a":1,"A":2}"#, r#"{"a":{"a":{"a":1}}}"#, r#"{"a":[{"b":1},{"b":1}]}"#] {
            assert!(parse_object(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn broken_json_is_named_before_a_repeated_key() {
        for text in [r#"{"a":1,"a":1"#, r#"{"a":1,"a":1}}"#, r#"[{"a":1,"a":1}]"#] {
            assert!(parse_object(text) == Err(JsonError::NotAnObject), "{text}");
        }
    }

    #[test]
    fn integers_of_64_bits_are_exact_and_what_a_longer_one_loses_can_be_seen() {
        for (written, text) in [
            ("441000000000000000", "441000000000000000"),
            ("440524188001010014", "440524188001010014"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("12345678901234567890123", "1.2345678901234568e+22"),
            ("4.41E+17", "4.41e+17"),
            ("441000000000000000.0", "4.41e+17"),
            ("1234567.0", "1234567.0"),
        ] {
            let object = parse_object(&format!(r#"{{"id":{written}}}"#)).ok().unwrap();
            assert_eq!(object["id"].to_string(), text);
        }
        assert!(parse_object(r#"{"id":1e999}"#) == Err(JsonError::NotAnObject), "no number at all");
    }

    /// Any value, three levels deep.
    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((".{0,4}", inner), 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_is_read_as_serde_json_reads_it(value in any_value()) {
            let text = value.to_string();
            let expected: Value = serde_json::from_str(&text).unwrap();
            match parse_object(&text) {
                Ok(object) => prop_assert!(Value::Object(object) == expected),
                Err(fault) => prop_assert!(fault == JsonError::NotAnObject && !expected.is_object()),
            }
        }

        #[test]
        fn a_repeated_key_is_found_wherever_it_stands(value in any_value(), other in any_value(), before in any::<bool>()) {
            let inner = format!(r#"{{"k":{value},"k":{other}}}"#);
            let text = if before { format!(r#"{{"a":{inner},"b":{other}}}"#) } else { format!(r#"{{"a":[{value},{inner}]}}"#) };
            prop_assert!(parse_object(&text) == Err(JsonError::RepeatedKey));
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in any::<String>(), near in r#"[{}\[\]":,\\a1e. -]{0,40}"#) {
            for text in [text, near] {
                let by_serde = serde_json::from_str::<Map<String, Value>>(&text);
                match parse_object(&text) {
                    Ok(object) => prop_assert!(by_serde.is_ok_and(|other| other == object)),
                    Err(JsonError::RepeatedKey) => prop_assert!(by_serde.is_ok()),
                    Err(JsonError::NotAnObject) => prop_assert!(by_serde.is_err()),
                }
            }
        }
    }
}
