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

/// What was written. Scalars stay the text that they are in the file, so that `01` is not `1` and `1.10`
/// is not `1.1`; who reads a setting says what it must be.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Nothing after the key, `~` or `null`.
    Null,
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the file; a key occurs once.
    Table(Vec<(String, Node)>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
