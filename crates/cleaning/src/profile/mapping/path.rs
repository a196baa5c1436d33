//! Paths into a source's object.

use serde_json::{Map, Value};

/// Leads to a value: one key, or the steps of a JSON pointer.
#[derive(Clone, Debug)]
pub struct Path(Vec<PathStep>);

#[derive(Clone, Debug)]
enum PathStep {
    /// Into an object by key, or into an array by index.
    To { key: String, index: Option<usize> },
    /// To every element of an array.
    Every,
}

/// Where a path begins.
#[derive(Clone, Copy)]
pub(super) enum Root<'v> {
    /// The record.
    Record(&'v Map<String, Value>),
    /// One element of a list in it.
    Element(&'v Value),
}

impl Path {
    /// Reads `key`, or `/key/0/key` as RFC 6901 writes it (`~1` for a slash, `~0` for a tilde). The error is a message
    /// for people.
    pub fn parse(text: &str) -> Result<Self, String> {
        let path = Self::parse_to_many(text)?;
        if path.leads_to_many() {
            return Err("leads to many values; * is allowed only in the parts of a join".into());
        }
        Ok(path)
    }

    /// Like [`parse`](Self::parse), but the step `*` may lead to every element of an array.
    pub fn parse_to_many(text: &str) -> Result<Self, String> {
        let Some(pointer) = text.strip_prefix('/') else {
            return match text {
                "" => Err("names no key".into()),
                key => Ok(Self(vec![PathStep::to(key.into())])),
            };
        };
        let steps: Vec<_> = pointer.split('/').map(PathStep::parse).collect();
        match steps.first() {
            Some(PathStep::To { key, .. }) if key.is_empty() => Err("names no key".into()),
            Some(PathStep::Every) => Err("begins with *: name the list first".into()),
            _ => Ok(Self(steps)),
        }
    }

    /// The empty path: to the root itself.
    pub fn to_the_root() -> Self {
        Self(Vec::new())
    }

    /// The first key.
    pub(super) fn key(&self) -> Option<&str> {
        match self.0.first()? {
            PathStep::To { key, .. } => Some(key),
            PathStep::Every => None,
        }
    }

    fn leads_to_many(&self) -> bool {
        self.0.iter().any(|step| matches!(step, PathStep::Every))
    }

    /// The value at the end of the path.
    pub(super) fn find<'v>(&self, root: Root<'v>) -> Option<&'v Value> {
        let (first, rest) = match root {
            Root::Element(element) => (element, &*self.0),
            Root::Record(record) => {
                let (step, rest) = self.0.split_first()?;
                (step.within(record)?, rest)
            }
        };
        rest.iter().try_fold(first, |value, step| step.of(value))
    }

    /// Calls `take` with every value at the end of a path that may lead to many.
    pub(super) fn each<'v>(&self, root: Root<'v>, take: &mut impl FnMut(&'v Value)) {
        match (root, self.0.split_first()) {
            (Root::Element(element), _) => walk(element, &self.0, take),
            (Root::Record(record), Some((step, rest))) => {
                if let Some(value) = step.within(record) {
                    walk(value, rest, take);
                }
            }
            (Root::Record(_), None) => {}
        }
    }

    /// The value at the end of the path, to be changed in place.
    pub(super) fn find_mut<'v>(&self, record: &'v mut Map<String, Value>) -> Option<&'v mut Value> {
        let (PathStep::To { key, .. }, rest) = self.0.split_first()? else { return None };
        let first = entry_mut(record, key)?;
        rest.iter().try_fold(first, |value, step| step.of_mut(value))
    }

    /// The value at the end of the path within an element of a list, to be changed in place.
    pub(super) fn find_mut_in<'v>(&self, element: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(element, |value, step| step.of_mut(value))
    }
}

