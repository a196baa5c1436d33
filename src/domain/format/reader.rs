//! From a raw patient to a draft: every text is checked, cleaned, and formatted as its field wants.

use std::{borrow::Cow, collections::HashMap};

use super::{
    code, date, deceased,
    draft::{Draft, DraftContact, DraftIdentifier, Field, Flaw, FlawKind, NotAnInteger, NotInTable, Placed},
    gender, name, null_token, order, phone,
    resident_id::{self, ResidentId},
    text,
};
use crate::domain::{
    hospital::Profile,
    patient::{Address, Deceased, Gender, Identifier, Name},
    record::{RawAddress, RawContact, RawIdentifier, RawName, RawPatient},
};

/// Reads one raw patient by a profile, and notes the flaws of its texts.
pub(super) struct Reader<'a> {
    profile: &'a Profile,
    flaws: Vec<Flaw>,
}

/// A canonical field, and which element of it.
#[derive(Clone, Copy)]
struct Place(&'static str, Option<u32>);

impl<'a> Reader<'a> {
    pub(super) fn new(profile: &'a Profile) -> Self {
        Self { profile, flaws: Vec::new() }
    }

    pub(super) fn patient(mut self, raw: &RawPatient) -> Draft {
        let codes = &self.profile.codes;
        Draft {
            patient_id: self.code(&raw.patient_id, Place("patient_id", None)).map(Cow::into_owned),
            name: self.name(&raw.name),
            gender: self.gender(&raw.gender),
            birth_date: self.date(&raw.birth_date, "birth_date", |text, formats, zone| {
                date::read_date(text, formats, zone).map(|read| read.value)
            }),
            identifiers: self.each(&raw.identifiers, Self::identifier),
            phones: self.phones(&raw.phones),
            addresses: self.each(&raw.addresses, Self::address),
            contacts: self.each(&raw.contacts, Self::contact),
            nationality: self.coded(&raw.nationality, Place("nationality", None), codes.nationality.as_ref()),
            ethnicity: self.coded(&raw.ethnicity, Place("ethnicity", None), codes.ethnicity.as_ref()),
            marital_status: self.coded(
                &raw.marital_status,
                Place("marital_status", None),
                codes.marital_status.as_ref(),
            ),
            deceased: self.deceased(&raw.deceased),
            updated_at: self.date(&raw.updated_at, "updated_at", |text, formats, zone| {
                date::read_instant(text, formats, zone).map(|read| read.value.as_microsecond())
            }),
            version: self.version(&raw.version),
            flaws: self.flaws,
        }
    }

    /// Calls `read` on each element; what it finds empty is left out.
    fn each<R, T>(&mut self, list: &[R], mut read: impl FnMut(&mut Self, &R, u32) -> Option<T>) -> Vec<T> {
        (0..).zip(list).filter_map(|(position, raw)| read(self, raw, position)).collect()
    }

    fn name(&mut self, raw: &RawName) -> Option<Name> {
        let text = self.name_part(&raw.text, Place("name", None));
        let family = self.name_part(&raw.family, Place("name.family", None));
        let given = self.name_part(&raw.given, Place("name.given", None));
        name::whole(text, family, given)
    }

    fn gender(&mut self, raw: &str) -> Field<Gender, NotInTable> {
        let table = self.profile.codes.gender.as_ref();
        self.known_or_null(raw, Place("gender", None), |code| gender::read(code, table))
    }

    fn identifier(&mut self, raw: &RawIdentifier, position: u32) -> Option<DraftIdentifier> {
        let place = |field| Place(field, Some(position));
        let table = self.profile.codes.identifier_type.as_ref();
        let value = self.code(&raw.value, place("identifiers.value"))?.into_owned();
        let kind = self.coded(&raw.kind, place("identifiers.type"), table);
        let system = self.code(&raw.system, place("identifiers.system")).map(Cow::into_owned);
        let is_resident_id = kind.value().is_some_and(|kind| kind == Identifier::RESIDENT_ID);
        let value = if is_resident_id { resident_id::compact(&value) } else { value };
        let resident_id = is_resident_id.then(|| ResidentId::parse(&value));
        Some(DraftIdentifier { position, kind, value, system, resident_id })
    }

    fn phones(&mut self, list: &[String]) -> Vec<Placed<phone::Phone>> {
        let region = self.profile.phone_region;
        let mut phones = Vec::with_capacity(list.len());
        for (position, raw) in (0..).zip(list) {
            let Some(text) = self.code(raw, Place("phones", Some(position))) else {
                continue;
            };
            let numbers = phone::split(&text).map(|number| phone::format(number, region));
            phones.extend(numbers.map(|value| Placed { position, value }));
        }
        phones
    }

    fn address(&mut self, raw: &RawAddress, position: u32) -> Option<Address> {
        let place = |field| Place(field, Some(position));
        let text = self.prose(&raw.text, place("addresses.text")).map(Cow::into_owned);
        let division_code =
            self.code(&raw.division_code, place("addresses.division_code")).map(Cow::into_owned);
        let postal_code = self.code(&raw.postal_code, place("addresses.postal_code")).map(Cow::into_owned);
        let country = self.code(&raw.country, place("addresses.country")).map(Cow::into_owned);
        let anything = text.as_ref().or(division_code.as_ref()).or(postal_code.as_ref()).or(country.as_ref());
        anything.is_some().then(|| Address {
            text: text.unwrap_or_default(),
            division_code,
            postal_code,
            country,
        })
    }

    fn contact(&mut self, raw: &RawContact, position: u32) -> Option<Placed<DraftContact>> {
        let place = |field| Place(field, Some(position));
        let region = self.profile.phone_region;
        let name = self.name_part(&raw.name, place("contacts.name"));
        let relation = self.code(&raw.relation, place("contacts.relation")).map(Cow::into_owned);
        let phone = self.code(&raw.phone, place("contacts.phone")).map(|text| phone::format(&text, region));
        let anything = name.is_some() || relation.is_some() || phone.is_some();
        anything.then_some(Placed { position, value: DraftContact { name, relation, phone } })
    }

    fn deceased(&mut self, raw: &str) -> Field<Deceased, date::DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        self.known_or_null(raw, Place("deceased", None), |text| {
            deceased::read(text, date_formats, time_zone).map_or_else(Field::Faulty, Field::Value)
        })
    }

    fn version(&mut self, raw: &str) -> Field<i64, NotAnInteger> {
        self.known_or_null(raw, Place("version", None), order::read_version)
    }

    fn date<T>(
        &mut self,
        raw: &str,
        field: &'static str,
        read: impl FnOnce(&str, &[date::DateFormat], &jiff::tz::TimeZone) -> Result<T, date::DateFault>,
    ) -> Field<T, date::DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        match self.code(raw, Place(field, None)) {
            None => Field::Absent,
            Some(text) => read(&text, date_formats, time_zone).map_or_else(Field::Faulty, Field::Value),
        }
    }

    fn coded(
        &mut self,
        raw: &str,
        place: Place,
        table: Option<&HashMap<String, String>>,
    ) -> Field<String, NotInTable> {
        match table {
            Some(_) => self.known_or_null(raw, place, |code| code::translate(code, table)),
            // Without a table every text is a code: only the null tokens can tell that it is none.
            None => self.code(raw, place).map_or(Field::Absent, |code| code::translate(&code, None)),
        }
    }

    /// Reads a code before it is taken for a null token: `0` is a null token of many sources, and a gender
    /// or a "no" of others.
    fn known_or_null<T, Fault>(
        &mut self,
        raw: &str,
        place: Place,
        read: impl FnOnce(&str) -> Field<T, Fault>,
    ) -> Field<T, Fault> {
        self.note_flaws(raw, place);
        let text = text::code(raw);
        if text.is_empty() {
            return Field::Absent;
        }
        match read(&text) {
            Field::Faulty(_) if self.is_null(&text) => Field::Absent,
            field => field,
        }
    }

    fn name_part(&mut self, raw: &str, place: Place) -> Option<String> {
        self.note_flaws(raw, place);
        let part = name::part(raw);
        (!self.is_null(&part)).then_some(part)
    }

    fn prose<'t>(&mut self, raw: &'t str, place: Place) -> Option<Cow<'t, str>> {
        self.note_flaws(raw, place);
        Some(text::prose(raw)).filter(|text| !self.is_null(text))
    }

    fn code<'t>(&mut self, raw: &'t str, place: Place) -> Option<Cow<'t, str>> {
        self.note_flaws(raw, place);
        Some(text::code(raw)).filter(|text| !self.is_null(text))
    }

    fn is_null(&self, text: &str) -> bool {
        null_token::is_null(text, &self.profile.null_tokens)
    }

    /// Looks at the raw text: cleaning would drop a NUL, and a text that lost characters must not pass.
    fn note_flaws(&mut self, raw: &str, Place(field, position): Place) {
        let mut note = |kind| self.flaws.push(Flaw { kind, field, position });
        if raw.bytes().any(|byte| byte == 0) {
            note(FlawKind::Nul);
        }
        if !raw.is_ascii() && raw.contains(char::REPLACEMENT_CHARACTER) {
            note(FlawKind::Undecodable);
        }
    }
}
