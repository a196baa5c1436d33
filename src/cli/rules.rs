//! `rules`: the rule catalogue, for people who read rejects.

use clap::Args;

use super::{CommandError, say};
use crate::domain::rules::{self, Rule};

/// How the catalogue is shown.
#[derive(Args)]
pub(super) struct Arguments {
    /// As a Markdown table with both languages, the form of docs/rules.md.
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    if arguments.markdown {
        say(INTRODUCTION);
        rules::catalogue().for_each(|rule| say(markdown_row(rule)));
    } else {
        rules::catalogue().for_each(|rule| say(row(rule)));
    }
    Ok(())
}

/// What stands above the Markdown table.
const INTRODUCTION: &str = "\
# Rules

Every code that rejects a record or warns about it. This page is the output of `dataprocessing rules
--markdown`. An *error* rejects the record, a *warning* does not. A hospital's profile may change the severity of
the rules marked so (a warning may also be switched off) and the limit of those that have one; where it makes a
rule milder it must say why.

| code | number | severity | profile may change it | limit | field | basis | message | 说明 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |";

fn row(rule: &Rule) -> String {
    let (code, severity) = (rule.kind.code, rule.severity.name());
    let (limit, field) = (limit(rule), field(rule));
    format!("{code:<36} {:<5} {severity:<8} {limit:<12} {field:<22} {}", rule.number, rule.kind.text.en)
}

fn markdown_row(rule: &Rule) -> String {
    let adjustable = if rule.is_adjustable() { "yes" } else { "" };
    let (text, severity) = (&rule.kind.text, rule.severity.name());
    format!(
        "| `{}` | {} | {severity} | {adjustable} | {} | {} | {} | {} | {} |",
        rule.kind.code,
        rule.number,
        limit(rule),
        field(rule),
        rule.basis,
        text.en,
        text.zh
    )
}

fn limit(rule: &Rule) -> String {
    rule.limit.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn field(rule: &Rule) -> &'static str {
    if rule.field.is_empty() { "record" } else { rule.field }
}
