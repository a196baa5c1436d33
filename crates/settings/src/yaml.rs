//! YAML into positioned nodes.
//!
//! Anchors, aliases, tags and further documents are problems, because a reader of the file should see its whole meaning;
//! so are duplicate keys.

use std::{borrow::Cow, sync::Arc};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::{Node, Origin, Problems, Reported, Value};

/// Deepest nesting of tables and lists: deeper than any setting, shallow enough for the stack.
const MAX_DEPTH: usize = 32;

/// Parses a text that messages call `file`. A text without any content is an empty table.
///
/// # Errors
///
/// The text is not valid YAML. Other problems are only added: reading goes on, to find the rest.
pub fn parse(file: &str, text: &str, problems: &mut Problems) -> Result<Node, Reported> {
    let mut tree = Tree {
        events: Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text)),
        file: file.into(),
        path: Vec::new(),
        problems,
    };
    tree.document().map_err(|error| {
        let origin = Origin::line(&tree.file, error.marker().line());
        tree.problems.report(origin, "", format!("not valid YAML: {}", error.info()))
    })
}

/// A tree under construction.
struct Tree<'t> {
    events: Parser<'t, StrInput<'t>>,
    file: Arc<str>,
    /// Keys and indexes from the root to the node that is being read.
    path: Vec<String>,
    problems: &'t mut Problems,
}

impl<'t> Tree<'t> {
    fn document(&mut self) -> Result<Node, ScanError> {
        let mut root = Node { origin: Origin::line(&self.file, 1), value: Value::Table(Vec::new()) };
        let mut documents = 0;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(_) => documents += 1,
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                event => {
                    let node = self.node(event, span)?;
                    match documents {
                        1 if node.value == Value::Null => {}
                        1 => root = node,
                        _ => drop(self.problem(&span, "a second document; a file holds one")),
                    }
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), ScanError> {
        let end = Span::default();
        self.events.next_event().unwrap_or(Ok((Event::StreamEnd, end)))
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, ScanError> {
        if self.path.len() > MAX_DEPTH {
            return Err(ScanError::new_str(span.start, "nested too deep"));
        }
        let origin = self.origin(&span);
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(&span, anchor, tag.as_deref());
                scalar(text, style)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(&span, anchor, tag.as_deref());
                self.list()?
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(&span, anchor, tag.as_deref());
                self.table()?
            }
            _ => {
                self.problem(&span, "aliases (*name) are not supported; write the value out");
                Value::Null
            }
        };
        Ok(Node { origin, value })
    }

    fn list(&mut self) -> Result<Value, ScanError> {
        let mut elements = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::List(elements));
            }
            self.path.push(format!("[{}]", elements.len()));
            elements.push(self.node(event, span)?);
            self.path.pop();
        }
    }

    fn table(&mut self) -> Result<Value, ScanError> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::MappingEnd => return Ok(Value::Table(entries)),
                Event::Scalar(key, ..) => self.entry(&mut entries, key.into_owned(), &span)?,
                event => {
                    self.problem(&span, "a key must be a plain text");
                    self.path.push("?".into());
                    self.node(event, span)?;
                    let (event, span) = self.next()?;
                    self.node(event, span)?;
                    self.path.pop();
                }
            }
        }
    }

    fn entry(
        &mut self,
        entries: &mut Vec<(String, Node)>,
        key: String,
        span: &Span,
    ) -> Result<(), ScanError> {
        self.path.push(key.clone());
        let (event, value_span) = self.next()?;
        let Node { value, .. } = self.node(event, value_span)?;
        if let Some((_, first)) = entries.iter().find(|(known, _)| *known == key) {
            let message = format!("written twice, first at {}", first.origin);
            self.problem(span, &message);
        } else {
            entries.push((key, Node { origin: self.origin(span), value }));
        }
        self.path.pop();
        Ok(())
    }

    fn refuse_extras(&mut self, span: &Span, anchor: usize, tag: Option<&Tag>) {
        if anchor != 0 {
            self.problem(span, "anchors (&name) are not supported; write the value out");
        }
        if tag.is_some() {
            self.problem(span, "tags (!name) are not supported; quote a text that looks like something else");
        }
    }

    fn problem(&mut self, span: &Span, message: &str) -> Reported {
        let path = self.path.join(".").replace(".[", "[");
        self.problems.report(self.origin(span), &path, message)
    }

    fn origin(&self, span: &Span) -> Origin {
        Origin::line(&self.file, span.start.line())
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Value {
    match &*text {
        "" | "~" | "null" | "Null" | "NULL" if style == ScalarStyle::Plain => Value::Null,
        _ if style == ScalarStyle::Plain => Value::Text(text.into_owned()),
        _ => Value::Quoted(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problems_of(text: &str) -> Vec<String> {
        let mut problems = Problems::default();
        let parsed = parse("file.yaml", text, &mut problems);
        match problems.conclude(parsed) {
            Ok(_) => Vec::new(),
            Err(found) => found.iter().map(ToString::to_string).collect(),
        }
    }

    fn table(text: &str) -> Vec<(String, Node)> {
        match parse("file.yaml", text, &mut Problems::default()) {
            Ok(Node { value: Value::Table(entries), .. }) => entries,
            _ => panic!("a table"),
        }
    }

    #[test]
    fn scalars_stay_the_text_that_was_written() {
        let entries = table("01: 1.10\nyes: 'null'\nnone: ~\nempty:\n");
        let found: Vec<_> = entries.iter().map(|(key, node)| (key.as_str(), node.value.text())).collect();
        assert_eq!(found, [("01", Some("1.10")), ("yes", Some("null")), ("none", None), ("empty", None)]);
    }

    #[test]
    fn an_entry_stands_where_its_key_is() {
        let entries = table("# comment\na:\n  b: 1\n\nc: 2\n");
        let lines: Vec<_> = entries.iter().map(|(_, node)| node.origin.to_string()).collect();
        assert_eq!(lines, ["file.yaml:2", "file.yaml:5"]);
    }

    #[test]
    fn every_duplicate_key_is_reported() {
        assert_eq!(
            problems_of("a: 1\nb: {c: 1, c: 2}\na: 3\n"),
            [
                "file.yaml:2: b.c: written twice, first at file.yaml:2",
                "file.yaml:3: a: written twice, first at file.yaml:1"
            ]
        );
    }

    #[test]
    fn an_empty_file_is_an_empty_table() {
        assert!(table("").is_empty());
        assert!(table("# only a comment\n").is_empty());
        assert!(table("---\n").is_empty());
    }

    #[test]
    fn what_hides_meaning_is_refused() {
        let found = problems_of("a: &name 1\nb: *name\nc: !secret 2\n---\nd: 3\n");
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[1].starts_with("file.yaml:2: b: aliases"), "{found:?}");
    }

    #[test]
    fn a_syntax_error_has_its_line() {
        let found = problems_of("a: 1\nb: [1, 2\nc: 3\n");
        assert!(
            matches!(found.as_slice(), [only] if only.starts_with("file.yaml:3: not valid YAML")),
            "{found:?}"
        );
    }

    #[test]
    fn endless_nesting_is_refused() {
        for nesting in ["[", "{a: ", "- ", "? "] {
            let found = problems_of(&nesting.repeat(100_000));
            assert!(found.last().is_some_and(|last| last.contains("not valid YAML")), "{nesting} {found:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_a_problem(text in "[\\[\\]{}:,\\-#&*!|>'\"%@`~a-c0-9 \n\t]{0,80}") {
            problems_of(&text);
        }
    }
}
