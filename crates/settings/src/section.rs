//! Reading one table of settings, strictly.

use std::ops::RangeInclusive;

use super::{
    Node, NodeKind, Origin, Problems, Reported, Setting, SettingField, Value, did_you_mean::nearest,
};

/// One table that is being read. A key that has not been read in the end is unknown, which is a problem.
///
/// Every method that returns [`Reported`] has added its problem.
pub struct Section<'p> {
    path: String,
    origin: Origin,
    entries: Vec<(String, Node)>,
    known: Vec<&'static str>,
    problems: &'p mut Problems,
}

impl<'p> Section<'p> {
    fn new(path: String, origin: Origin, entries: Vec<(String, Node)>, problems: &'p mut Problems) -> Self {
        Self { path, origin, entries, known: Vec::new(), problems }
    }

    /// Reads a whole tree of settings.
    ///
    /// # Errors
    ///
    /// The root is no table, or `read` fails.
    pub fn read<T>(
        root: Node,
        problems: &'p mut Problems,
        read: impl FnOnce(&mut Section<'_>) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        SettingField::new(root, String::new(), problems).table(read)
    }

    /// Where the section was written.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A setting that may be missing.
    pub fn field(&mut self, key: &'static str) -> Option<SettingField<'_>> {
        self.known.push(key);
        let place = self.entries.iter().position(|(known, _)| known == key)?;
        let (_, node) = self.entries.remove(place);
        let path = self.path_of(key);
        Some(SettingField::new(node, path, self.problems))
    }

    /// A required setting.
    ///
    /// # Errors
    ///
    /// It is missing.
    pub fn required(&mut self, key: &'static str) -> Result<SettingField<'_>, Reported> {
        self.known.push(key);
        let path = self.path_of(key);
        match self.entries.iter().position(|(known, _)| known == key) {
            Some(place) => Ok(SettingField::new(self.entries.remove(place).1, path, self.problems)),
            None => Err(self.problems.report(self.origin.clone(), &path, "is missing")),
        }
    }

    /// A required value.
    ///
    /// # Errors
    ///
    /// It is missing or cannot be read.
    pub fn value<T: Setting>(&mut self, key: &'static str) -> Result<T, Reported> {
        self.required(key)?.value()
    }

    /// A required value in a range.
    ///
    /// # Errors
    ///
    /// It is missing, cannot be read, or is outside of the range.
    pub fn within<T>(&mut self, key: &'static str, range: RangeInclusive<T>) -> Result<T, Reported>
    where
        T: Setting + PartialOrd,
    {
        self.required(key)?.within(range)
    }

    /// A value that may be missing.
    ///
    /// # Errors
    ///
    /// It is there and cannot be read.
    pub fn optional<T: Setting>(&mut self, key: &'static str) -> Result<Option<T>, Reported> {
        self.field(key).map(SettingField::value).transpose()
    }

    /// A required table.
    ///
    /// # Errors
    ///
    /// It is missing, no table, or `read` fails.
    pub fn table<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'_>) -> Result<T, Reported>,
    ) -> Result<T, Reported> {
        self.required(key)?.table(read)
    }

    /// Adds the problem that a setting of this section, which has been read, contradicts another one.
    ///
    /// # Panics
    ///
    /// If no such setting was read.
    pub fn contradiction(&mut self, key: &str, message: impl Into<String>) -> Reported {
        let path = self.path_of(key);
        self.problems.contradiction(&path, message)
    }

    /// Adds a problem of the section as a whole.
    pub fn problem(&mut self, message: impl Into<String>) -> Reported {
        self.problems.report(self.origin.clone(), &self.path, message)
    }

    /// Reports every key that has not been read.
    fn finish(self) {
        for (key, node) in &self.entries {
            let message = match nearest(key, &self.known) {
                Some(known) => format!("is unknown; did you mean {known}?"),
                None => format!("is unknown; known here: {}", self.known.join(", ")),
            };
            self.problems.report(node.origin.clone(), &self.path_of(key), message);
        }
    }

    fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.into(),
            path => format!("{path}.{key}"),
        }
    }
}

impl SettingField<'_> {
    /// Reads a table whose keys are known.
    ///
    /// # Errors
    ///
    /// It is no table, or `read` fails.
    pub fn table<T>(self, read: impl FnOnce(&mut Section<'_>) -> Result<T, Reported>) -> Result<T, Reported> {
        let Value::Table(entries) = self.node.value else {
            return Err(self.expected(NodeKind::Table));
        };
        let mut section = Section::new(self.path, self.node.origin, entries, self.problems);
        let value = read(&mut section);
        section.finish();
        value
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::yaml;

    #[derive(Debug, PartialEq)]
    struct Example {
        workers: usize,
        timeout: Duration,
        label: Option<String>,
    }

    fn example(section: &mut Section<'_>) -> Result<Example, Reported> {
        let workers = section.within("workers", 1..=100);
        let timeout = section.value("timeout");
        let label = section.optional("label");
        Ok(Example { workers: workers?, timeout: timeout?, label: label? })
    }

    fn read(text: &str) -> Result<Example, Vec<String>> {
        let mut problems = Problems::default();
        let value = yaml::parse("file.yaml", text, &mut problems)
            .and_then(|root| Section::read(root, &mut problems, |root| root.table("pool", example)));
        problems.conclude(value).map_err(|found| found.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_section_is_read_into_its_type() {
        let expected = Example { workers: 5, timeout: Duration::from_secs(30), label: None };
        assert_eq!(read("pool: {workers: 5, timeout: 30s}"), Ok(expected));
    }

    #[test]
    fn every_problem_is_reported_with_its_line() {
        let found = read("pool:\n  workers: 500\n  timeout: soon\n  lable: x\nextra: 1\n").unwrap_err();
        assert_eq!(
            found,
            [
                "file.yaml:2: pool.workers: 500 is not from 1 to 100",
                "file.yaml:3: pool.timeout: \"soon\" is not a duration: write a number and its unit, as 30s or 50ms",
                "file.yaml:4: pool.lable: is unknown; did you mean label?",
                "file.yaml:5: extra: is unknown; known here: pool",
            ]
        );
    }

    #[test]
    fn what_is_missing_is_reported_where_it_should_be() {
        assert_eq!(read("pool:\n  workers: 1\n").unwrap_err(), ["file.yaml:1: pool.timeout: is missing"]);
        assert_eq!(read("").unwrap_err(), ["file.yaml:1: pool: is missing"]);
    }

    #[test]
    fn a_value_of_the_wrong_shape_is_reported() {
        let found = read("pool: {workers: [1], timeout: , label: {a: b}}").unwrap_err();
        assert_eq!(
            found,
            [
                "file.yaml:1: pool.workers: expected one value, found a list",
                "file.yaml:1: pool.timeout: expected one value, found nothing (null)",
                "file.yaml:1: pool.label: expected one value, found a table",
            ]
        );
        assert_eq!(read("pool: 7").unwrap_err(), ["file.yaml:1: pool: expected a table, found one value"]);
    }
}
