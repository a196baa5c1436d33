//! Reading one setting.

use std::ops::RangeInclusive;

use super::{Node, Origin, Problems, Reported, Setting, Value, did_you_mean::did_you_mean};

/// One setting that is being read.
///
/// Every method that returns [`Reported`] has added its problem.
pub struct SettingField<'p> {
    pub(super) node: Node,
    pub(super) path: String,
    pub(super) problems: &'p mut Problems,
}

/// What kind of thing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// No value.
    Nothing,
    /// A scalar.
    Value,
    /// A sequence.
    List,
    /// A mapping.
    Table,
}

impl NodeKind {
    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing (null)",
            Self::Value => "one value",
            Self::List => "a list",
            Self::Table => "a table",
        }
    }
}

impl<'p> SettingField<'p> {
    pub(super) fn new(node: Node, path: String, problems: &'p mut Problems) -> Self {
        problems.remember(&path, &node.origin);
        Self { node, path, problems }
    }

    /// Where the setting was written.
    pub fn origin(&self) -> &Origin {
        &self.node.origin
    }

    /// What kind of thing was written.
    pub fn kind(&self) -> NodeKind {
        match self.node.value {
            Value::Null => NodeKind::Nothing,
            Value::Text(_) | Value::Quoted(_) => NodeKind::Value,
            Value::List(_) => NodeKind::List,
            Value::Table(_) => NodeKind::Table,
        }
    }

    /// Adds a problem of this setting.
    pub fn refuse(self, message: impl Into<String>) -> Reported {
        self.problems.report(self.node.origin, &self.path, message)
    }

    /// The tree as it was written, for readers that interpret it themselves.
    pub fn into_node(self) -> Node {
        self.node
    }

    /// Reads one value.
    ///
    /// # Errors
    ///
    /// It is not one value, or its type refuses it.
    pub fn value<T: Setting>(self) -> Result<T, Reported> {
        self.parsed(T::parse)
    }

    /// Reads one value with a parser whose error is a message for people.
    ///
    /// # Errors
    ///
    /// It is not one value, or the parser refuses it.
    pub fn parsed<T, E: ToString>(self, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, Reported> {
        let Some(text) = self.node.value.text() else {
            return Err(self.expected(NodeKind::Value));
        };
        parse(text).map_err(|error| self.refuse(error.to_string()))
    }

    /// Reads one value in a range.
    ///
    /// # Errors
    ///
    /// It cannot be read or is outside of the range.
    pub fn within<T: Setting + PartialOrd>(self, range: RangeInclusive<T>) -> Result<T, Reported> {
        self.parsed(|text| {
            let value = T::parse(text)?;
            if range.contains(&value) {
                return Ok(value);
            }
            let (low, high) = (range.start().written(), range.end().written());
            Err(format!("{} is not from {low} to {high}", value.written()))
        })
    }

    /// Reads one of several names.
    ///
    /// # Errors
    ///
    /// It is none of the names.
    pub fn choice<T: Copy>(self, choices: &[(&str, T)]) -> Result<T, Reported> {
        self.choice_if(choices, |_| Ok(()))
    }

    /// Reads one of several names, if `check` allows it.
    ///
    /// # Errors
    ///
    /// It is none of the names, or `check` refuses it with a message.
    pub fn choice_if<T: Copy>(
        self,
        choices: &[(&str, T)],
        check: impl FnOnce(T) -> Result<(), &'static str>,
    ) -> Result<T, Reported> {
        self.parsed(|text| {
            if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
                return check(*choice).map(|()| *choice).map_err(str::to_owned);
            }
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            Err(format!("{text:?} is none of {}{}", names.join(", "), did_you_mean(text, &names)))
        })
    }

    /// Reads a list; anything else than a list is a list of one element.
    ///
    /// # Errors
    ///
    /// It is nothing, or `each` fails for an element. All elements are read in any case.
    pub fn list<T>(
        self,
        mut each: impl FnMut(SettingField<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let elements = match self.node.value {
            Value::List(elements) => elements,
            Value::Null => return Err(self.expected(NodeKind::List)),
            _ => return each(self).map(|only| vec![only]),
        };
        let read: Vec<_> = elements
            .into_iter()
            .enumerate()
            .map(|(place, node)| {
                each(SettingField::new(node, format!("{}[{place}]", self.path), self.problems))
            })
            .collect();
        read.into_iter().collect()
    }

    /// Reads a table with arbitrary keys, in the order of the file.
    ///
    /// # Errors
    ///
    /// It is no table, or `each` fails for an entry. All entries are read in any case.
    pub fn entries<T>(
        self,
        mut each: impl FnMut(&str, SettingField<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        let Value::Table(entries) = self.node.value else {
            return Err(self.expected(NodeKind::Table));
        };
        let read: Vec<_> = entries
            .into_iter()
            .map(|(key, node)| {
                let path = format!("{}.{key}", self.path);
                each(&key, SettingField::new(node, path, self.problems))
            })
            .collect();
        read.into_iter().collect()
    }

    pub(super) fn expected(self, kind: NodeKind) -> Reported {
        let message = format!("expected {}, found {}", kind.name(), self.kind().name());
        self.refuse(message)
    }
}