/// Recursion is as deep as the path is long.
fn walk<'v>(value: &'v Value, steps: &[PathStep], take: &mut impl FnMut(&'v Value)) {
    match steps.split_first() {
        None => take(value),
        Some((PathStep::Every, rest)) => {
            for element in value.as_array().into_iter().flatten() {
                walk(element, rest, take);
            }
        }
        Some((step, rest)) => {
            if let Some(value) = step.of(value) {
                walk(value, rest, take);
            }
        }
    }
}

impl PathStep {
    fn parse(text: &str) -> Self {
        match text {
            "*" => Self::Every,
            text => Self::to(text.replace("~1", "/").replace("~0", "~")),
        }
    }

    fn to(key: String) -> Self {
        Self::To { index: key.parse().ok(), key }
    }

    fn within<'v>(&self, object: &'v Map<String, Value>) -> Option<&'v Value> {
        match self {
            Self::To { key, .. } => entry(object, key),
            Self::Every => None,
        }
    }

    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match (self, value) {
            (Self::To { key, .. }, Value::Object(object)) => entry(object, key),
            (Self::To { index, .. }, Value::Array(elements)) => elements.get((*index)?),
            _ => None,
        }
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match (self, value) {
            (Self::To { key, .. }, Value::Object(object)) => entry_mut(object, key),
            (Self::To { index, .. }, Value::Array(elements)) => elements.get_mut((*index)?),
            _ => None,
        }
    }
}

/// A path as a pointer.
pub fn pointer(written: &str) -> String {
    match written {
        "" => String::new(),
        pointer if pointer.starts_with('/') => pointer.to_owned(),
        key => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
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
        Path::parse(path).expect("a path").find(Root::Element(object)).cloned()
    }

    fn every(path: &str, object: &Value) -> Vec<Value> {
        let mut found = Vec::new();
        let path = Path::parse_to_many(path).expect("a path");
        path.each(Root::Record(object.as_object().expect("an object")), &mut |value| {
            found.push(value.clone())
        });
        found
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

    #[test]
    fn a_star_leads_to_every_element() {
        let object = json!({"name": [{"given": ["a", "b"]}, {"given": "c"}, {"given": ["d"]}]});
        assert_eq!(every("/name/0/given/*", &object), [json!("a"), json!("b")]);
        assert_eq!(every("/name/*/given/*", &object), [json!("a"), json!("b"), json!("d")]);
        assert_eq!(every("/name/*/given/0", &object), [json!("a"), json!("d")]);
        assert_eq!(every("/name/1/given", &object), [json!("c")]);
        assert!(every("/name/*/text", &object).is_empty() && every("/given/*", &object).is_empty());
    }

    #[test]
    fn a_star_has_its_places() {
        assert!(Path::parse("/name/*").is_err_and(|error| error.contains("join")));
        assert!(Path::parse_to_many("/*").is_err() && Path::parse_to_many("/*/name").is_err());
        assert!(Path::parse("*").is_ok_and(|path| path.key() == Some("*")));
    }

    #[test]
    fn an_element_may_be_what_is_wanted_itself() {
        assert_eq!(Path::to_the_root().find(Root::Element(&json!("a"))), Some(&json!("a")));
        assert_eq!(find("/1", &json!(["phone", "139"])), Some(json!("139")));
    }

    proptest! {
        #[test]
        fn any_path_is_read_or_refused(text in ".{0,20}", near in "[/*a0~]{0,12}") {
            for text in [text, near] {
                if let Ok(path) = Path::parse_to_many(&text) {
                    let object = json!({"a": [[{"a": 0}], "*"], "0": {"": 1}});
                    path.find(Root::Element(&object));
                    path.each(Root::Element(&object), &mut |_| {});
                }
            }
        }

        #[test]
        fn every_key_can_be_reached(key in ".{1,10}", below in ".{0,10}") {
            let written = |key: &str| key.replace('~', "~0").replace('/', "~1");
            prop_assume!(key != "*" && below != "*");
            let pointer = format!("/{}/{}", written(&key), written(&below));
            prop_assert_eq!(find(&pointer, &json!({ key: { below: 1 } })), Some(json!(1)));
        }
    }
}
