//! Rust source as the few tokens that paths are made of: comments, literals and lifetimes are gone.

/// One token that matters to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name, or a number.
    Word(String),
    /// `::`
    Separator,
    /// Any other character of punctuation.
    Mark(char),
}

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Line in the file, from 1.
    pub line: usize,
}

/// Splits source into tokens.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut rest = source;
    let mut line = 1;
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let length = match skipped(rest, first) {
            Some(length) => length,
            None => {
                let (kind, length) = next(rest, first);
                found.push(Token { kind, line });
                length
            }
        };
        let (read, unread) = rest.split_at(length);
        line += read.matches('\n').count();
        rest = unread;
    }
    found
}

fn next(rest: &str, first: char) -> (Kind, usize) {
    let raw_name = rest.strip_prefix("r#").filter(|name| name.starts_with(is_of_word));
    if let Some(name) = raw_name {
        let length = word_length(name);
        (Kind::Word(name[..length].to_owned()), "r#".len() + length)
    } else if is_of_word(first) {
        let length = word_length(rest);
        (Kind::Word(rest[..length].to_owned()), length)
    } else if rest.starts_with("::") {
        (Kind::Separator, 2)
    } else {
        (Kind::Mark(first), first.len_utf8())
    }
}

/// The length of what names nothing and stands first in `rest`, if there is such a thing.
fn skipped(rest: &str, first: char) -> Option<usize> {
    if first.is_whitespace() {
        Some(first.len_utf8())
    } else if rest.starts_with("//") {
        Some(rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        Some(block_comment_length(rest))
    } else if first == '\'' {
        Some(character_or_lifetime_length(rest))
    } else {
        string_length(rest)
    }
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// `'a'`, `'\n'` or `'\''`, else `'lifetime`.
fn character_or_lifetime_length(rest: &str) -> usize {
    let inner = &rest[1..];
    if inner.starts_with('\\') {
        return quoted_length(rest, '\'');
    }
    let character = inner.chars().next().map_or(0, char::len_utf8);
    if inner[character..].starts_with('\'') { 1 + character + 1 } else { 1 + word_length(inner) }
}

/// The length of a string literal of any sort at the start of `rest`.
fn string_length(rest: &str) -> Option<usize> {
    let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).filter(|prefix| *prefix <= 2)?;
    let body = &rest[prefix..];
    let raw = rest[..prefix].ends_with('r');
    if body.starts_with('"') && !raw {
        return Some(prefix + quoted_length(body, '"'));
    }
    if body.starts_with('\'') && &rest[..prefix] == "b" {
        return Some(prefix + quoted_length(body, '\''));
    }
    let hashes = body.find(|c| c != '#').unwrap_or(0);
    if !raw || !body[hashes..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", &body[..hashes]);
    let inner = &body[hashes + 1..];
    let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
    Some(prefix + hashes + 1 + length)
}

/// The length of a literal with escapes, from its opening quote over its closing one.
fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn word_length(rest: &str) -> usize {
    rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())
}

fn is_of_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
