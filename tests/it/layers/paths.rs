//! Which paths a source file names, in full: imports, also grouped ones, paths in the code, and what
//! follows an imported name. `self`, `super` and the crate's own name are resolved to `crate`.

use std::collections::HashMap;

use super::tokens::{Kind, Token, tokens};

/// One path that a file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its parts; the first is `crate` or an outside crate (or a name that is local to the file).
    pub path: Vec<String>,
    /// Line in the file, from 1.
    pub line: usize,
    /// Whether it stands under `#[cfg(test)]`.
    pub in_test: bool,
}

/// Every path that the source of `module` (its place in the crate, empty for the root) names.
pub(super) fn named_paths(source: &str, module: &[String]) -> Vec<Named> {
    let tokens = tokens(source);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        scopes: Scopes::new(module),
        imported: HashMap::new(),
        named: vec![],
    };
    reader.read();
    let Reader { mut named, imported, .. } = reader;
    for one in &mut named {
        if let Some(import) = imported.get(&one.path[0]) {
            one.path.splice(..1, import.iter().cloned());
        }
    }
    named
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    scopes: Scopes,
    /// What a name that `use` brought in stands for. One map for the file: where two modules of it give
    /// one name two meanings the later one counts, which no file here does.
    imported: HashMap<String, Vec<String>>,
    named: Vec<Named>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while let Some(token) = self.tokens.get(self.at) {
            match &token.kind {
                // `use<'a>` in a return type imports nothing.
                Kind::Word(word) if word == "use" && !self.is_mark(self.at + 1, '<') => {
                    self.at += 1;
                    self.import(Vec::new());
                }
                Kind::Word(word) if word == "mod" && self.is_mark(self.at + 2, '{') => {
                    let name = self.word(self.at + 1).unwrap_or_default().to_owned();
                    self.at += 3;
                    self.scopes.open_module(name);
                }
                Kind::Word(_) => self.inline_path(),
                Kind::Mark('#') if self.starts_test_item() => {
                    self.scopes.test_item();
                    self.at += TEST_ATTRIBUTE.len();
                }
                Kind::Mark(mark) => {
                    self.scopes.mark(*mark);
                    self.at += 1;
                }
                Kind::Separator => self.at += 1,
            }
        }
    }

    /// Reads one tree of a `use`, from its first token to behind its last.
    fn import(&mut self, mut path: Vec<String>) {
        let line = self.tokens.get(self.at).map_or(0, |token| token.line);
        loop {
            match self.tokens.get(self.at).map(|token| &token.kind) {
                Some(Kind::Separator) => self.at += 1,
                Some(Kind::Word(word)) if word == "as" => {
                    let alias = self.word(self.at + 1).unwrap_or_default().to_owned();
                    self.at += 2;
                    return self.imported(path, Some(alias), line);
                }
                Some(Kind::Word(word)) => {
                    path.push(word.clone());
                    self.at += 1;
                }
                Some(Kind::Mark('*')) => {
                    self.at += 1;
                    path.push("*".to_owned());
                    return self.imported(path, None, line);
                }
                Some(Kind::Mark('{')) => return self.import_group(&path),
                _ => return self.imported(path, None, line),
            }
        }
    }

    fn import_group(&mut self, prefix: &[String]) {
        self.at += 1;
        while self.at < self.tokens.len() && !self.is_mark(self.at, '}') {
            if self.is_mark(self.at, ',') {
                self.at += 1;
            } else {
                let before = self.at;
                self.import(prefix.to_vec());
                // What is no import cannot be read on; the compiler says so better than this test.
                self.at = self.at.max(before + 1);
            }
        }
        self.at += 1;
    }

    fn imported(&mut self, mut path: Vec<String>, alias: Option<String>, line: usize) {
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(last) = path.last().cloned() else { return };
        let path = self.scopes.resolve(path);
        if last != "*" {
            self.imported.insert(alias.unwrap_or(last), path.clone());
        }
        self.name(path, line);
    }

    /// Reads a path of at least two parts, or steps over a lone word.
    fn inline_path(&mut self) {
        let line = self.tokens[self.at].line;
        let mut path = vec![];
        while let Some(word) = self.word(self.at) {
            path.push(word.to_owned());
            self.at += 1;
            if !self.is_separator(self.at) || self.word(self.at + 1).is_none() {
                break;
            }
            self.at += 1;
        }
        // `Vec::<_>::new`, `macro!` and `self.field` are no paths of a layer, nor is a part of one.
        if path.len() > 1 {
            let path = self.scopes.resolve(path);
            self.name(path, line);
        }
    }

    fn name(&mut self, path: Vec<String>, line: usize) {
        self.named.push(Named { path, line, in_test: self.scopes.in_test() });
    }

    fn starts_test_item(&self) -> bool {
        let here = self.tokens[self.at..].iter().take(TEST_ATTRIBUTE.len());
        here.map(|token| match &token.kind {
            Kind::Word(word) => word.clone(),
            Kind::Separator => "::".to_owned(),
            Kind::Mark(mark) => mark.to_string(),
        })
        .eq(TEST_ATTRIBUTE.iter().copied())
    }

    fn word(&self, at: usize) -> Option<&str> {
        match &self.tokens.get(at)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn is_mark(&self, at: usize, mark: char) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(mark))
    }

    fn is_separator(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.kind == Kind::Separator)
    }
}

const TEST_ATTRIBUTE: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

/// The brackets that are open at one place of a file, and what they mean for names.
struct Scopes {
    file_module: Vec<String>,
    /// One per open bracket; a name where it is a module's.
    open: Vec<Option<String>>,
    /// How many brackets were open where an item for tests began.
    test_since: Option<usize>,
}

impl Scopes {
    fn new(module: &[String]) -> Self {
        Self { file_module: module.to_vec(), open: Vec::new(), test_since: None }
    }

    fn open_module(&mut self, name: String) {
        self.open.push(Some(name));
    }

    fn mark(&mut self, mark: char) {
        match mark {
            '{' | '(' | '[' => self.open.push(None),
            '}' | ')' | ']' => {
                self.open.pop();
            }
            _ => {}
        }
        // An item ends with its semicolon or with its closing brace.
        let ends = matches!(mark, ';' | '}') && self.test_since.is_some_and(|since| self.open.len() <= since);
        if ends {
            self.test_since = None;
        }
    }

    fn test_item(&mut self) {
        self.test_since.get_or_insert(self.open.len());
    }

    fn in_test(&self) -> bool {
        self.test_since.is_some()
    }

    /// The path from the crate's root where it began relative to this place.
    fn resolve(&self, path: Vec<String>) -> Vec<String> {
        let ups = path.iter().take_while(|part| *part == "super" || *part == "self").count();
        let supers = path.iter().take(ups).filter(|part| *part == "super").count();
        if ups == 0 {
            let mut path = path;
            if path[0] == "dataprocessing" {
                path[0] = "crate".to_owned();
            }
            return path;
        }
        let mut module: Vec<String> =
            self.file_module.iter().chain(self.open.iter().flatten()).cloned().collect();
        module.truncate(module.len().saturating_sub(supers));
        ["crate".to_owned()].into_iter().chain(module).chain(path.into_iter().skip(ups)).collect()
    }
}
