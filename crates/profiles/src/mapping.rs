//! The `mapping` of a profile.

use cleaning::{
    profile::mapping::{
        AddressFields, ContactFields, Element, IdentifierFields, IgnoredKey, Lookup, Lookups, Mapping,
        NameFields,
    },
    record::ScalarField,
};
use settings::{NodeKind, Reported, Section, SettingField};

mod source_parser;

use source_parser::SourceParser;

pub(super) fn read(section: &mut Section<'_>) -> Result<Mapping, Reported> {
    let mut parser = SourceParser::default();
    let scalars = scalars(&mut parser, section);
    let name = section.field("name").map_or_else(|| Ok(NameFields::default()), |it| name(&mut parser, it));
    let identifiers = list(section, "identifiers", |element| identifier(&mut parser, element));
    let phones = list(section, "phones", |element| phone(&mut parser, element));
    let addresses = list(section, "addresses", |element| address(&mut parser, element));
    let contacts = list(section, "contacts", |element| contact(&mut parser, element));
    let ignored = list(section, "ignored", ignored_key);
    let lookups = Lookups {
        scalars: scalars?,
        name: name?,
        identifiers: identifiers?,
        phones: phones?,
        addresses: addresses?,
        contacts: contacts?,
    };
    let ignored = ignored?;
    check_ignored(section, &lookups, &ignored);
    Ok(Mapping::new(lookups, parser.into_names(), &ignored))
}

/// The fields that are one text, each under its canonical name; a display is given with its code.
fn scalars(
    parser: &mut SourceParser,
    section: &mut Section<'_>,
) -> Result<[Lookup; ScalarField::COUNT], Reported> {
    let mut lookups = ScalarField::ALL.map(|field| Lookup::none(field.name()));
    let mut reported = None;
    for field in ScalarField::ALL.into_iter().filter(|field| !field.is_display()) {
        let read = match field.display() {
            Some(display) => coded(parser, section, field.name(), display.name()).map(|coded| {
                lookups[display as usize] = coded.display;
                coded.code
            }),
            None if field == ScalarField::PatientId => {
                section.required(field.name()).and_then(|setting| parser.field(field.name(), setting))
            }
            None => part(parser, section, field.name(), field.name()),
        };
        match read {
            Ok(lookup) => lookups[field as usize] = lookup,
            Err(problem) => reported = Some(problem),
        }
    }
    reported.map_or(Ok(lookups), Err)
}

/// A field that may be left out.
fn part(
    parser: &mut SourceParser,
    section: &mut Section<'_>,
    key: &'static str,
    canonical: &'static str,
) -> Result<Lookup, Reported> {
    match section.field(key) {
        Some(setting) => parser.field(canonical, setting),
        None => Ok(Lookup::none(canonical)),
    }
}

