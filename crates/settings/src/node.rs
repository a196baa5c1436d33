//! A tree of settings whose every node knows where it was written.

use std::{fmt, path::Path, sync::Arc};

/// Where a setting was written: a line of a file, or a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    source: Arc<str>,
    line: Option<usize>,
}

impl Origin {
    /// A line of a file, counted from 1.
    pub(super) fn line(file: &Arc<str>, line: usize) -> Self {
        Self { source: file.clone(), line: Some(line) }
    }

    /// A file as a whole, or a variable.
    pub fn whole(source: &str) -> Self {
        Self { source: source.into(), line: None }
    }

    /// The directory of the file; none for a variable.
    pub fn directory(&self) -> Option<&Path> {
        self.line.and_then(|_| Path::new(&*self.source).parent())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.source),
            None => f.write_str(&self.source),
        }
    }
}

/// A value and where it was written. It has no `Debug`, because a value may be a secret.
#[derive(Clone, PartialEq)]
pub struct Node {
    /// For an entry of a table the line of its key, else that of the value.
    pub origin: Origin,
    /// What was written.
    pub value: Value,
}

/// What nothing (`~`) means in a tree that is laid over another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// It removes what the other tree says.
    Removes,
    /// It is a value like any other and replaces what the other tree says.
    Replaces,
}

impl Node {
    /// This tree over another one: what it does not say is taken from `base`. Tables are merged down to `levels` of
    /// them; deeper tables, lists and values are taken whole. Every node keeps its origin; a merged table has that of
    /// this tree.
    pub fn laid_over(self, base: Self, levels: usize, nothing: Nothing) -> Self {
        match (self.value, base.value) {
            (Value::Table(own), Value::Table(base)) if levels > 0 => {
                Self { origin: self.origin, value: Value::Table(merged(own, base, levels, nothing)) }
            }
            (value, _) => Self { origin: self.origin, value },
        }
    }
}

fn merged(
    own: Vec<(String, Node)>,
    mut base: Vec<(String, Node)>,
    levels: usize,
    nothing: Nothing,
) -> Vec<(String, Node)> {
    let mut entries = Vec::with_capacity(own.len() + base.len());
    for (key, node) in own {
        let below = base.iter().position(|(known, _)| *known == key).map(|index| base.remove(index).1);
        match below {
            Some(_) if node.value == Value::Null && nothing == Nothing::Removes => {}
            Some(below) => entries.push((key, node.laid_over(below, levels - 1, nothing))),
            None => entries.push((key, node)),
        }
    }
    entries.extend(base);
    entries
}

/// What was written. Scalars keep the text that they have in the file, so that `01` is not `1` and `1.10` is not `1.1`;
/// the reader of a setting decides what it must be.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing after the key, `~` or `null`.
    Null,
    /// Any other plain scalar.
    Text(String),
    /// A scalar in quotes or in a block: a text, even if it looks like something else.
    Quoted(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; a key occurs once.
    Table(Vec<(String, Node)>),
}

impl Value {
    /// The text of a scalar, however it was written.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Quoted(text) => Some(text),
            Self::Null | Self::List(_) | Self::Table(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Problems, yaml};

    fn tree(file: &str, text: &str) -> Node {
        yaml::parse(file, text, &mut Problems::default()).unwrap_or_else(|_| panic!("YAML"))
    }

    /// The scalars of a tree by their paths, each with where it was written.
    fn leaves(node: &Node, path: &str) -> Vec<String> {
        match &node.value {
            Value::Table(entries) => {
                entries.iter().flat_map(|(key, node)| leaves(node, &format!("{path}/{key}"))).collect()
            }
            Value::List(elements) => elements.iter().flat_map(|node| leaves(node, path)).collect(),
            value => vec![format!("{path}={} {}", value.text().unwrap_or("~"), node.origin)],
        }
    }

    #[test]
    fn a_table_takes_from_the_other_what_it_does_not_say() {
        let base = tree("base", "a: 1\nlist: [1, 2]\nt:\n  x: 1\n  deep: {p: 1}\n");
        let own = tree("own", "list: [3]\nt:\n  deep: {q: 2}\n  y: 2\n");
        let both = leaves(&own.laid_over(base, 2, Nothing::Removes), "");
        assert_eq!(
            both,
            ["/list=3 own:1", "/t/deep/q=2 own:3", "/t/y=2 own:4", "/t/x=1 base:4", "/a=1 base:1"]
        );
    }

    #[test]
    fn nothing_takes_away_what_was_there() {
        let over = |own: &str| {
            let base = tree("base", "a: 1\nt: {x: 1}");
            leaves(&tree("own", own).laid_over(base, 2, Nothing::Removes), "")
        };
        assert_eq!(over("a: ~\nt: {x: ~}"), [""; 0]);
        assert_eq!(over("a: ~\nt: ~"), [""; 0]);
        assert_eq!(over("b: ~"), ["/b=~ own:1", "/a=1 base:1", "/t/x=1 base:2"], "there was nothing to take");
    }

    #[test]
    fn nothing_may_be_a_value_of_its_own() {
        let base = tree("base", "a: 1\nt: {x: 1}");
        let both = tree("own", "a: ~\nt: {x: ~}").laid_over(base, usize::MAX, Nothing::Replaces);
        assert_eq!(leaves(&both, ""), ["/a=~ own:1", "/t/x=~ own:2"]);
    }

    #[test]
    fn a_variable_has_no_directory() {
        assert_eq!(Origin::whole("DATAPROCESSING__POOL__WORKERS").directory(), None);
        assert_eq!(Origin::line(&"conf/a.yaml".into(), 3).directory(), Some(Path::new("conf")));
        assert_eq!(Origin::line(&"a.yaml".into(), 3).directory(), Some(Path::new("")));
    }
}
