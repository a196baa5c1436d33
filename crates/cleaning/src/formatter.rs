//! From a raw patient to a draft: every text is checked, cleaned, and formatted as its field wants. Whatever
//! that changes is noted.

use std::borrow::Cow;

use crate::{
    change::{Change, ChangeKind, FormatRule},
    draft::Draft,
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
    disagreements: Vec<&'static str>,
    overlong: Vec<&'static str>,
}

/// A canonical field, and which element of it.
#[derive(Clone, Copy)]
struct Place(&'static str, Option<u32>);

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
        let codes = &self.profile.codes;
        let pair = |code, display, field| Pair { code, display, field };
        let birth_date_reason = Place("birth_date_absent_reason", None);
        Draft {
            patient_id: self.patient_id(&raw.patient_id),
            name: self.name(&raw.name),
            gender: self.gender(pair(&raw.gender, &raw.gender_display, "gender")),
            birth_date: self.birth_date(&raw.birth_date),
            birth_date_is_excused: self.token(&raw.birth_date_absent_reason, birth_date_reason).is_some(),
            age: self.token(&raw.age, Place("age", None)).and_then(|age| age::years(&age)),
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

    fn patient_id(&mut self, raw: &str) -> Option<Phi<String>> {
        let place = Place("patient_id", None);
        let text = self.token(raw, place)?;
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

    fn birth_date(&mut self, raw: &str) -> Parsed<PartialDate, DateFault> {
        let place = Place("birth_date", None);
        match self.token(raw, place) {
            None => Parsed::Absent,
            Some(text) => self.date(&text, place),
        }
    }

    fn date(&mut self, text: &str, place: Place) -> Parsed<PartialDate, DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        match date::read_date(text, date_formats, time_zone) {
            Ok(DateRead { value, reading }) => {
                self.note_reading(place, reading);
                Parsed::Value(value)
            }
            Err(fault) => Parsed::Faulty(fault),
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

    fn updated_at(&mut self, raw: &str) -> Parsed<i64, DateFault> {
        let Profile { date_formats, time_zone, .. } = self.profile;
        match self.token(raw, Place("updated_at", None)) {
            None => Parsed::Absent,
            Some(text) => date::read_instant(&text, date_formats, time_zone)
                .map_or_else(Parsed::Faulty, |read| Parsed::Value(read.value.as_microsecond())),
        }
    }

    /// A yes or no goes before a null token, for `0` may be both; a date does not: `99991231` says that there
    /// is none.
    fn deceased(&mut self, raw: &str) -> Parsed<Deceased, DateFault> {
        let place = Place("deceased", None);
        if let Some(flag) = deceased::read_flag(&text::clean_token(raw)) {
            self.note_flaws(raw, place);
            return Parsed::Value(flag);
        }
        match self.token(raw, place) {
            None => Parsed::Absent,
            Some(text) => self.date(&text, place).map(Deceased::On),
        }
    }

    fn version(&mut self, raw: &str) -> Parsed<i64, NotAnInteger> {
        self.known_or_null(raw, Place("version", None), version::read)
    }

    fn name_part(&mut self, raw: &str, place: Place) -> Option<Phi<String>> {
        let text = self.free_text(raw, place)?;
        let part = name::part(&text);
        self.note_if(part.separator_unified, place, &catalogue::SEPARATOR_UNIFIED, ChangeKind::Folded);
        self.note_if(part.spaces_removed, place, &catalogue::SPACES_REMOVED, ChangeKind::Cleaned);
        Some(part.text.into())
    }

    fn free_text<'t>(&mut self, raw: &'t str, place: Place) -> Option<Cow<'t, str>> {
        let text = text::clean_free_text(raw);
        self.present(raw, text, place, &catalogue::TEXT_NORMALISED)
    }

    fn token<'t>(&mut self, raw: &'t str, place: Place) -> Option<Cow<'t, str>> {
        let text = text::clean_token(raw);
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
        let kinds = flaw::find(raw).chain(too_long.then_some(FlawKind::TooLong));
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

fn owned(text: Cow<'_, str>) -> Phi<String> {
    text.into_owned().into()
}

#[cfg(test)]
mod tests;
