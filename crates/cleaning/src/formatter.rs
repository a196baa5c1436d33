//! From a raw patient to a draft: every text is checked, cleaned, and formatted as its field wants. Whatever
//! that changes is noted.

use std::borrow::Cow;

use crate::{
    change::{Change, ChangeKind, FormatRule},
    draft::Draft,
    field_names::{FieldName, field},
    format::{
        age, catalogue,
        date::{self, DateFault, DateRead, DateReading},
        deceased,
        flaw::{self, Flaw, FlawKind},
        name, null_token,
        parsed::{NotAnInteger, Parsed},
        text, version,
    },
    patient::{Deceased, Name, PartialDate},
    phi::Phi,
    profile::Profile,
    record::{RawName, RawPatient},
};

mod codes;
mod lists;

use codes::Pair;

/// Reads one raw patient by a profile.
pub struct Formatter<'a> {
    profile: &'a Profile,
    flaws: Vec<Flaw>,
    changes: Vec<Change>,
    disagreements: Vec<FieldName>,
    overlong: Vec<FieldName>,
}

/// A canonical field, and which element of it.
#[derive(Clone, Copy)]
struct FieldPath(FieldName, Option<u32>);

/// How many changes a usual record has.
const USUAL_CHANGES: usize = 8;

impl<'a> Formatter<'a> {
    /// Formats by this profile.
    pub fn new(profile: &'a Profile) -> Self {
        let changes = Vec::with_capacity(USUAL_CHANGES);
        Self { profile, flaws: Vec::new(), changes, disagreements: Vec::new(), overlong: Vec::new() }
    }

    /// The draft of a raw patient.
    pub fn draft(mut self, raw: &RawPatient) -> Draft {
        // Taken apart by name, so that no field is forgotten here.
        let RawPatient {
            patient_id,
            name,
            gender,
            birth_date,
            identifiers,
            phones,
            addresses,
            contacts,
            nationality,
            ethnicity,
            marital_status,
            deceased,
            updated_at,
            version,
            age,
            gender_display,
            nationality_display,
            ethnicity_display,
            marital_status_display,
            birth_date_absent_reason,
        } = raw;
        let codes = &self.profile.codes;
        let pair = |code, display, field| Pair { code, display, field };
        let reason_path = FieldPath(field!("birth_date_absent_reason"), None);
        Draft {
            patient_id: self.patient_id(patient_id),
            name: self.name(name),
            gender: self.gender(pair(gender, gender_display, field!("gender"))),
            birth_date: self.birth_date(birth_date),
            birth_date_is_excused: self.token(birth_date_absent_reason, reason_path).is_some(),
            age: self.token(age, FieldPath(field!("age"), None)).and_then(|age| age::years(&age)),
            identifiers: self.identifiers(identifiers),
            phones: self.phones(phones),
            addresses: self.each(addresses, field!("addresses"), Self::address),
            contacts: self.each(contacts, field!("contacts"), Self::contact),
            nationality: self.paired(
                pair(nationality, nationality_display, field!("nationality")),
                codes.nationality.as_ref(),
            ),
            ethnicity: self
                .paired(pair(ethnicity, ethnicity_display, field!("ethnicity")), codes.ethnicity.as_ref()),
            marital_status: self.paired(
                pair(marital_status, marital_status_display, field!("marital_status")),
                codes.marital_status.as_ref(),
            ),
            deceased: self.deceased(deceased),
            updated_at: self.updated_at(updated_at),
            version: self.version(version),
            flaws: self.flaws,
            disagreements: self.disagreements,
            overlong: self.overlong,
            changes: self.changes,
        }
    }

    fn patient_id(&mut self, raw: &str) -> Option<Phi<String>> {
        let path = FieldPath(field!("patient_id"), None);
        let text = self.token(raw, path)?;
        let padded = self.profile.patient_ids.pad(&text);
        self.note_if(padded != text, path, &catalogue::PATIENT_ID_PADDED, ChangeKind::Reformatted);
        Some(owned(padded))
    }

    fn name(&mut self, raw: &RawName) -> Option<Name> {
        let text = self.name_part(&raw.text, FieldPath(field!("name"), None));
        let family = self.name_part(&raw.family, FieldPath(field!("name.family"), None));
        let given = self.name_part(&raw.given, FieldPath(field!("name.given"), None));
        let mut name = name::whole(text, family, given)?;
        if self.profile.pinyin {
            name.pinyin = name::pinyin(&name.text).map(Phi::new);
            let derived = name.pinyin.is_some();
            self.note_if(
                derived,
                FieldPath(field!("name"), None),
                &catalogue::PINYIN_DERIVED,
                ChangeKind::Added,
            );
        }
        Some(name)
    }

    fn birth_date(&mut self, raw: &str) -> Parsed<PartialDate, DateFault> {
        let path = FieldPath(field!("birth_date"), None);
        match self.token(raw, path) {
            None => Parsed::Absent,
            Some(text) => self.date(&text, path),
        }
    }

