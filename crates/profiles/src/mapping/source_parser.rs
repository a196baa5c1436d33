//! The sources of values that a mapping may name.

use cleaning::profile::mapping::{
    Alternative, Condition, Element, Elements, KeyName, Lookup, Path, Selection, Source, pointer,
};
use settings::{NodeKind, Reported, Section, Setting, SettingField};

/// Reads the sources of fields, and collects the sender's names of them.
#[derive(Default)]
pub(super) struct SourceParser {
    names: Vec<KeyName>,
    /// The elements in which sources begin while the fields of an `each` are read.
    begin_in: Option<Elements>,
}

/// A source, and what the sender calls it; a constant has no name.
struct ParsedSource {
    source: Source,
    label: Option<Label>,
}

/// What the sender calls a source, from where it begins.
enum Label {
    /// By paths as they are written; several if they are joined.
    Paths(Vec<String>),
    /// By a pointer from an element of a list.
    Within(Elements, String),
}

/// Some elements of a list, and what the sender calls them.
struct Chosen {
    selection: Selection,
    elements: Elements,
}

impl SourceParser {
    /// The names of all sources that were read, in the order to which alternatives refer.
    pub(super) fn into_names(self) -> Vec<KeyName> {
        self.names
    }

    /// One alternative, or a list of them.
    pub(super) fn field(
        &mut self,
        canonical: &'static str,
        setting: SettingField<'_>,
    ) -> Result<Lookup, Reported> {
        let alternatives = setting.list(|alternative| Ok(self.named(source(alternative)?)))?;
        Ok(Lookup { canonical, alternatives })
    }

    /// A field that a table describes.
    pub(super) fn composed(
        &mut self,
        canonical: &'static str,
        section: &mut Section<'_>,
    ) -> Result<Lookup, Reported> {
        Ok(Lookup { canonical, alternatives: vec![self.named(composed(section)?)] })
    }

