//! From a raw patient to a draft: every text is checked, cleaned, and formatted as its field wants. Whatever
//! that changes is noted.

use std::{borrow::Cow, collections::HashMap};

use super::{
    address, catalogue, code,
    date::{self, DateFault, DateRead, DateReading},
    deceased,
    draft::{Draft, DraftContact, DraftIdentifier, Field, NotAnInteger, NotInTable, Placed},
    flaw::{self, Flaw, FlawKind},
    gender, identifier, name, null_token, order, phone,
    resident_id::ResidentId,
    text,
};
use crate::domain::{
    change::{Change, ChangeKind, FormatRule},
    hospital::Profile,
    patient::{Address, Deceased, Gender, Identifier, Name, PartialDate},
    phi::Phi,
    record::{MOST_ELEMENTS, RawAddress, RawContact, RawIdentifier, RawName, RawPatient},
};

/// Reads one raw patient by a profile.
pub(super) struct Reader<'a> {
    profile: &'a Profile,
    flaws: Vec<Flaw>,
    changes: Vec<Change>,
    disagreements: Vec<&'static str>,
    overlong: Vec<&'static str>,
}

/// A canonical field, and which element of it.
#[derive(Clone, Copy)]
struct Place(&'static str, Option<u32>);

/// A code and what the source shows for it.
#[derive(Clone, Copy)]
struct Pair<'r> {
    code: &'r str,
    display: &'r str,
    field: &'static str,
}

/// How many changes a usual record has.
const USUAL_CHANGES: usize = 8;

impl<'a> Reader<'a> {
    pub(super) fn new(profile: &'a Profile) -> Self {
        let changes = Vec::with_capacity(USUAL_CHANGES);
        Self { profile, flaws: Vec::new(), changes, disagreements: Vec::new(), overlong: Vec::new() }
    }

    pub(super) fn patient(mut self, raw: &RawPatient) -> Draft {
        let codes = &self.profile.codes;
        let pair = |code, display, field| Pair { code, display, field };
        let birth_date_reason = Place("birth_date_absent_reason", None);
        Draft {
            patient_id: self.patient_id(&raw.patient_id),
            name: self.name(&raw.name),
            gender: self.gender(pair(&raw.gender, &raw.gender_display, "gender")),
            birth_date: self.birth_date(&raw.birth_date),
            birth_date_is_excused: self.code(&raw.birth_date_absent_reason, birth_date_reason).is_some(),
            age: self.code(&raw.age, Place("age", None)).and_then(|age| years(&age)),
            identifiers: self.identifiers(&raw.identifiers),
            phones: self.phones(&raw.phones),
            addresses: self.each(&raw.addresses, "addresses", Self::address),
            contacts: self.each(&raw.contacts, "contacts", Self::contact),
            nationality: self.paired(
                pair(&raw.nationality, &raw.nationality_display, "nationality"),
                codes.nationality.as_ref(),
            ),
            ethnicity: self
                .paired(pair(&raw.ethnicity, &raw.ethnicity_display, "ethnicity"), codes.ethnicity.as_ref()),
            marital_status: self.paired(
                pair(&raw.marital_status, &raw.marital_status_display, "marital_status"),
                codes.marital_status.as_ref(),
            ),
            deceased: self.deceased(&raw.deceased),
            updated_at: self.updated_at(&raw.updated_at),
            version: self.version(&raw.version),
            flaws: self.flaws,
            disagreements: self.disagreements,
            overlong: self.overlong,
            changes: self.changes,
        }
    }

    /// Calls `read` on each element; what it finds empty is left out.
    fn each<R, T>(
        &mut self,
        list: &[R],
        field: &'static str,
        mut read: impl FnMut(&mut Self, &R, u32) -> Option<T>,
    ) -> Vec<Placed<T>> {
        let list = self.bounded(list, field);
        let mut placed = Vec::with_capacity(list.len());
        for (position, raw) in (0..).zip(list) {
            placed.extend(read(self, raw, position).map(|value| Placed { position, value }));
        }
        placed
    }

