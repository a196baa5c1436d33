//! Layers of settings, merged by the `config` crate without losing where each value was written.

use std::path::Path;

use ::config::{Config as Merge, ConfigError as MergeError, Map, Source, Value as Merged, ValueKind};

use super::{environment, read_file};
use settings::{Node, Origin, Problems, Reported, Value, yaml};

/// Merging makes a table of its entries and forgets where the table was written, so each carries that as
/// an entry under this key, which no file can have: an empty key is refused.
const TABLE_ORIGIN: &str = "";

/// The tree of all layers, later ones over earlier ones: defaults, file, variables.
///
/// A layer that cannot be read is a problem, and the others are merged all the same: their problems are
/// to be found too.
pub(super) fn merged(
    defaults_name: &str,
    defaults: &str,
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
    problems: &mut Problems,
) -> Result<Node, Reported> {
    let mut layers = vec![yaml::parse(defaults_name, defaults, problems)?];
    if let Some(path) = file {
        let name = path.display().to_string();
        match read_file(path) {
            Ok(text) => layers.extend(yaml::parse(&name, &text, problems)),
            Err(message) => drop(problems.report(Origin::whole(&name), "", message)),
        }
    }
    layers.extend(environment::layers(variables, problems));
    let merging = layers.into_iter().filter_map(|root| Layer::of(root, problems).ok());
    let merge = merging.fold(Merge::builder(), |builder, layer| builder.add_source(layer)).build();
    let merge = merge.map_err(|error| {
        problems.report(Origin::whole(defaults_name), "", format!("cannot be merged: {error}"))
    })?;
    Ok(node(merge.cache))
}

/// One layer in the form that the `config` crate merges.
#[derive(Clone)]
struct Layer(Map<String, Merged>);

impl Layer {
    fn of(root: Node, problems: &mut Problems) -> Result<Self, Reported> {
        let Value::Table(entries) = root.value else {
            return Err(problems.report(root.origin, "", "expected sections, as `server:`"));
        };
        let mut table = Map::new();
        for (key, node) in entries {
            // The merge would read more than a plain name as a path, as `a.b` or `a[0]`.
            if key.is_empty() || key.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                problems.report(node.origin, &key, "is unknown; no section has such a name");
            } else {
                table.insert(key, value(node));
            }
        }
        Ok(Self(table))
    }
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Only the sections' names: values may be secrets.
        f.debug_tuple("Layer").field(&self.0.keys()).finish()
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Merged>, MergeError> {
        Ok(self.0.clone())
    }
}

fn value(node: Node) -> Merged {
    let origin = node.origin.to_string();
    let kind = match node.value {
        Value::Null => ValueKind::Nil,
        Value::Text(text) | Value::Quoted(text) => ValueKind::String(text),
        Value::List(elements) => ValueKind::Array(elements.into_iter().map(value).collect()),
        Value::Table(entries) => {
            let mut table: Map<_, _> = entries.into_iter().map(|(key, node)| (key, value(node))).collect();
            table.insert(TABLE_ORIGIN.into(), Merged::new(Some(&origin), ValueKind::Nil));
            ValueKind::Table(table)
        }
    };
    Merged::new(Some(&origin), kind)
}

fn node(merged: Merged) -> Node {
    let own_origin = merged.origin().unwrap_or_default().to_owned();
    let (origin, value) = match merged.kind {
        ValueKind::Nil => (own_origin, Value::Null),
        ValueKind::Array(elements) => (own_origin, Value::List(elements.into_iter().map(node).collect())),
        ValueKind::Table(mut table) => {
            let origin = table.remove(TABLE_ORIGIN).and_then(|mark| mark.origin().map(str::to_owned));
            let entries = table.into_iter().map(|(key, value)| (key, node(value))).collect();
            (origin.unwrap_or(own_origin), Value::Table(entries))
        }
        scalar => (own_origin, Value::Text(scalar.to_string())),
    };
    Node { origin: Origin::from_display(&origin), value }
}
