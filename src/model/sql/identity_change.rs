//! Who a stored patient is, and whether a record turns the patient into another person: the same number at the same
//! hospital with another gender, date of birth or resident id.

use std::{borrow::Cow, ops::BitOr};

use cleaning::{
    format::resident_id::ResidentId,
    issue::Issue,
    patient::{Gender, Identifier},
    phi::Phi,
    rules,
};
use serde::Deserialize;

/// What a record has overwritten of a known patient's identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overwritten {
    pub gender: bool,
    pub birth_date: bool,
    pub resident_id: bool,
}

impl Overwritten {
    /// A new patient, or a known one who is still the same person.
    pub const NOTHING: Self = Self { gender: false, birth_date: false, resident_id: false };

    /// One issue per field that is overwritten.
    pub fn issues(self) -> impl Iterator<Item = Issue> {
        self.fields()
            .into_iter()
            .filter(|(_, overwritten)| *overwritten)
            .map(|(field, _)| Issue { field, ..rules::IDENTITY_OVERWRITTEN.issue(None) })
    }

    /// From the stored issues of a patient.
    pub(crate) fn from_issues_column(issues: &str) -> Self {
        #[derive(Deserialize)]
        struct IdentityIssue<'a> {
            #[serde(borrow)]
            code: Cow<'a, str>,
            #[serde(borrow)]
            field: Cow<'a, str>,
        }
        let code = rules::IDENTITY_OVERWRITTEN.kind.code;
        let issues: Vec<IdentityIssue<'_>> = serde_json::from_str(issues).unwrap_or_default();
        let found = |field: &str| issues.iter().any(|issue| issue.code == code && issue.field == field);
        let [gender, birth_date, resident_id] = Self::NOTHING.fields().map(|(field, _)| found(field));
        Self { gender, birth_date, resident_id }
    }

    /// The canonical fields and whether each is overwritten.
    fn fields(self) -> [(&'static str, bool); 3] {
        [("gender", self.gender), ("birth_date", self.birth_date), ("identifiers", self.resident_id)]
    }
}

impl BitOr for Overwritten {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            gender: self.gender | other.gender,
            birth_date: self.birth_date | other.birth_date,
            resident_id: self.resident_id | other.resident_id,
        }
    }
}

/// What tells one patient from another. An unknown value says nothing, and neither does a gender that is stated as
/// unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity<'a> {
    gender: Option<Phi<Cow<'a, str>>>,
    birth_date: Option<Phi<Cow<'a, str>>>,
    /// With 18 characters each.
    resident_ids: Vec<Phi<Cow<'a, str>>>,
}

impl<'a> Identity<'a> {
    /// From a gender and a partial date as the store writes them, and numbers of type 01.
    pub(crate) fn new(
        gender: Option<Cow<'a, str>>,
        birth_date: Option<Cow<'a, str>>,
        resident_ids: impl Iterator<Item = Cow<'a, str>>,
    ) -> Self {
        let known = gender.filter(|gender| gender != Gender::Unknown.name());
        Self {
            gender: known.map(Phi::from),
            birth_date: birth_date.map(Phi::from),
            resident_ids: resident_ids.map(|id| with_18_characters(id).into()).collect(),
        }
    }

    /// From the stored columns. Identifiers that are absent or unreadable say nothing.
    pub(crate) fn from_columns(
        gender: Option<String>,
        birth_date: Option<String>,
        identifiers: Option<&[u8]>,
    ) -> Self {
        #[derive(Deserialize)]
        struct Number<'a> {
            #[serde(rename = "type", borrow)]
            kind: Cow<'a, str>,
            #[serde(borrow)]
            value: Cow<'a, str>,
        }
        let numbers: Vec<Number<'_>> =
            identifiers.and_then(|identifiers| serde_json::from_slice(identifiers).ok()).unwrap_or_default();
        let resident_ids = numbers.into_iter().filter(|number| number.kind == Identifier::RESIDENT_ID);
        let resident_ids = resident_ids.map(|number| Cow::Owned(number.value.into_owned()));
        Self::new(gender.map(Cow::Owned), birth_date.map(Cow::Owned), resident_ids)
    }

    /// What the other identity overwrites of this one. A date that only became more or less precise has not changed, and
    /// neither have resident ids if one of them is the same.
    pub(crate) fn overwritten_by(&self, other: &Identity<'_>) -> Overwritten {
        let differ = |mine: &Option<Phi<Cow<'_, str>>>,
                      theirs: &Option<Phi<Cow<'_, str>>>,
                      same: fn(&str, &str) -> bool| {
            mine.as_ref().zip(theirs.as_ref()).is_some_and(|(mine, theirs)| !same(mine, theirs))
        };
        let both_known = !self.resident_ids.is_empty() && !other.resident_ids.is_empty();
        let shared = self.resident_ids.iter().any(|id| other.resident_ids.contains(id));
        Overwritten {
            gender: differ(&self.gender, &other.gender, |mine, theirs| mine == theirs),
            birth_date: differ(&self.birth_date, &other.birth_date, may_be_the_same_day),
            resident_id: both_known && !shared,
        }
    }
}