    fn patient_id(&mut self, raw: &str) -> Option<Phi<String>> {
        let place = Place("patient_id", None);
        let text = self.code(raw, place)?;
        let padded = self.profile.patient_ids.pad(&text);
        self.note_if(padded != text, place, &catalogue::PATIENT_ID_PADDED, ChangeKind::Reformatted);
        Some(owned(padded))
    }

    fn name(&mut self, raw: &RawName) -> Option<Name> {
        let text = self.name_part(&raw.text, Place("name", None));
        let family = self.name_part(&raw.family, Place("name.family", None));
        let given = self.name_part(&raw.given, Place("name.given", None));
        let mut name = name::whole(text, family, given)?;
        if self.profile.pinyin {
            name.pinyin = name::pinyin(&name.text).map(Phi::new);
            let derived = name.pinyin.is_some();
            self.note_if(derived, Place("name", None), &catalogue::PINYIN_DERIVED, ChangeKind::Added);
        }
        Some(name)
    }

    fn gender(&mut self, pair: Pair<'_>) -> Field<Gender, NotInTable> {
        let table = self.profile.codes.gender.as_ref();
        let code = self.preferred(pair);
        let place = Place(pair.field, None);
        let gender = self.known_or_null(code, place, |code| gender::read(code, table));
        if let Field::Value(gender) = gender {
            let translated = text::code(code) != gender.name();
            self.note_if(translated, place, &catalogue::CODE_TRANSLATED, ChangeKind::Translated);
            let shown = text::code(pair.display);
            let disagrees = matches!(gender::read(&shown, table), Field::Value(shown) if shown != gender);
            self.disagreements.extend(disagrees.then_some(pair.field));
        }
        gender
    }

    fn birth_date(&mut self, raw: &str) -> Field<PartialDate, DateFault> {
        let place = Place("birth_date", None);
        match self.code(raw, place) {
            None => Field::Absent,
            Some(text) => self.date(&text, place),
        }
    }

