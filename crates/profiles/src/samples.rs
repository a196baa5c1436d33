//! The `samples` of a profile.

use std::collections::{BTreeSet, HashSet};

use jiff::civil::Date;

use cleaning::rules;
use settings::{Node, NodeKind, Reported, Section, SettingField, Value};

use super::sample::{Input, Sample};

/// Reads the list.
pub(super) fn read(field: SettingField<'_>) -> Result<Vec<Sample>, Reported> {
    let mut names = HashSet::new();
    field.list(|sample| sample.table(|section| read_sample(section, &mut names)))
}

fn read_sample(section: &mut Section<'_>, names: &mut HashSet<String>) -> Result<Sample, Reported> {
    let origin = section.origin().clone();
    let name = section.value::<String>("name");
    let input = section.required("input").and_then(input);
    let patient = section.field("patient").map(patient).transpose();
    let issues = section.field("issues").map_or_else(
        || Ok((BTreeSet::new(), origin)),
        |issues| {
            let origin = issues.origin().clone();
            Ok((issues.list(code)?.into_iter().collect(), origin))
        },
    );
    let received = section.field("received").map(|day| day.parsed(str::parse::<Date>)).transpose();
    if let Ok(name) = &name
        && !names.insert(name.clone())
    {
        section.contradiction("name", "is already the name of another sample");
    }
    Ok(Sample { name: name?, input: input?, patient: patient?, issues: issues?, received: received? })
}

/// A block of text is the record itself; a table is the record's object, written as YAML.
fn input(field: SettingField<'_>) -> Result<Input, Reported> {
    if matches!(field.kind(), NodeKind::List | NodeKind::Nothing) {
        return Err(field.refuse("is neither the source's object nor its JSON text"));
    }
    let node = field.into_node();
    Ok(match &node.value {
        Value::Table(_) => Input::Object(json(&node)),
        value => Input::Text(value.text().unwrap_or_default().to_owned()),
    })
}

/// The JSON that a tree stands for: a plain number, `true`, `false` and `null` are what they are in JSON,
/// any other scalar and whatever is quoted is a string.
fn json(node: &Node) -> serde_json::Value {
    use serde_json::Value as Json;
    match &node.value {
        Value::Null => Json::Null,
        Value::Quoted(text) => Json::String(text.clone()),
        Value::Text(text) => match text.as_str() {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            text => match text.parse::<serde_json::Number>() {
                Ok(number) => Json::Number(number),
                Err(_) => Json::String(text.to_owned()),
            },
        },
        Value::List(elements) => elements.iter().map(json).collect(),
        Value::Table(entries) => entries.iter().map(|(key, node)| (key.clone(), json(node))).collect(),
    }
}

fn patient(field: SettingField<'_>) -> Result<Node, Reported> {
    if field.kind() == NodeKind::Table {
        return Ok(field.into_node());
    }
    Err(field.refuse("is not a table of canonical fields, as birth_date: 1990-03-07"))
}

fn code(field: SettingField<'_>) -> Result<&'static str, Reported> {
    field.parsed(|code| {
        rules::find(code).map(|rule| rule.kind.code).ok_or_else(|| super::rules::unknown(code))
    })
}
