//! The `mapping` of a profile.

use std::collections::HashSet;

use super::{
    AddressFields, ContactFields, Element, ExpectedKeys, IdentifierFields, Mapping, PlainFields, keys,
    source::Field,
};
use crate::settings::{self, Reported, Section, Shape};

mod way;

use way::Ways;

/// Reads the section.
pub(in super::super) fn mapping(section: &mut Section<'_>) -> Result<Mapping, Reported> {
    let mut ways = Ways::default();
    let plain = plain_fields(&mut ways, section);
    let identifiers = list(section, "identifiers", |element| identifier(&mut ways, element));
    let phones = list(section, "phones", |element| phone(&mut ways, element));
    let addresses = list(section, "addresses", |element| address(&mut ways, element));
    let contacts = list(section, "contacts", |element| contact(&mut ways, element));
    let ignored = list(section, "ignored", ignored);
    let mut mapping = Mapping {
        plain: plain?,
        identifiers: identifiers?,
        phones: phones?,
        addresses: addresses?,
        contacts: contacts?,
        expected: ExpectedKeys::default(),
        names: ways.into_names(),
        nulls: HashSet::new(),
    };
    mapping.expected = expected(section, &mapping, &ignored?);
    Ok(mapping)
}

fn plain_fields(ways: &mut Ways, section: &mut Section<'_>) -> Result<PlainFields, Reported> {
    let patient_id = match section.required("patient_id") {
        Ok(setting) => ways.field("patient_id", setting),
        Err(reported) => Err(reported),
    };
    let name = section.field("name").map_or_else(|| Ok(NameFields::default()), |it| name(ways, it));
    let gender = coded(ways, section, "gender", "gender_display");
    let birth_date = plain(ways, section, "birth_date");
    let birth_date_absent_reason = plain(ways, section, "birth_date_absent_reason");
    let age = plain(ways, section, "age");
    let nationality = coded(ways, section, "nationality", "nationality_display");
    let ethnicity = coded(ways, section, "ethnicity", "ethnicity_display");
    let marital_status = coded(ways, section, "marital_status", "marital_status_display");
    let deceased = plain(ways, section, "deceased");
    let updated_at = plain(ways, section, "updated_at");
    let version = plain(ways, section, "version");
    let name = name?;
    let gender = gender?;
    let nationality = nationality?;
    let ethnicity = ethnicity?;
    let marital_status = marital_status?;
    Ok(PlainFields {
        patient_id: patient_id?,
        name_text: name.text,
        name_family: name.family,
        name_given: name.given,
        gender: gender.code,
        gender_display: gender.display,
        birth_date: birth_date?,
        birth_date_absent_reason: birth_date_absent_reason?,
        age: age?,
        nationality: nationality.code,
        nationality_display: nationality.display,
        ethnicity: ethnicity.code,
        ethnicity_display: ethnicity.display,
        marital_status: marital_status.code,
        marital_status_display: marital_status.display,
        deceased: deceased?,
        updated_at: updated_at?,
        version: version?,
    })
}

/// A field that may be left out, under its canonical name.
fn plain(ways: &mut Ways, section: &mut Section<'_>, name: &'static str) -> Result<Field, Reported> {
    part(ways, section, name, name)
}

/// A field that may be left out, under a key of its own.
fn part(
    ways: &mut Ways,
    section: &mut Section<'_>,
    key: &'static str,
    canonical: &'static str,
) -> Result<Field, Reported> {
    match section.field(key) {
        Some(setting) => ways.field(canonical, setting),
        None => Ok(Field { canonical, alternatives: Vec::new() }),
    }
}

