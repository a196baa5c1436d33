//! The `mapping` of a profile.

use std::sync::Arc;

use super::{
    AddressFields, ContactFields, IdentifierFields, Mapping,
    path::Path,
    source::{Alternative, Field, Source},
};
use crate::settings::{self, Reported, Section, Shape};

/// Reads the section.
pub(in super::super) fn mapping(section: &mut Section<'_>) -> Result<Mapping, Reported> {
    let mut names = Names(Vec::new());
    let patient_id = match section.required("patient_id") {
        Ok(setting) => names.field("patient_id", setting),
        Err(reported) => Err(reported),
    };
    let name = section.field("name").map_or_else(|| Ok(NameFields::default()), |name| names.name(name));
    let gender = names.plain(section, "gender", "gender");
    let birth_date = names.plain(section, "birth_date", "birth_date");
    let identifiers = names.list(section, "identifiers", Names::identifier);
    let phones = names.list(section, "phones", |names, setting| names.field("phones", setting));
    let addresses = names.list(section, "addresses", Names::address);
    let contacts = names.list(section, "contacts", Names::contact);
    let nationality = names.plain(section, "nationality", "nationality");
    let ethnicity = names.plain(section, "ethnicity", "ethnicity");
    let marital_status = names.plain(section, "marital_status", "marital_status");
    let deceased = names.plain(section, "deceased", "deceased");
    let updated_at = names.plain(section, "updated_at", "updated_at");
    let version = names.plain(section, "version", "version");
    let name = name?;
    Ok(Mapping {
        patient_id: patient_id?,
        name_text: name.text,
        name_family: name.family,
        name_given: name.given,
        gender: gender?,
        birth_date: birth_date?,
        identifiers: identifiers?,
        phones: phones?,
        addresses: addresses?,
        contacts: contacts?,
        nationality: nationality?,
        ethnicity: ethnicity?,
        marital_status: marital_status?,
        deceased: deceased?,
        updated_at: updated_at?,
        version: version?,
        names: names.0.into(),
    })
}

#[derive(Default)]
struct NameFields {
    text: Field,
    family: Field,
    given: Field,
}

/// The source's own names met so far, to which fields refer by place.
struct Names(Vec<Arc<str>>);

impl Names {
    /// A field that may be left out.
    fn plain(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        canonical: &'static str,
    ) -> Result<Field, Reported> {
        match section.field(key) {
            Some(setting) => self.field(canonical, setting),
            None => Ok(Field { canonical, alternatives: Vec::new() }),
        }
    }

    /// Elements that may be left out.
    fn list<T>(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        mut read: impl FnMut(&mut Self, settings::Field<'_>) -> Result<T, Reported>,
    ) -> Result<Vec<T>, Reported> {
        section.field(key).map_or_else(|| Ok(Vec::new()), |list| list.list(|element| read(self, element)))
    }

    /// The whole name, or its parts.
    fn name(&mut self, setting: settings::Field<'_>) -> Result<NameFields, Reported> {
        if setting.shape() != Shape::Table {
            let text = self.field("name.text", setting)?;
            return Ok(NameFields { text, ..NameFields::default() });
        }
        setting.table(|section| {
            let text = self.plain(section, "text", "name.text");
            let family = self.plain(section, "family", "name.family");
            let given = self.plain(section, "given", "name.given");
            Ok(NameFields { text: text?, family: family?, given: given? })
        })
    }

    fn identifier(&mut self, setting: settings::Field<'_>) -> Result<IdentifierFields, Reported> {
        setting.table(|section| {
            let kind = self.plain(section, "type", "identifiers.type");
            let value = match section.required("value") {
                Ok(setting) => self.field("identifiers.value", setting),
                Err(reported) => Err(reported),
            };
            let system = self.plain(section, "system", "identifiers.system");
            Ok(IdentifierFields { kind: kind?, value: value?, system: system? })
        })
    }

    fn address(&mut self, setting: settings::Field<'_>) -> Result<AddressFields, Reported> {
        setting.table(|section| {
            let text = self.plain(section, "text", "addresses.text");
            let division_code = self.plain(section, "division_code", "addresses.division_code");
            let postal_code = self.plain(section, "postal_code", "addresses.postal_code");
            let country = self.plain(section, "country", "addresses.country");
            Ok(AddressFields {
                text: text?,
                division_code: division_code?,
                postal_code: postal_code?,
                country: country?,
            })
        })
    }

    fn contact(&mut self, setting: settings::Field<'_>) -> Result<ContactFields, Reported> {
        setting.table(|section| {
            let name = self.plain(section, "name", "contacts.name");
            let relation = self.plain(section, "relation", "contacts.relation");
            let phone = self.plain(section, "phone", "contacts.phone");
            Ok(ContactFields { name: name?, relation: relation?, phone: phone? })
        })
    }

    /// One alternative, or a list of them.
    fn field(&mut self, canonical: &'static str, setting: settings::Field<'_>) -> Result<Field, Reported> {
        let alternatives = setting.list(|alternative| self.alternative(alternative))?;
        Ok(Field { canonical, alternatives })
    }

    /// `key`, `/a/pointer`, `{join: [key, key], with: " "}` or `{constant: text}`.
    fn alternative(&mut self, setting: settings::Field<'_>) -> Result<Alternative, Reported> {
        if setting.shape() != Shape::Table {
            let (name, path) = path(setting)?;
            return Ok(Alternative { source: Source::At(path), name: Some(self.place(name)) });
        }
        setting.table(|section| {
            let constant = section.field("constant").map(verbatim).transpose();
            let join = section.field("join").map(|parts| parts.list(path)).transpose();
            let with = section.field("with").map(verbatim).transpose();
            match (constant?, join?, with?) {
                (Some(text), None, None) => Ok(Alternative { source: Source::Constant(text), name: None }),
                (None, Some(parts), with) => {
                    let (names, parts): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
                    let source = Source::Joined { parts, with: with.unwrap_or_else(|| " ".into()) };
                    Ok(Alternative { source, name: Some(self.place(names.join("+"))) })
                }
                _ => Err(section.problem("needs either a constant, or a join and what to join with")),
            }
        })
    }

    fn place(&mut self, name: String) -> u16 {
        self.0.push(name.into());
        u16::try_from(self.0.len() - 1).expect("a profile names fewer than 65,536 keys")
    }
}

/// A text as it stands, be it empty.
fn verbatim(setting: settings::Field<'_>) -> Result<String, Reported> {
    setting.parsed(|text| Ok::<_, String>(text.to_owned()))
}

/// A path and the name that it has in the profile.
fn path(setting: settings::Field<'_>) -> Result<(String, Path), Reported> {
    setting.parsed(|text| Path::parse(text).map(|path| (text.to_owned(), path)))
}
