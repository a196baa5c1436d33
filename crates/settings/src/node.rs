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
    pub fn line(file: &Arc<str>, line: usize) -> Self {
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

    /// Reads an origin back from its display.
    pub fn from_display(text: &str) -> Self {
        match text.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
            Some((file, Ok(line))) => Self { source: file.into(), line: Some(line) },
            _ => Self::whole(text),
        }
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

/// A value and where it was written. Has no `Debug`: a value may be a secret.
#[derive(Clone, PartialEq)]
pub struct Node {
    /// The line of the key for an entry of a table, else of the value itself.
    pub origin: Origin,
    /// What was written.
    pub value: Value,
}

impl Node {
    /// This table over another one: what it does not say is taken from `base`, and what it says to be
    /// nothing (`~`) is taken away. So are the tables in it, down to `levels` of them; what is deeper, and
    /// what is no table, is taken whole.
    pub fn laid_over(self, base: Self, levels: usize) -> Self {
        match (self.value, base.value) {
            (Value::Table(own), Value::Table(base)) if levels > 0 => {
                Self { origin: self.origin, value: Value::Table(merged(own, base, levels)) }
            }
            (value, _) => Self { origin: self.origin, value },
        }
    }
}

fn merged(own: Vec<(String, Node)>, mut base: Vec<(String, Node)>, levels: usize) -> Vec<(String, Node)> {
    let mut entries = Vec::with_capacity(own.len() + base.len());
    for (key, node) in own {
        let below = base.iter().position(|(known, _)| *known == key).map(|place| base.remove(place).1);
        match below {
            Some(_) if node.value == Value::Null => {}
            Some(below) => entries.push((key, node.laid_over(below, levels - 1))),
            None => entries.push((key, node)),
        }
    }
    entries.extend(base);
    entries
}

/// What was written. Scalars stay the text that they are in the file, so that `01` is not `1` and `1.10`
/// is not `1.1`; who reads a setting says what it must be.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing after the key, `~` or `null`.
    Null,
    /// Any other plain scalar.
    Text(String),
    /// A scalar in quotes or in a block: a text, whatever it looks like.
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
    use proptest::prelude::*;

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
        let both = leaves(&own.laid_over(base, 2), "");
        assert_eq!(
            both,
            ["/list=3 own:1", "/t/deep/q=2 own:3", "/t/y=2 own:4", "/t/x=1 base:4", "/a=1 base:1"]
        );
    }

    #[test]
    fn nothing_takes_away_what_was_there() {
        let over = |own: &str| leaves(&tree("own", own).laid_over(tree("base", "a: 1\nt: {x: 1}"), 2), "");
        assert_eq!(over("a: ~\nt: {x: ~}"), [""; 0]);
        assert_eq!(over("a: ~\nt: ~"), [""; 0]);
        assert_eq!(over("b: ~"), ["/b=~ own:1", "/a=1 base:1", "/t/x=1 base:2"], "there was nothing to take");
    }

    #[test]
    fn a_variable_has_no_directory() {
        assert_eq!(Origin::whole("DATAPROCESSING__POOL__WORKERS").directory(), None);
        assert_eq!(Origin::line(&"conf/a.yaml".into(), 3).directory(), Some(Path::new("conf")));
        assert_eq!(Origin::line(&"a.yaml".into(), 3).directory(), Some(Path::new("")));
    }

    proptest! {
        #[test]
        fn an_origin_is_read_back_from_its_display(file in "[^:]{0,20}(:[a-z]{1,3})?", line in 1usize..) {
            let of_line = Origin::line(&file.as_str().into(), line);
            prop_assert_eq!(Origin::from_display(&of_line.to_string()), of_line);
            let whole = Origin::whole(&file);
            prop_assert_eq!(Origin::from_display(&whole.to_string()), whole);
        }
    }
}