/// Elements that may be left out.
fn list<T>(
    section: &mut Section<'_>,
    key: &'static str,
    read: impl FnMut(settings::Field<'_>) -> Result<T, Reported>,
) -> Result<Vec<T>, Reported> {
    section.field(key).map_or_else(|| Ok(Vec::new()), |list| list.list(read))
}

#[derive(Default)]
struct NameFields {
    text: Field,
    family: Field,
    given: Field,
}

/// The whole name, or a table of its parts.
fn name(ways: &mut Ways, setting: settings::Field<'_>) -> Result<NameFields, Reported> {
    if setting.shape() != Shape::Table {
        let text = ways.field("name.text", setting)?;
        return Ok(NameFields { text, ..NameFields::default() });
    }
    setting.table(|section| {
        let text = part(ways, section, "text", "name.text");
        let family = part(ways, section, "family", "name.family");
        let given = part(ways, section, "given", "name.given");
        let name = NameFields { text: text?, family: family?, given: given? };
        if [&name.text, &name.family, &name.given].iter().any(|part| !part.alternatives.is_empty()) {
            return Ok(name);
        }
        Ok(NameFields { text: ways.composed("name.text", section)?, ..name })
    })
}

/// A code and what the source shows people for it.
struct Coded {
    code: Field,
    display: Field,
}

/// A code, or `{code: key, display: key}`.
fn coded(
    ways: &mut Ways,
    section: &mut Section<'_>,
    canonical: &'static str,
    canonical_display: &'static str,
) -> Result<Coded, Reported> {
    let display = Field { canonical: canonical_display, alternatives: Vec::new() };
    let Some(setting) = section.field(canonical) else {
        return Ok(Coded { code: Field { canonical, alternatives: Vec::new() }, display });
    };
    if setting.shape() != Shape::Table {
        return Ok(Coded { code: ways.field(canonical, setting)?, display });
    }
    setting.table(|section| {
        let code = section.field("code").map(|code| ways.field(canonical, code)).transpose();
        let shown =
            section.field("display").map(|display| ways.field(canonical_display, display)).transpose();
        match (code?, shown?) {
            (Some(code), Some(display)) => Ok(Coded { code, display }),
            (None, None) => Ok(Coded { code: ways.composed(canonical, section)?, display }),
            (None, Some(_)) => Err(section.problem("needs the code that is displayed")),
            (Some(_), None) => {
                Err(section.problem("needs the display of the code; else write the code alone"))
            }
        }
    })
}

fn identifier(ways: &mut Ways, setting: settings::Field<'_>) -> Result<Element<IdentifierFields>, Reported> {
    setting.table(|section| {
        ways.element(section, |ways, section| {
            let kind = part(ways, section, "type", "identifiers.type");
            let value = match section.required("value") {
                Ok(setting) => ways.field("identifiers.value", setting),
                Err(reported) => Err(reported),
            };
            let system = part(ways, section, "system", "identifiers.system");
            Ok(IdentifierFields { kind: kind?, value: value?, system: system? })
        })
    })
}

fn phone(ways: &mut Ways, setting: settings::Field<'_>) -> Result<Element<Field>, Reported> {
    if setting.shape() != Shape::Table {
        return Ok(Element { each: None, fields: ways.field("phones", setting)? });
    }
    setting.table(|section| ways.plain_element("phones", section))
}

fn address(ways: &mut Ways, setting: settings::Field<'_>) -> Result<Element<AddressFields>, Reported> {
    setting.table(|section| {
        ways.element(section, |ways, section| {
            let text = part(ways, section, "text", "addresses.text");
            let division_code = part(ways, section, "division_code", "addresses.division_code");
            let postal_code = part(ways, section, "postal_code", "addresses.postal_code");
            let country = part(ways, section, "country", "addresses.country");
            Ok(AddressFields {
                text: text?,
                division_code: division_code?,
                postal_code: postal_code?,
                country: country?,
            })
        })
    })
}

fn contact(ways: &mut Ways, setting: settings::Field<'_>) -> Result<Element<ContactFields>, Reported> {
    setting.table(|section| {
        ways.element(section, |ways, section| {
            let name = part(ways, section, "name", "contacts.name");
            let relation = part(ways, section, "relation", "contacts.relation");
            let phone = part(ways, section, "phone", "contacts.phone");
            Ok(ContactFields { name: name?, relation: relation?, phone: phone? })
        })
    })
}

/// Keys that the source sends and nobody wants.
enum Ignored {
    Key(String),
    Start(String),
}

fn ignored(setting: settings::Field<'_>) -> Result<Ignored, Reported> {
    setting.parsed(|text| match text.strip_suffix('*') {
        _ if text.starts_with('/') => Err("is a path: only whole keys at the top of a record are ignored"),
        Some("") => Err("would ignore every key"),
        Some(start) => Ok(Ignored::Start(start.to_owned())),
        None if text.is_empty() => Err("names no key"),
        None => Ok(Ignored::Key(text.to_owned())),
    })
}

/// The keys that are read, and those that are ignored; no key can be both.
fn expected(section: &mut Section<'_>, mapping: &Mapping, ignored: &[Ignored]) -> ExpectedKeys {
    let mut expected = ExpectedKeys::default();
    for key in mapping.keys() {
        expected.add(key);
    }
    for entry in ignored {
        let (Ignored::Key(text) | Ignored::Start(text)) = entry;
        let is_read = |key: &str| match entry {
            Ignored::Key(ignored) => key.eq_ignore_ascii_case(ignored),
            Ignored::Start(start) => keys::starts_with(key, start),
        };
        if let Some(key) = mapping.keys().find(|key| is_read(key)) {
            section.contradiction("ignored", format!("{text:?} takes in {key}, which the mapping reads"));
        }
    }
    for entry in ignored {
        match entry {
            Ignored::Key(key) => expected.add(key),
            Ignored::Start(start) => expected.add_start(start),
        }
    }
    expected
}
