//! The file of one hospital's profile.

use std::collections::{HashMap, HashSet};

use cleaning::{
    format::{
        null_token,
        patient_id::{Characters, PatientIdFormat},
        text,
    },
    patient::Gender,
    profile::{Charset, CodeTables, Profile},
};
use jiff::tz::TimeZone;
use settings::{Problem, Problems, Reported, Section, SettingField, did_you_mean, yaml};

use super::{Defaults, Sample, date_formats, mapping, rules, samples, verification::verification};

/// A profile and the samples that prove it.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    pub profile: Profile,
    pub samples: Vec<Sample>,
}

impl ProfileFile {
    /// Reads the text of a file over the defaults. `file` is what messages call it, `code` the hospital's code. The
    /// samples are not run.
    ///
    /// # Errors
    ///
    /// Every problem, with the line of the file that has it.
    pub fn parse(defaults: &Defaults, file: &str, code: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let profile = yaml::parse(file, text, &mut problems).and_then(|root| {
            Section::read(defaults.under(root), &mut problems, |root| profile_file(root, code))
        });
        problems.conclude(profile)
    }

    /// The profile, if all of its samples hold.
    ///
    /// # Errors
    ///
    /// Every difference between a sample and what came of it.
    pub fn into_proven(self) -> Result<Profile, Vec<Problem>> {
        let failed: Vec<_> = self.samples.iter().flat_map(|sample| sample.problems(&self.profile)).collect();
        if failed.is_empty() { Ok(self.profile) } else { Err(failed) }
    }
}

fn profile_file(section: &mut Section<'_>, code: &str) -> Result<ProfileFile, Reported> {
    let version = section.value("version");
    let charset = section.field("charset").map_or(Ok(Charset::Utf8), charset);
    let mapping = section.table("mapping", mapping::read);
    let date_formats = section.required("date_formats").and_then(date_formats::read);
    let time_zone = section.required("time_zone").and_then(|zone| zone.parsed(time_zone));
    let phone_region = section.field("phone_region").map(phone_region).transpose();
    let pinyin = section.optional::<bool>("pinyin");
    let null_tokens = section.field("null_tokens").map_or_else(|| Ok(HashSet::new()), null_tokens);
    let codes = section.field("codes").map_or_else(|| Ok(CodeTables::default()), |codes| codes.table(tables));
    let patient_ids = section
        .field("patient_ids")
        .map_or_else(|| Ok(PatientIdFormat::default()), |ids| ids.table(patient_ids));
    let rules = section.field("rules").map_or_else(|| Ok(HashMap::new()), rules::read);
    let verify = section.field("verify").map(|api| api.table(verification)).transpose();
    let mapping =
        mapping.and_then(|mapping| Ok(mapping.skipping(null_tokens.as_ref().map_err(|reported| *reported)?)));
    let samples = section.field("samples").map_or_else(|| Ok(Vec::new()), samples::read);
    let profile = Profile {
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
        patient_ids: patient_ids?,
        rules: rules?,
        verify: verify?,
    };
    Ok(ProfileFile { profile, samples: samples? })
}

fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|error| {
        let known: Vec<_> = jiff::tz::db().available().collect();
        let known: Vec<_> = known.iter().map(|zone| zone.as_str()).collect();
        format!("{error}{}", did_you_mean(name, &known))
    })
}

fn charset(field: SettingField<'_>) -> Result<Charset, Reported> {
    field.parsed(|name| match name {
        "utf-8" => Ok(Charset::Utf8),
        "gb18030" => Ok(Charset::Gb18030),
        _ => {
            let held = matches!(&*name.to_lowercase(), "gbk" | "gb2312" | "cp936");
            let meant = if held { "gb18030" } else { name };
            Err(format!("{name:?} is none of utf-8, gb18030{}", did_you_mean(meant, &["utf-8", "gb18030"])))
        }
    })
}

fn phone_region(field: SettingField<'_>) -> Result<phonenumber::country::Id, Reported> {
    field.parsed(|text| text.parse().map_err(|_| format!("{text:?} is not a country code, as CN or AU")))
}

fn null_tokens(field: SettingField<'_>) -> Result<HashSet<String>, Reported> {
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
    field: SettingField<'_>,
    mut read: impl FnMut(SettingField<'_>) -> Result<T, Reported>,
) -> Result<HashMap<String, T>, Reported> {
    let entries =
        field.entries(|code, canonical| Ok((text::clean_token(code).into_owned(), read(canonical)?)))?;
    Ok(entries.into_iter().collect())
}

fn patient_ids(section: &mut Section<'_>) -> Result<PatientIdFormat, Reported> {
    let all = PatientIdFormat::default();
    let sizes = 1..=PatientIdFormat::MAX_CHARACTERS;
    let names = [
        ("digits", Characters::Digits),
        ("alphanumeric", Characters::Alphanumeric),
        ("any", Characters::Any),
    ];
    let width = section.field("width").map(|width| width.within(sizes.clone())).transpose();
    let characters = section.field("characters").map_or(Ok(all.characters), |field| field.choice(&names));
    let longest = section.field("longest").map_or(Ok(all.max_characters), |longest| longest.within(sizes));
    if let (Ok(Some(width)), Ok(longest)) = (width, longest)
        && width > longest
    {
        section.contradiction("width", "is more than longest allows");
    }
    Ok(PatientIdFormat { width: width?, characters: characters?, max_characters: longest? })
}
