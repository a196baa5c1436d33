//! Environment variables as settings.

use settings::{Node, Origin, Problems, Value};

/// The start of our variables, and the separator of the keys in a path. A single underscore is part of a key; variables
/// with one after the name of the service are made by orchestrators and are not ours.
const PREFIX: &str = "DATAPROCESSING__";
const SEPARATOR: &str = "__";

/// One tree for each of our variables. Shorter paths come last, so that a variable that names a whole section is reported
/// even if other variables name its keys.
pub(super) fn layers(
    variables: impl IntoIterator<Item = (String, String)>,
    problems: &mut Problems,
) -> Vec<Node> {
    let mut found = Vec::new();
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let origin = Origin::whole(&name);
        let keys: Vec<String> = path.split(SEPARATOR).map(str::to_lowercase).collect();
        if keys.iter().all(|key| is_key(key)) {
            found.push((keys, Node { origin, value: Value::Text(value) }));
        } else {
            problems.report(origin, "", "names no setting; write DATAPROCESSING__SECTION__KEY");
        }
    }
    found.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found.into_iter().map(|(keys, value)| nested(keys, value)).collect()
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn nested(keys: Vec<String>, value: Node) -> Node {
    keys.into_iter().rev().fold(value, |inner, key| Node {
        origin: inner.origin.clone(),
        value: Value::Table(vec![(key, inner)]),
    })
}