/// Elements that may be left out.
fn list<T>(
    section: &mut Section<'_>,
    key: &'static str,
    read: impl FnMut(SettingField<'_>) -> Result<T, Reported>,
) -> Result<Vec<T>, Reported> {
    section.field(key).map_or_else(|| Ok(Vec::new()), |list| list.list(read))
}

/// The whole name, or a table of its parts.
fn name(parser: &mut SourceParser, setting: SettingField<'_>) -> Result<NameFields, Reported> {
    if setting.kind() != NodeKind::Table {
        let text = parser.field("name.text", setting)?;
        return Ok(NameFields { text, ..NameFields::default() });
    }
    setting.table(|section| {
        let text = part(parser, section, "text", "name.text");
        let family = part(parser, section, "family", "name.family");
        let given = part(parser, section, "given", "name.given");
        let name = NameFields { text: text?, family: family?, given: given? };
        if [&name.text, &name.family, &name.given].iter().any(|part| !part.alternatives.is_empty()) {
            return Ok(name);
        }
        Ok(NameFields { text: parser.composed("name.text", section)?, ..name })
    })
}

/// A code and what the source shows people for it.
struct Coded {
    code: Lookup,
    display: Lookup,
}

/// A code, or `{code: key, display: key}`.
fn coded(
    parser: &mut SourceParser,
    section: &mut Section<'_>,
    canonical: &'static str,
    canonical_display: &'static str,
) -> Result<Coded, Reported> {
    let display = Lookup::none(canonical_display);
    let Some(setting) = section.field(canonical) else {
        return Ok(Coded { code: Lookup::none(canonical), display });
    };
    if setting.kind() != NodeKind::Table {
        return Ok(Coded { code: parser.field(canonical, setting)?, display });
    }
    setting.table(|section| {
        let code = section.field("code").map(|code| parser.field(canonical, code)).transpose();
        let shown =
            section.field("display").map(|display| parser.field(canonical_display, display)).transpose();
        match (code?, shown?) {
            (Some(code), Some(display)) => Ok(Coded { code, display }),
            (None, None) => Ok(Coded { code: parser.composed(canonical, section)?, display }),
            (None, Some(_)) => Err(section.problem("needs the code that is displayed")),
            (Some(_), None) => {
                Err(section.problem("needs the display of the code; else write the code alone"))
            }
        }
    })
}

fn identifier(
    parser: &mut SourceParser,
    setting: SettingField<'_>,
) -> Result<Element<IdentifierFields>, Reported> {
    setting.table(|section| {
        parser.element(section, |parser, section| {
            let kind = part(parser, section, "type", "identifiers.type");
            let value = match section.required("value") {
                Ok(setting) => parser.field("identifiers.value", setting),
                Err(reported) => Err(reported),
            };
            let system = part(parser, section, "system", "identifiers.system");
            Ok(IdentifierFields { kind: kind?, value: value?, system: system? })
        })
    })
}

fn phone(parser: &mut SourceParser, setting: SettingField<'_>) -> Result<Element<Lookup>, Reported> {
    if setting.kind() != NodeKind::Table {
        return Ok(Element { each: None, fields: parser.field("phones", setting)? });
    }
    setting.table(|section| parser.plain_element("phones", section))
}

fn address(parser: &mut SourceParser, setting: SettingField<'_>) -> Result<Element<AddressFields>, Reported> {
    setting.table(|section| {
        parser.element(section, |parser, section| {
            let text = part(parser, section, "text", "addresses.text");
            let division_code = part(parser, section, "division_code", "addresses.division_code");
            let postal_code = part(parser, section, "postal_code", "addresses.postal_code");
            let country = part(parser, section, "country", "addresses.country");
            Ok(AddressFields {
                text: text?,
                division_code: division_code?,
                postal_code: postal_code?,
                country: country?,
            })
        })
    })
}

fn contact(parser: &mut SourceParser, setting: SettingField<'_>) -> Result<Element<ContactFields>, Reported> {
    setting.table(|section| {
        parser.element(section, |parser, section| {
            let name = part(parser, section, "name", "contacts.name");
            let relation = part(parser, section, "relation", "contacts.relation");
            let phone = part(parser, section, "phone", "contacts.phone");
            Ok(ContactFields { name: name?, relation: relation?, phone: phone? })
        })
    })
}

fn ignored_key(setting: SettingField<'_>) -> Result<IgnoredKey, Reported> {
    setting.parsed(|text| match text.strip_suffix('*') {
        _ if text.starts_with('/') => Err("is a path: only whole keys at the top of a record are ignored"),
        Some("") => Err("would ignore every key"),
        Some(start) => Ok(IgnoredKey::Start(start.to_owned())),
        None if text.is_empty() => Err("names no key"),
        None => Ok(IgnoredKey::Whole(text.to_owned())),
    })
}

/// No key can be both read and ignored.
fn check_ignored(section: &mut Section<'_>, lookups: &Lookups, ignored: &[IgnoredKey]) {
    for entry in ignored {
        let (IgnoredKey::Whole(text) | IgnoredKey::Start(text)) = entry;
        if let Some(key) = lookups.keys().find(|key| entry.covers(key)) {
            section.contradiction("ignored", format!("{text:?} covers {key}, which the mapping reads"));
        }
    }
}

#[cfg(test)]
mod tests;