    fn date(&mut self, text: &str, place: Place) -> Field<PartialDate, DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        match date::read_date(text, date_formats, time_zone) {
            Ok(DateRead { value, reading }) => {
                self.note_reading(place, reading);
                Field::Value(value)
            }
            Err(fault) => Field::Faulty(fault),
        }
    }

    fn note_reading(&mut self, place: Place, reading: DateReading) {
        let rule = match reading {
            DateReading::AsWritten => return,
            DateReading::Reformatted => &catalogue::DATE_REFORMATTED,
            DateReading::Zoned => &catalogue::INSTANT_LOCALISED,
            DateReading::Interpreted => &catalogue::DATE_ORDER_STATED,
        };
        self.note(place, rule, ChangeKind::Reformatted);
    }

    fn updated_at(&mut self, raw: &str) -> Field<i64, DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        match self.code(raw, Place("updated_at", None)) {
            None => Field::Absent,
            Some(text) => date::read_instant(&text, date_formats, time_zone)
                .map_or_else(Field::Faulty, |read| Field::Value(read.value.as_microsecond())),
        }
    }

    /// The identifiers, each number once. An old resident id is followed by its new form, unless the source
    /// sends that too.
    fn identifiers(&mut self, list: &[RawIdentifier]) -> Vec<DraftIdentifier> {
        let list = self.bounded(list, "identifiers");
        let mut identifiers: Vec<DraftIdentifier> = Vec::with_capacity(list.len());
        for (position, raw) in (0..).zip(list) {
            let Some(identifier) = self.identifier(raw, position) else { continue };
            if identifiers.iter().any(|other| other.is_same(&identifier)) {
                let place = Place("identifiers", Some(position));
                self.note(place, &catalogue::DUPLICATE_DROPPED, ChangeKind::Dropped);
            } else {
                identifiers.push(identifier);
            }
        }
        for place in 0..identifiers.len() {
            let Some(upgraded) = identifiers[place].upgraded() else { continue };
            if !identifiers.iter().any(|other| other.is_same(&upgraded)) {
                let place = Place("identifiers.value", Some(upgraded.position));
                self.note(place, &catalogue::RESIDENT_ID_FORMATTED, ChangeKind::Added);
                identifiers.push(upgraded);
            }
        }
        identifiers
    }

    fn identifier(&mut self, raw: &RawIdentifier, position: u32) -> Option<DraftIdentifier> {
        let place = |field| Place(field, Some(position));
        let table = self.profile.codes.identifier_type.as_ref();
        let number = self.code(&raw.value, place("identifiers.value"))?;
        let kind = self.coded(&raw.kind, place("identifiers.type"), table);
        let system = self.code(&raw.system, place("identifiers.system")).map(owned);
        let type_code = kind.value().map_or(Identifier::OTHER, |kind| kind.as_str());
        let (value, rule) = identifier::format(type_code, &number);
        self.note_if(value != number, place("identifiers.value"), rule, ChangeKind::Reformatted);
        let resident_id = (type_code == Identifier::RESIDENT_ID).then(|| ResidentId::parse(&value));
        let value = value.into_owned().into();
        Some(DraftIdentifier { position, kind, value, system, resident_id, is_derived: false })
    }

    /// The phones, each number once. The bound of the list holds for the numbers of all its texts together.
    fn phones(&mut self, list: &[Phi<String>]) -> Vec<Placed<phone::Phone>> {
        let list = self.bounded(list, "phones");
        let mut phones: Vec<Placed<phone::Phone>> = Vec::with_capacity(list.len());
        let mut numbers = 0;
        for (position, raw) in (0..).zip(list) {
            let place = Place("phones", Some(position));
            let Some(text) = self.code(raw, place) else { continue };
            let before = numbers;
            for number in phone::split(&text) {
                numbers += 1;
                if numbers > MOST_ELEMENTS {
                    self.report_overlong("phones");
                    return phones;
                }
                if self.is_null(number) {
                    self.note(place, &catalogue::NULL_TOKEN_EMPTIED, ChangeKind::Emptied);
                    continue;
                }
                let value = self.phone(number, place);
                if phones.iter().any(|other| other.value == value) {
                    self.note(place, &catalogue::DUPLICATE_DROPPED, ChangeKind::Dropped);
                } else {
                    phones.push(Placed { position, value });
                }
            }
            self.note_if(numbers - before > 1, place, &catalogue::PHONE_FORMATTED, ChangeKind::Split);
        }
        phones
    }

    fn phone(&mut self, number: &str, place: Place) -> phone::Phone {
        let phone = phone::format(number, self.profile.phone_region);
        self.note_if(phone.text != number, place, &catalogue::PHONE_FORMATTED, ChangeKind::Reformatted);
        phone
    }

    fn address(&mut self, raw: &RawAddress, position: u32) -> Option<Address> {
        let place = |field| Place(field, Some(position));
        let text = self.prose(&raw.text, place("addresses.text"));
        let text = text.map(|text| self.without_repeated_divisions(&text, place("addresses.text")));
        let division_code = self.code(&raw.division_code, place("addresses.division_code")).map(owned);
        let postal_code = self.code(&raw.postal_code, place("addresses.postal_code")).map(owned);
        let country = self.code(&raw.country, place("addresses.country")).map(owned);
        let anything = text.as_ref().or(division_code.as_ref()).or(postal_code.as_ref()).or(country.as_ref());
        anything?;
        let text = text.unwrap_or_default();
        let division_code =
            division_code.or_else(|| self.derived_division_code(&text, place("addresses.division_code")));
        Some(Address { text, division_code, postal_code, country })
    }

    fn without_repeated_divisions(&mut self, text: &str, place: Place) -> Phi<String> {
        let formatted = address::format(text);
        self.note_if(formatted != text, place, &catalogue::ADDRESS_FORMATTED, ChangeKind::Reformatted);
        owned(formatted)
    }

    fn derived_division_code(&mut self, text: &str, place: Place) -> Option<Phi<String>> {
        let code = address::division_code(text)?.to_string();
        self.note(place, &catalogue::ADDRESS_FORMATTED, ChangeKind::Added);
        Some(code.into())
    }

    fn contact(&mut self, raw: &RawContact, position: u32) -> Option<DraftContact> {
        let place = |field| Place(field, Some(position));
        let name = self.name_part(&raw.name, place("contacts.name"));
        let relation = self.code(&raw.relation, place("contacts.relation")).map(owned);
        let number = self.code(&raw.phone, place("contacts.phone"));
        let phone = number.map(|number| self.phone(&number, place("contacts.phone")));
        let anything = name.is_some() || relation.is_some() || phone.is_some();
        anything.then_some(DraftContact { name, relation, phone })
    }

    /// A yes or no goes before a null token, for `0` may be both; a date does not: `99991231` says that there
    /// is none.
    fn deceased(&mut self, raw: &str) -> Field<Deceased, DateFault> {
        let place = Place("deceased", None);
        if let Some(flag) = deceased::read_flag(&text::code(raw)) {
            self.note_flaws(raw, place);
            return Field::Value(flag);
        }
        match self.code(raw, place) {
            None => Field::Absent,
            Some(text) => self.date(&text, place).map(Deceased::On),
        }
    }

    fn version(&mut self, raw: &str) -> Field<i64, NotAnInteger> {
        self.known_or_null(raw, Place("version", None), order::read_version)
    }

    /// The code of a pair, or what is shown for it where there is no code.
    fn preferred<'r>(&mut self, pair: Pair<'r>) -> &'r str {
        if !text::code(pair.code).is_empty() || pair.display.is_empty() {
            return pair.code;
        }
        self.note(Place(pair.field, None), &catalogue::CODE_PREFERRED, ChangeKind::Translated);
        pair.display
    }

    fn paired(
        &mut self,
        pair: Pair<'_>,
        table: Option<&HashMap<String, String>>,
    ) -> Field<Phi<String>, NotInTable> {
        let code = self.preferred(pair);
        let field = self.coded(code, Place(pair.field, None), table).map(Phi::new);
        // Only a table can say that a display means another code.
        if let (Field::Value(code), Some(table)) = (&field, table)
            && table.get(&*text::code(pair.display)).is_some_and(|shown| *code != *shown.as_str())
        {
            self.disagreements.push(pair.field);
        }
        field
    }

    fn coded(
        &mut self,
        raw: &str,
        place: Place,
        table: Option<&HashMap<String, String>>,
    ) -> Field<String, NotInTable> {
        let field = match table {
            Some(_) => self.known_or_null(raw, place, |code| code::translate(code, table)),
            // Without a table every text is a code: only the null tokens can tell that it is none.
            None => self.code(raw, place).map_or(Field::Absent, |code| code::translate(&code, None)),
        };
        let translated = table.is_some() && field.value().is_some_and(|code| *code != text::code(raw));
        self.note_if(translated, place, &catalogue::CODE_TRANSLATED, ChangeKind::Translated);
        field
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
            Field::Faulty(_) if self.is_null(&text) => {
                self.note(place, &catalogue::NULL_TOKEN_EMPTIED, ChangeKind::Emptied);
                Field::Absent
            }
            field => {
                self.note_edits(raw, &text, place, &catalogue::WIDTH_FOLDED);
                field
            }
        }
    }

    fn name_part(&mut self, raw: &str, place: Place) -> Option<Phi<String>> {
        let text = self.prose(raw, place)?;
        let part = name::part(&text);
        self.note_if(part.separator_unified, place, &catalogue::SEPARATOR_UNIFIED, ChangeKind::Folded);
        self.note_if(part.spaces_removed, place, &catalogue::SPACES_REMOVED, ChangeKind::Cleaned);
        Some(part.text.into())
    }

    fn prose<'t>(&mut self, raw: &'t str, place: Place) -> Option<Cow<'t, str>> {
        let text = text::prose(raw);
        self.present(raw, text, place, &catalogue::TEXT_NORMALISED)
    }

    fn code<'t>(&mut self, raw: &'t str, place: Place) -> Option<Cow<'t, str>> {
        let text = text::code(raw);
        self.present(raw, text, place, &catalogue::WIDTH_FOLDED)
    }

    /// A cleaned text, unless it means "nothing".
    fn present<'t>(
        &mut self,
        raw: &str,
        text: Cow<'t, str>,
        place: Place,
        folding: &'static FormatRule,
    ) -> Option<Cow<'t, str>> {
        self.note_flaws(raw, place);
        if self.is_null(&text) {
            self.note_if(!text.is_empty(), place, &catalogue::NULL_TOKEN_EMPTIED, ChangeKind::Emptied);
            return None;
        }
        self.note_edits(raw, &text, place, folding);
        Some(text)
    }

    /// The elements that are read. A list with more is reported and rejects the record, so none is lost
    /// silently, and no record costs more than its share.
    fn bounded<'r, R>(&mut self, list: &'r [R], field: &'static str) -> &'r [R] {
        if list.len() > MOST_ELEMENTS {
            self.report_overlong(field);
        }
        &list[..list.len().min(MOST_ELEMENTS)]
    }

    fn report_overlong(&mut self, field: &'static str) {
        if !self.overlong.contains(&field) {
            self.overlong.push(field);
        }
    }

    fn is_null(&self, text: &str) -> bool {
        null_token::is_null(text, &self.profile.null_tokens)
    }

    fn note_edits(&mut self, raw: &str, text: &str, place: Place, folding: &'static FormatRule) {
        let edits = text::edits(raw, text);
        self.note_if(edits.cleaned, place, &catalogue::TEXT_CLEANED, ChangeKind::Cleaned);
        self.note_if(edits.folded, place, folding, ChangeKind::Folded);
    }

    fn note_if(&mut self, changed: bool, place: Place, rule: &'static FormatRule, kind: ChangeKind) {
        if changed {
            self.note(place, rule, kind);
        }
    }

    fn note(&mut self, Place(field, position): Place, rule: &'static FormatRule, kind: ChangeKind) {
        self.changes.push(Change { field, position, rule, kind });
    }

    /// Looks at the raw text: cleaning would drop a NUL, and a text that lost characters must not pass.
    fn note_flaws(&mut self, raw: &str, Place(field, position): Place) {
        let too_long = raw.len() > longest(field) && raw.chars().count() > longest(field);
        let kinds = flaw::of(raw).chain(too_long.then_some(FlawKind::TooLong));
        self.flaws.extend(kinds.map(|kind| Flaw { kind, field, position }));
    }
}

/// The longest text, in characters, that anything in life needs in a field. Names and patient ids have rules
/// of their own.
fn longest(field: &str) -> usize {
    match field {
        "addresses.text" => 300,
        "name" | "name.family" | "name.given" | "contacts.name" | "patient_id" => usize::MAX,
        _ => 100,
    }
}

/// The years of an age as sources write it: `35`, `35岁`, `35 Y`. Months and days are an age below one year.
fn years(age: &str) -> Option<u16> {
    let digits = age.len() - age.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let (number, unit) = age.split_at(digits);
    let years = number.parse().ok()?;
    match unit.trim() {
        "" | "岁" | "周岁" | "Y" | "y" | "a" | "years" => Some(years),
        "月" | "个月" | "天" | "日" | "M" | "m" | "D" | "d" => Some(0),
        _ => None,
    }
}

fn owned(text: Cow<'_, str>) -> Phi<String> {
    text.into_owned().into()
}

#[cfg(test)]
mod tests;
