//! Paths into a source's object.

use serde_json::{Map, Value};

/// A way to a value: one key, or the steps of a JSON pointer.
#[derive(Clone, Debug)]
pub(super) struct Path {
    first: String,
    rest: Vec<Step>,
}

/// A step into an object by key, or into an array by place.
#[derive(Clone, Debug)]
struct Step {
    key: String,
    place: Option<usize>,
}

impl Path {
    /// Reads `key`, or `/key/0/key` in the writing of RFC 6901 (`~1` for a slash, `~0` for a tilde).
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some(pointer) = text.strip_prefix('/') else {
            return match text {
                "" => Err("names no key".into()),
                key => Ok(Self { first: key.into(), rest: Vec::new() }),
            };
        };
        let mut keys = pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
        let first = keys.next().filter(|key| !key.is_empty()).ok_or("names no key")?;
        let rest = keys.map(|key| Step { place: key.parse().ok(), key }).collect();
        Ok(Self { first, rest })
    }

    /// The value at the end of the path.
    pub(super) fn find<'v>(&self, object: &'v Map<String, Value>) -> Option<&'v Value> {
        let first = entry(object, &self.first)?;
        self.rest.iter().try_fold(first, |value, step| match value {
            Value::Object(object) => entry(object, &step.key),
            Value::Array(elements) => elements.get(step.place?),
            _ => None,
        })
    }

    /// The same, to be changed in place.
    pub(super) fn find_mut<'v>(&self, object: &'v mut Map<String, Value>) -> Option<&'v mut Value> {
        let first = entry_mut(object, &self.first)?;
        self.rest.iter().try_fold(first, |value, step| match value {
            Value::Object(object) => entry_mut(object, &step.key),
            Value::Array(elements) => elements.get_mut(step.place?),
            _ => None,
        })
    }
}

/// An entry by its exact key, else by its key in another case: some sources write XM, Xm and xm.
fn entry<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    object.get(key).or_else(|| {
        let mut entries = object.iter();
        entries.find(|(written, _)| written.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    })
}

fn entry_mut<'v>(object: &'v mut Map<String, Value>, key: &str) -> Option<&'v mut Value> {
    if object.contains_key(key) {
        return object.get_mut(key);
    }
    let mut entries = object.iter_mut();
    entries.find(|(written, _)| written.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn find(path: &str, object: &Value) -> Option<Value> {
        Path::parse(path).expect("a path").find(object.as_object().expect("an object")).cloned()
    }

    #[test]
    fn a_path_is_a_key_or_a_pointer() {
        let object = json!({"xm": "a", "name": [{"text": "b"}], "a/b": "c", "a.b": "d"});
        assert_eq!(find("xm", &object), Some(json!("a")));
        assert_eq!(find("/name/0/text", &object), Some(json!("b")));
        assert_eq!(find("a/b", &object), Some(json!("c")));
        assert_eq!(find("/a~1b", &object), Some(json!("c")));
        assert_eq!(find("a.b", &object), Some(json!("d")));
        for missing in ["ym", "/name/1/text", "/name/text", "/xm/0"] {
            assert_eq!(find(missing, &object), None, "{missing}");
        }
        assert!(Path::parse("").is_err() && Path::parse("/").is_err());
    }

    #[test]
    fn the_exact_key_goes_before_another_case() {
        assert_eq!(find("xm", &json!({"XM": 1, "xm": 2})), Some(json!(2)));
        assert_eq!(find("xm", &json!({"Xm": 1})), Some(json!(1)));
        assert_eq!(find("/name/text", &json!({"Name": {"TEXT": 1}})), Some(json!(1)));
    }

    proptest! {
        #[test]
        fn any_path_is_read_or_refused(text in ".{0,20}") {
            if let Ok(path) = Path::parse(&text) {
                path.find(&Map::new());
            }
        }

        #[test]
        fn every_key_can_be_reached_by_a_pointer(key in ".{1,10}") {
            let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
            prop_assert_eq!(find(&pointer, &json!({ key: 1 })), Some(json!(1)));
        }
    }
}