    fn date(&mut self, text: &str, path: FieldPath) -> Parsed<PartialDate, DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        match date::read_date(text, date_formats, time_zone) {
            Ok(DateRead { value, reading }) => {
                self.note_reading(path, reading);
                Parsed::Value(value)
            }
            Err(fault) => Parsed::Faulty(fault),
        }
    }

    fn note_reading(&mut self, path: FieldPath, reading: DateReading) {
        let rule = match reading {
            DateReading::AsWritten => return,
            DateReading::Reformatted => &catalogue::DATE_REFORMATTED,
            DateReading::Zoned => &catalogue::INSTANT_LOCALISED,
            DateReading::Interpreted => &catalogue::DATE_ORDER_STATED,
        };
        self.note(path, rule, ChangeKind::Reformatted);
    }

    fn updated_at(&mut self, raw: &str) -> Parsed<i64, DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        match self.token(raw, FieldPath(field!("updated_at"), None)) {
            None => Parsed::Absent,
            Some(text) => date::read_instant(&text, date_formats, time_zone)
                .map_or_else(Parsed::Faulty, |read| Parsed::Value(read.value.as_microsecond())),
        }
    }

    /// A yes or no goes before a null token, for `0` may be both; a date does not: `99991231` says that there
    /// is none.
    fn deceased(&mut self, raw: &str) -> Parsed<Deceased, DateFault> {
        let path = FieldPath(field!("deceased"), None);
        if let Some(flag) = deceased::read_flag(&text::clean_token(raw)) {
            self.note_flaws(raw, path);
            return Parsed::Value(flag);
        }
        match self.token(raw, path) {
            None => Parsed::Absent,
            Some(text) => self.date(&text, path).map(Deceased::On),
        }
    }

    fn version(&mut self, raw: &str) -> Parsed<i64, NotAnInteger> {
        self.known_or_null(raw, FieldPath(field!("version"), None), version::read)
    }

    fn name_part(&mut self, raw: &str, path: FieldPath) -> Option<Phi<String>> {
        let text = self.free_text(raw, path)?;
        let part = name::part(&text);
        self.note_if(part.separator_unified, path, &catalogue::SEPARATOR_UNIFIED, ChangeKind::Folded);
        self.note_if(part.spaces_removed, path, &catalogue::SPACES_REMOVED, ChangeKind::Cleaned);
        Some(part.text.into())
    }

    fn free_text<'t>(&mut self, raw: &'t str, path: FieldPath) -> Option<Cow<'t, str>> {
        let text = text::clean_free_text(raw);
        self.present(raw, text, path, &catalogue::TEXT_NORMALISED)
    }

    fn token<'t>(&mut self, raw: &'t str, path: FieldPath) -> Option<Cow<'t, str>> {
        let text = text::clean_token(raw);
        self.present(raw, text, path, &catalogue::WIDTH_FOLDED)
    }

    /// A cleaned text, unless it means "nothing".
    fn present<'t>(
        &mut self,
        raw: &str,
        text: Cow<'t, str>,
        path: FieldPath,
        folding: &'static FormatRule,
    ) -> Option<Cow<'t, str>> {
        self.note_flaws(raw, path);
        if self.is_null(&text) {
            self.note_if(!text.is_empty(), path, &catalogue::NULL_TOKEN_EMPTIED, ChangeKind::Emptied);
            return None;
        }
        self.note_edits(raw, &text, path, folding);
        Some(text)
    }

    fn is_null(&self, text: &str) -> bool {
        null_token::is_null(text, &self.profile.null_tokens)
    }

    fn note_edits(&mut self, raw: &str, text: &str, path: FieldPath, folding: &'static FormatRule) {
        let edits = text::edits(raw, text);
        self.note_if(edits.cleaned, path, &catalogue::TEXT_CLEANED, ChangeKind::Cleaned);
        self.note_if(edits.folded, path, folding, ChangeKind::Folded);
    }

    fn note_if(&mut self, changed: bool, path: FieldPath, rule: &'static FormatRule, kind: ChangeKind) {
        if changed {
            self.note(path, rule, kind);
        }
    }

    fn note(&mut self, FieldPath(field, position): FieldPath, rule: &'static FormatRule, kind: ChangeKind) {
        let field = field.as_str();
        self.changes.push(Change { field, position, rule, kind });
    }

    /// Looks at the raw text: cleaning would drop a NUL, and a text that lost characters must not pass.
    fn note_flaws(&mut self, raw: &str, FieldPath(field, position): FieldPath) {
        let too_long = raw.len() > max_length(field) && raw.chars().count() > max_length(field);
        let kinds = flaw::find(raw).chain(too_long.then_some(FlawKind::TooLong));
        self.flaws.extend(kinds.map(|kind| Flaw { kind, field, position }));
    }
}

/// The longest text, in characters, that anything in life needs in a field. Names and patient ids have rules
/// of their own.
fn max_length(field: FieldName) -> usize {
    match field.as_str() {
        "addresses.text" => 300,
        "name" | "name.family" | "name.given" | "contacts.name" | "patient_id" => usize::MAX,
        _ => 100,
    }
}

fn owned(text: Cow<'_, str>) -> Phi<String> {
    text.into_owned().into()
}

#[cfg(test)]
mod tests;
