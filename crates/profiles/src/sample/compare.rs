//! Compares an expectation, written in YAML, with the JSON of the result.

use serde_json::Value as Json;

use settings::{Node, Origin, Value, did_you_mean};

/// Calls `differ` for every difference, with the place and the path of the expectation. Only stated fields are compared;
/// lists are compared element by element.
pub(super) fn compare(
    expected: &Node,
    actual: &Json,
    path: &str,
    differ: &mut impl FnMut(&Origin, &str, String),
) {
    match (&expected.value, actual) {
        (Value::Table(entries), Json::Object(object)) => {
            for (key, expected) in entries {
                let path = format!("{path}.{key}");
                match object.get(key) {
                    Some(actual) => compare(expected, actual, &path, differ),
                    None => {
                        let known: Vec<_> = object.keys().map(String::as_str).collect();
                        let hint = did_you_mean(key, &known);
                        differ(&expected.origin, &path, format!("is not in the canonical form{hint}"));
                    }
                }
            }
        }
        (Value::List(elements), Json::Array(actual)) if elements.len() == actual.len() => {
            for (place, (expected, actual)) in elements.iter().zip(actual).enumerate() {
                compare(expected, actual, &format!("{path}[{place}]"), differ);
            }
        }
        (Value::List(elements), Json::Array(found)) => {
            let message =
                format!("expected {}, found {}: {actual}", count(elements.len()), count(found.len()));
            differ(&expected.origin, path, message);
        }
        _ if is_scalar(&expected.value, actual) => {}
        _ => differ(&expected.origin, path, format!("expected {}, found {actual}", written(&expected.value))),
    }
}

/// A scalar of the canonical form is a text, a number or a truth value; in the expectation all are texts.
fn is_scalar(expected: &Value, actual: &Json) -> bool {
    match (expected, actual) {
        (Value::Null, Json::Null) => true,
        (_, Json::String(text)) => expected.text() == Some(text),
        (_, Json::Number(_) | Json::Bool(_)) => expected.text() == Some(&actual.to_string()),
        _ => false,
    }
}

fn count(elements: usize) -> String {
    match elements {
        1 => "1 element".to_owned(),
        elements => format!("{elements} elements"),
    }
}

fn written(expected: &Value) -> String {
    match expected {
        Value::Null => "null".to_owned(),
        Value::Text(text) | Value::Quoted(text) => format!("{text:?}"),
        Value::List(elements) => format!("a list of {}", count(elements.len())),
        Value::Table(_) => "a table".to_owned(),
    }
}