    /// A table with the fields of one element: of the record, or of each element of the list that `each`
    /// names.
    pub(super) fn element<F>(
        &mut self,
        section: &mut Section<'_>,
        read: impl FnOnce(&mut Self, &mut Section<'_>) -> Result<F, Reported>,
    ) -> Result<Element<F>, Reported> {
        let each = list_of(section, "each");
        let each = chosen(section, each);
        self.begin(each, |parser| read(parser, section))
    }

    /// A field of one element: of the record, or with `each` what `take` finds in each element of a list; without
    /// `take`, the element itself.
    pub(super) fn plain_element(
        &mut self,
        canonical: &'static str,
        section: &mut Section<'_>,
    ) -> Result<Element<Lookup>, Reported> {
        match list_of(section, "each") {
            Ok(None) => Ok(Element { each: None, fields: self.composed(canonical, section)? }),
            each => {
                let each = chosen(section, each);
                self.begin(each, |parser| match section.field("take") {
                    Some(take) => parser.field(canonical, take),
                    None => Ok(Lookup {
                        canonical,
                        alternatives: vec![parser.named(ParsedSource::element_itself())],
                    }),
                })
            }
        }
    }

    /// Reads fields that begin in elements, if there are any. They are read even if these could not be: the
    /// fields may have problems of their own.
    fn begin<F>(
        &mut self,
        each: Result<Option<Chosen>, Reported>,
        read: impl FnOnce(&mut Self) -> Result<F, Reported>,
    ) -> Result<Element<F>, Reported> {
        self.begin_in = each.as_ref().ok().and_then(|each| Some(each.as_ref()?.elements.clone()));
        let fields = read(self);
        self.begin_in = None;
        Ok(Element { each: each?.map(|each| each.selection), fields: fields? })
    }

    fn named(&mut self, source: ParsedSource) -> Alternative {
        let name = source.label.map(|label| {
            self.names.push(match (&self.begin_in, label) {
                (None, Label::Paths(paths)) => KeyName::new(&paths.join("+")),
                (None, Label::Within(elements, rest)) => KeyName::within(&elements, &rest),
                (Some(elements), label) => KeyName::within(elements, &label.pointer()),
            });
            u16::try_from(self.names.len() - 1).expect("a profile names fewer than 65,536 keys")
        });
        Alternative { source: source.source, name }
    }
}

impl ParsedSource {
    /// The element itself in which it begins.
    fn element_itself() -> Self {
        Self { source: Source::At(Path::to_the_root()), label: Some(Label::Paths(vec![String::new()])) }
    }
}

impl Label {
    /// As a pointer, to be appended to another one.
    fn pointer(&self) -> String {
        match self {
            Self::Paths(paths) => paths.iter().map(|path| pointer(path)).collect::<Vec<_>>().join("+"),
            Self::Within(elements, rest) => elements.any(rest),
        }
    }
}

/// `key`, `/a/pointer`, or what a table composes.
fn source(setting: SettingField<'_>) -> Result<ParsedSource, Reported> {
    if setting.kind() == NodeKind::Table {
        return setting.table(composed);
    }
    let (name, path) = path(setting)?;
    Ok(ParsedSource { source: Source::At(path), label: Some(Label::Paths(vec![name])) })
}

/// `{constant: text}`, `{join: [key, key], with: " "}` or `{first: /list, where: {key: text}, take: key}`.
fn composed(section: &mut Section<'_>) -> Result<ParsedSource, Reported> {
    let constant = section.field("constant").map(verbatim).transpose();
    let join = section.field("join").map(|parts| parts.list(path_to_many)).transpose();
    let with = section.field("with").map(verbatim).transpose();
    let first = list_of(section, "first");
    let first = chosen(section, first);
    let take = section.field("take").map(source).transpose();
    match (constant?, join?, with?, first?, take?) {
        (Some(text), None, None, None, None) => {
            Ok(ParsedSource { source: Source::Constant(text), label: None })
        }
        (None, Some(parts), with, None, None) if !parts.is_empty() => Ok(joined(parts, with)),
        (None, None, None, Some(first), Some(ParsedSource { source, label: Some(label) })) => {
            let label = Label::Within(first.elements, label.pointer());
            Ok(ParsedSource { source: Source::First(first.selection, source.into()), label: Some(label) })
        }
        _ => Err(section.problem("needs either constant, or join and with, or first and take")),
    }
}

fn joined(parts: Vec<(String, Path)>, with: Option<String>) -> ParsedSource {
    let (names, parts) = parts.into_iter().unzip();
    let source = Source::Joined { parts, with: with.unwrap_or_else(|| " ".into()) };
    ParsedSource { source, label: Some(Label::Paths(names)) }
}

/// The path to a list.
fn list_of(section: &mut Section<'_>, key: &'static str) -> Result<Option<(String, Path)>, Reported> {
    section.field(key).map(path).transpose()
}

/// The elements of a list that the section's `where` selects.
fn chosen(
    section: &mut Section<'_>,
    list: Result<Option<(String, Path)>, Reported>,
) -> Result<Option<Chosen>, Reported> {
    let conditions = section.field("where").map(|wanted| wanted.entries(condition)).transpose();
    let (list, conditions) = (list?, conditions?);
    if conditions
        .as_ref()
        .is_some_and(|all| all.iter().any(|(_, one)| one.texts.is_empty()) || all.is_empty())
    {
        return Err(section.problem("where has no condition"));
    }
    match (list, conditions) {
        (Some((name, list)), conditions) => {
            let conditions = conditions.unwrap_or_default();
            let elements = Elements { list: pointer(&name), which: which(&conditions) };
            let conditions = conditions.into_iter().map(|(_, condition)| condition).collect();
            Ok(Some(Chosen { selection: Selection { list, conditions }, elements }))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => {
            Err(section.problem("where selects elements of a list, but there is no list: add each or first"))
        }
    }
}

fn condition(key: &str, texts: SettingField<'_>) -> Result<(String, Condition), Reported> {
    let path = match Path::parse(key) {
        Ok(path) => path,
        Err(error) => return Err(texts.refuse(error)),
    };
    // Texts of records are compared without the space around them.
    let texts = texts.list(|text| text.parsed(|text| String::parse(text.trim())))?;
    Ok((key.to_owned(), Condition { path, texts }))
}

/// What the sender calls the elements that satisfy conditions.
fn which(conditions: &[(String, Condition)]) -> String {
    if conditions.is_empty() {
        return "/*".into();
    }
    let written = |(key, condition): &(String, Condition)| {
        format!("{}={}", key.trim_start_matches('/'), condition.texts.join("|"))
    };
    format!("[{}]", conditions.iter().map(written).collect::<Vec<_>>().join(","))
}

/// A text as it is, possibly empty.
fn verbatim(setting: SettingField<'_>) -> Result<String, Reported> {
    setting.parsed(|text| Ok::<_, String>(text.to_owned()))
}

/// A path and the name that it has in the profile.
fn path(setting: SettingField<'_>) -> Result<(String, Path), Reported> {
    setting.parsed(|text| Path::parse(text).map(|path| (text.to_owned(), path)))
}

fn path_to_many(setting: SettingField<'_>) -> Result<(String, Path), Reported> {
    setting.parsed(|text| Path::parse_to_many(text).map(|path| (text.to_owned(), path)))
}
