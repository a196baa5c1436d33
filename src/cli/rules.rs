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
--markdown`. An *error* rejects the record, a *warning* does not; a hospital's profile may change the severity
of the rules marked so, and must say why where it makes one milder.

| code | number | severity | profile may change it | field | basis | message | 说明 |
| --- | --- | --- | --- | --- | --- | --- | --- |";

fn row(rule: &Rule) -> String {
    let (code, severity) = (rule.kind.code, rule.severity.name());
    format!("{code:<36} {:<5} {severity:<8} {:<22} {}", rule.number, field(rule), rule.kind.text.en)
}

fn markdown_row(rule: &Rule) -> String {
    let adjustable = if rule.is_adjustable() { "yes" } else { "" };
    let (text, severity) = (&rule.kind.text, rule.severity.name());
    format!(
        "| `{}` | {} | {severity} | {adjustable} | {} | {} | {} | {} |",
        rule.kind.code,
        rule.number,
        field(rule),
        rule.basis,
        text.en,
        text.zh
    )
}

fn field(rule: &Rule) -> &'static str {
    if rule.field.is_empty() { "record" } else { rule.field }
}