/// Partial dates of ISO 8601: one that is less precise is the beginning of the other.
fn may_be_the_same_day(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The form of 18 characters of a number of 15 digits; any other text stays as it is.
fn with_18_characters(id: Cow<'_, str>) -> Cow<'_, str> {
    match ResidentId::parse(&id).ok().and_then(|id| id.upgraded()) {
        Some(upgraded) => Cow::Owned(upgraded),
        None => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Option<Cow<'_, str>> {
        Some(text).filter(|text| !text.is_empty()).map(Cow::Borrowed)
    }

    fn identity<'a>(gender: &'a str, birth_date: &'a str, resident_ids: &[&'a str]) -> Identity<'a> {
        Identity::new(known(gender), known(birth_date), resident_ids.iter().copied().map(Cow::Borrowed))
    }

    const WOMAN: &str = "11010519491231002X";
    const MAN: &str = "440524188001010014";

    fn fields(old: &Identity<'_>, new: &Identity<'_>) -> Vec<&'static str> {
        old.overwritten_by(new).issues().map(|issue| issue.field).collect()
    }

    #[test]
    fn each_field_that_changes_is_found() {
        let old = identity("female", "1949-12-31", &[WOMAN]);
        assert_eq!(fields(&old, &old), [""; 0]);
        assert_eq!(fields(&old, &identity("male", "1949-12-31", &[WOMAN])), ["gender"]);
        assert_eq!(fields(&old, &identity("female", "1949-12-30", &[WOMAN])), ["birth_date"]);
        assert_eq!(fields(&old, &identity("female", "1949-12-31", &[MAN])), ["identifiers"]);
        let other = identity("male", "1880-01-01", &[MAN]);
        assert_eq!(fields(&old, &other), ["gender", "birth_date", "identifiers"]);
    }

    #[test]
    fn what_is_not_known_overwrites_nothing_and_is_not_overwritten() {
        let known = identity("female", "1949-12-31", &[WOMAN]);
        for nobody in [identity("", "", &[]), identity("unknown", "", &[])] {
            assert_eq!(fields(&known, &nobody), [""; 0]);
            assert_eq!(fields(&nobody, &known), [""; 0]);
        }
    }

    #[test]
    fn a_date_that_becomes_more_precise_has_not_changed() {
        let month = identity("", "1949-12", &[]);
        assert_eq!(fields(&month, &identity("", "1949-12-31", &[])), [""; 0]);
        assert_eq!(fields(&month, &identity("", "1949", &[])), [""; 0]);
        assert_eq!(fields(&month, &identity("", "1949-11-30", &[])), ["birth_date"]);
    }

    #[test]
    fn the_15_digits_of_a_resident_id_are_the_same_number_as_its_18_characters() {
        let (old, new) = (identity("", "", &["110105491231002"]), identity("", "", &[WOMAN]));
        assert_eq!(fields(&old, &new), [""; 0]);
        assert_eq!(fields(&new, &old), [""; 0]);
        assert_eq!(fields(&old, &identity("", "", &["110105491231003"])), ["identifiers"]);
    }

    #[test]
    fn one_shared_resident_id_is_enough() {
        assert_eq!(fields(&identity("", "", &[WOMAN, MAN]), &identity("", "", &[MAN])), [""; 0]);
    }

    #[test]
    fn stored_columns_read_as_what_was_written() {
        let identifiers = format!(
            r#"[{{"type":"99","value":"7","system":null}},{{"type":"01","value":"{WOMAN}","system":"a\"b"}}]"#
        );
        let stored = Identity::from_columns(
            Some("female".into()),
            Some("1949-12".into()),
            Some(identifiers.as_bytes()),
        );
        assert_eq!(stored, identity("female", "1949-12", &[WOMAN]));
        for unreadable in [None, Some(b"\x01\x02".as_slice()), Some(b"{}".as_slice())] {
            assert_eq!(Identity::from_columns(None, None, unreadable), Identity::default());
        }
    }

    #[test]
    fn what_was_overwritten_is_read_back_from_the_stored_issues() {
        let stored = r#"[{"code":"IDENTITY_OVERWRITTEN","severity":"warning","field":"birth_date"},
            {"code":"GENDER_UNKNOWN","severity":"warning","field":"gender"}]"#;
        let expected = Overwritten { birth_date: true, ..Overwritten::NOTHING };
        assert_eq!(Overwritten::from_issues_column(stored), expected);
        assert_eq!(Overwritten::from_issues_column("[]"), Overwritten::NOTHING);
        assert_eq!(Overwritten::from_issues_column("?"), Overwritten::NOTHING);
    }
}
