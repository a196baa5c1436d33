//! `rules`: prints the catalogue of rules, for people who read rejects.

use clap::Args;

use super::{CommandError, print_line};
use cleaning::{
    change::FormatRule,
    format::catalogue::CATALOGUE,
    rules::{self, Rule},
};

#[derive(Args)]
pub(super) struct Arguments {
    /// Print Markdown tables in both languages, as in docs/rules.md.
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), CommandError> {
    if arguments.markdown {
        print_line(FORMATTING);
        CATALOGUE.iter().for_each(|rule| print_line(markdown_format_row(rule)));
        print_line(JUDGING);
        rules::catalogue().for_each(|rule| print_line(markdown_row(rule)));
    } else {
        print_line(line(["code", "number", "severity", "limit", "field", "message"]));
        CATALOGUE.iter().for_each(|rule| print_line(format_row(rule)));
        rules::catalogue().for_each(|rule| print_line(row(rule)));
    }
    Ok(())
}

/// The text above the table of formatting rules.
const FORMATTING: &str = "\
# Rules

How a record is formatted, and what is checked. This page is the output of `dataprocessing rules --markdown`.

## Formatting

Formatting comes before validation, in the order of the fields. Every change is stored with the patient as field, rule
and kind, and counted in the batch's summary; what the hospital sent is kept as well.

| number | code | fields | basis | what it does | 说明 |
| --- | --- | --- | --- | --- | --- |";

/// The text above the table of rules.
const JUDGING: &str = "
## Validation

Every code that rejects a record or warns about it. An *error* rejects the record, a *warning* does not. A hospital's
profile may change the severity of the rules marked so (a warning may also be switched off) and the limit of those that
have one; where it makes a rule milder it must give the reason.

The number is that of the matter: rules that check one matter in different ways share it. A rule about a new matter
takes the next free number; a number is never given to another matter.

| code | number | severity | profile may change it | limit | field | basis | message | 说明 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |";

fn line([code, number, severity, limit, field, message]: [&str; 6]) -> String {
    format!("{code:<37} {number:<6} {severity:<8} {limit:<13} {field:<27} {message}")
}

fn format_row(rule: &FormatRule) -> String {
    line([rule.code, rule.number, "format", "", rule.fields, rule.text.en])
}

fn markdown_format_row(rule: &FormatRule) -> String {
    let FormatRule { code, number, fields, basis, text } = rule;
    format!("| {number} | `{code}` | {fields} | {basis} | {} | {} |", text.en, text.zh)
}

fn row(rule: &Rule) -> String {
    let (code, severity) = (rule.kind.code, rule.severity.name());
    line([code, rule.number, severity, &limit(rule), field(rule), rule.kind.text.en])
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
    if rule.field.as_str().is_empty() { "record" } else { rule.field.as_str() }
}
