//! Profiles out of the text of their files.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;

use super::{Charset, CodeTables, Profile, mapping};
use crate::{
    domain::{
        format::{date, null_token, text},
        issue::Severity,
        patient::Gender,
        rules,
    },
    settings::{Field, Problem, Problems, Reported, Section, yaml},
};

mod envelope;
mod verify;

use verify::verify;

impl Profile {
    /// Reads the profile of one hospital. `file` is what messages call it, `code` the hospital's code.
    ///
    /// # Errors
    ///
    /// Every problem of the text, with its line.
    pub fn parse(file: &str, code: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let profile = yaml::parse(file, text, &mut problems)
            .and_then(|root| Section::read(root, &mut problems, |root| profile(root, code)));
        problems.conclude(profile)
    }
}

fn profile(section: &mut Section<'_>, code: &str) -> Result<Profile, Reported> {
    let version = section.value("version");
    let charset = section.field("charset").map_or(Ok(Charset::Utf8), charset);
    let mapping = section.table("mapping", mapping::read);
    let date_formats = section.required("date_formats").and_then(date::read_formats);
    let time_zone = section.required("time_zone").and_then(|zone| zone.parsed(TimeZone::get));
    let phone_region = section.field("phone_region").map(phone_region).transpose();
    let pinyin = section.optional::<bool>("pinyin");
    let null_tokens = section.field("null_tokens").map_or_else(|| Ok(HashSet::new()), null_tokens);
    let codes = section.field("codes").map_or_else(|| Ok(CodeTables::default()), |codes| codes.table(tables));
    let severities = section.field("severities").map_or_else(|| Ok(HashMap::new()), severities);
    let verify = section.field("verify").map(|api| api.table(verify)).transpose();
    Ok(Profile {
        code: code.into(),
        version: version?,
        charset: charset?,
        mapping: mapping?,
        date_formats: date_formats?,
        time_zone: time_zone?,
        phone_region: phone_region?,
        pinyin: pinyin?.unwrap_or(false),
        null_tokens: null_tokens?,
        codes: codes?,
        severities: severities?,
        verify: verify?,
    })
}

fn charset(field: Field<'_>) -> Result<Charset, Reported> {
    field.choice(&[("utf-8", Charset::Utf8), ("gb18030", Charset::Gb18030)])
}

fn phone_region(field: Field<'_>) -> Result<phonenumber::country::Id, Reported> {
    field.parsed(|text| text.parse().map_err(|_| format!("{text:?} is not a country code, as CN or AU")))
}

fn null_tokens(field: Field<'_>) -> Result<HashSet<String>, Reported> {
    let tokens = field.list(|token| token.value::<String>())?;
    Ok(tokens.iter().map(|token| null_token::key(token)).collect())
}

fn tables(section: &mut Section<'_>) -> Result<CodeTables, Reported> {
    let genders = [Gender::Male, Gender::Female, Gender::Other, Gender::Unknown].map(|g| (g.name(), g));
    let gender = section.field("gender").map(|codes| table(codes, |gender| gender.choice(&genders)));
    let mut plain = |key| section.field(key).map(|codes| table(codes, |code| code.value())).transpose();
    let identifier_type = plain("identifier_type");
    let nationality = plain("nationality");
    let ethnicity = plain("ethnicity");
    let marital_status = plain("marital_status");
    Ok(CodeTables {
        gender: gender.transpose()?,
        identifier_type: identifier_type?,
        nationality: nationality?,
        ethnicity: ethnicity?,
        marital_status: marital_status?,
    })
}

/// A table from the source's codes to canonical ones.
fn table<T>(
    field: Field<'_>,
    mut read: impl FnMut(Field<'_>) -> Result<T, Reported>,
) -> Result<HashMap<String, T>, Reported> {
    let entries = field.entries(|code, canonical| Ok((text::code(code).into_owned(), read(canonical)?)))?;
    Ok(entries.into_iter().collect())
}

/// Severities by rule. What is made milder than the catalogue says must say why: the next reader of the
/// profile has to be able to judge whether it still holds.
fn severities(field: Field<'_>) -> Result<HashMap<&'static str, Severity>, Reported> {
    let entries = field.entries(|code, setting| {
        let Some(rule) = rule(code) else {
            return Err(setting.refuse("is not a rule whose severity can be changed"));
        };
        setting.table(|section| {
            let names = [Severity::Error, Severity::Warning].map(|severity| (severity.name(), severity));
            let severity = section.required("severity").and_then(|name| name.choice(&names));
            let reason = section.optional::<String>("reason");
            if (severity, &reason) == (Ok(Severity::Warning), &Ok(None)) {
                return Err(section.problem("needs a reason: why can this source not satisfy the rule?"));
            }
            reason?;
            Ok((rule, severity?))
        })
    })?;
    Ok(entries.into_iter().collect())
}

/// The rules whose severity a profile may change.
fn rule(code: &str) -> Option<&'static str> {
    rules::find(code).filter(|rule| rule.is_adjustable()).map(|rule| rule.kind.code)
}

#[cfg(test)]
mod tests;
