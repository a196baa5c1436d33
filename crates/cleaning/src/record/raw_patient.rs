//! A patient in canonical field names as the source wrote it. Every field is listed here once: the names of the
//! fields, the lookup of a text, the size of a record, the digest of a resend and the mapping of a profile follow
//! from these lists.

use std::ops::{Index, IndexMut};

use serde::Serialize;

use crate::phi::Phi;

/// The maximum number of elements read from a list; no patient has that many phones, addresses or documents.
pub const MAX_ELEMENTS: usize = 100;

/// What a field of a raw patient consists of.
pub(crate) trait RawField {
    /// The canonical names of its parts; none if it is one text or a list of texts.
    const PARTS: &'static [&'static str];

    /// Visits its texts, each with its canonical field and its position in a list.
    fn visit_texts<'a>(
        &'a self,
        field: &'static str,
        position: Option<u32>,
        visit: &mut impl FnMut(&'static str, Option<u32>, &'a str),
    );
}

impl RawField for Phi<String> {
    const PARTS: &'static [&'static str] = &[];

    fn visit_texts<'a>(
        &'a self,
        field: &'static str,
        position: Option<u32>,
        visit: &mut impl FnMut(&'static str, Option<u32>, &'a str),
    ) {
        visit(field, position, self);
    }
}

impl<T: RawField> RawField for Vec<T> {
    const PARTS: &'static [&'static str] = T::PARTS;

    fn visit_texts<'a>(
        &'a self,
        field: &'static str,
        _: Option<u32>,
        visit: &mut impl FnMut(&'static str, Option<u32>, &'a str),
    ) {
        for (position, element) in (0..).zip(self) {
            element.visit_texts(field, Some(position), visit);
        }
    }
}

/// Defines [`RawPatient`], and [`ScalarField`] for those of its fields that are one text.
macro_rules! raw_patient {
    ($($(#[$doc:meta])* $name:ident: $type:ty $(= $scalar:ident)?;)*) => {
        /// A patient in canonical field names with values as the source wrote them; empty means absent.
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct RawPatient {
            $($(#[$doc])* pub $name: $type,)*
        }

        /// A canonical field that is one text, in the order of [`RawPatient`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ScalarField {
            $($($scalar,)?)*
        }

        impl ScalarField {
            pub const COUNT: usize = [$($(stringify!($scalar),)?)*].len();

            pub const ALL: [Self; Self::COUNT] = [$($(Self::$scalar,)?)*];

            /// The canonical name, as `birth_date`.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Self::$scalar => stringify!($name),)?)*
                }
            }
        }

        impl Index<ScalarField> for RawPatient {
            type Output = Phi<String>;

            fn index(&self, field: ScalarField) -> &Phi<String> {
                match field {
                    $($(ScalarField::$scalar => &self.$name,)?)*
                }
            }
        }

        impl IndexMut<ScalarField> for RawPatient {
            fn index_mut(&mut self, field: ScalarField) -> &mut Phi<String> {
                match field {
                    $($(ScalarField::$scalar => &mut self.$name,)?)*
                }
            }
        }

        impl RawPatient {
            /// The name of every field, with those of its parts.
            pub(crate) const FIELDS: &[(&str, &[&str])] =
                &[$((stringify!($name), <$type as RawField>::PARTS)),*];

            /// Visits every text, each with its canonical field and its position in a list.
            pub(crate) fn visit_texts<'a>(&'a self, mut visit: impl FnMut(&'static str, Option<u32>, &'a str)) {
                $(self.$name.visit_texts(stringify!($name), None, &mut visit);)*
            }
        }
    };
}

/// Defines a field that consists of several texts, each with its canonical name.
macro_rules! raw_parts {
    ($(#[$doc:meta])* $Parts:ident { $($(#[$attribute:meta])* $name:ident: $path:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct $Parts {
            $($(#[$attribute])* pub $name: Phi<String>,)*
        }

        impl $Parts {
            /// The canonical names of its texts.
            const PARTS: [&str; [$($path),*].len()] = [$($path),*];

            /// Its texts, in the order of the contract.
            pub(crate) fn texts(&self) -> [&Phi<String>; Self::PARTS.len()] {
                [$(&self.$name),*]
            }

            #[cfg(test)]
            fn from_texts([$($name),*]: [Phi<String>; Self::PARTS.len()]) -> Self {
                Self { $($name),* }
            }
        }

        impl RawField for $Parts {
            const PARTS: &'static [&'static str] = &Self::PARTS;

            fn visit_texts<'a>(&'a self, _: &'static str, position: Option<u32>, visit: &mut impl FnMut(&'static str, Option<u32>, &'a str)) {
                $(visit($path, position, &self.$name);)*
            }
        }
    };
}

// A new field goes last: the digest of a resend tells by the order which fields were there from the first.
raw_patient! {
    /// The hospital's own number of the patient.
    patient_id: Phi<String> = PatientId;
    name: RawName;
    /// Gender in the source's code.
    gender: Phi<String> = Gender;
    /// Date of birth in the source's format.
    birth_date: Phi<String> = BirthDate;
    identifiers: Vec<RawIdentifier>;
    phones: Vec<Phi<String>>;
    addresses: Vec<RawAddress>;
    contacts: Vec<RawContact>;
    /// Nationality in the source's code.
    nationality: Phi<String> = Nationality;
    /// Ethnic group in the source's code.
    ethnicity: Phi<String> = Ethnicity;
    /// Marital status in the source's code.
    marital_status: Phi<String> = MaritalStatus;
    /// Whether or when the patient died.
    deceased: Phi<String> = Deceased;
    /// When the source last changed the record.
    updated_at: Phi<String> = UpdatedAt;
    /// The source's integer version of the record.
    version: Phi<String> = Version;
    /// Age in years, where the source states it beside the date of birth.
    age: Phi<String> = Age;
    /// What the source shows for the gender's code.
    gender_display: Phi<String> = GenderDisplay;
    /// What the source shows for the nationality's code.
    nationality_display: Phi<String> = NationalityDisplay;
    /// What the source shows for the ethnic group's code.
    ethnicity_display: Phi<String> = EthnicityDisplay;
    /// What the source shows for the marital status's code.
    marital_status_display: Phi<String> = MaritalStatusDisplay;
    /// Why there is no date of birth (FHIR data-absent-reason).
    birth_date_absent_reason: Phi<String> = BirthDateAbsentReason;
}

raw_parts! {
    /// A person's name as written: whole, or split by the source.
    RawName {
        text: "name.text",
        family: "name.family",
        given: "name.given",
    }
}

raw_parts! {
    /// A number that identifies the patient, as written.
    RawIdentifier {
        /// What kind of number, in the source's code.
        #[serde(rename = "type")]
        kind: "identifiers.type",
        value: "identifiers.value",
        /// The system that issued the number.
        system: "identifiers.system",
    }
}

raw_parts! {
    /// An address as written.
    RawAddress {
        /// The whole address.
        text: "addresses.text",
        division_code: "addresses.division_code",
        postal_code: "addresses.postal_code",
        country: "addresses.country",
    }
}

raw_parts! {
    /// A contact person as written.
    RawContact {
        name: "contacts.name",
        /// Relation in the source's code.
        relation: "contacts.relation",
        phone: "contacts.phone",
    }
}

impl ScalarField {
    /// The field in which the source shows what this code means.
    pub fn display(self) -> Option<Self> {
        Self::ALL.into_iter().find(|other| other.name().strip_suffix("_display") == Some(self.name()))
    }

    /// Whether it shows what the code of another field means.
    pub fn is_display(self) -> bool {
        self.name().ends_with("_display")
    }
}

impl RawPatient {
    /// The text of a canonical field, as `birth_date`, or `identifiers.value` with its position; none if the record
    /// has no such field or element, or no text there. Of a whole, as `name` or `identifiers`, its main text.
    pub fn text(&self, field: &str, position: Option<u32>) -> Option<&str> {
        match field {
            "name" => {
                ["name.text", "name.family", "name.given"].iter().find_map(|part| self.part(part, None))
            }
            "identifiers" => self.part("identifiers.value", position),
            "addresses" => self.part("addresses.text", position),
            "contacts" => self.part("contacts.name", position),
            _ => self.part(field, position),
        }
    }

    fn part(&self, wanted: &str, at: Option<u32>) -> Option<&str> {
        let mut found = None;
        self.visit_texts(|field, position, text| {
            if field == wanted && position == at {
                found = Some(text);
            }
        });
        found.filter(|text| !text.is_empty())
    }

    /// Bytes of all texts.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        self.visit_texts(|_, _, text| size += text.len());
        size
    }
}

#[cfg(test)]
impl RawPatient {
    /// A patient in which every text is the name of its canonical field; lists have one element.
    pub(crate) fn named() -> Self {
        Self::named_without("")
    }

    /// A patient in which every text but one is the name of its canonical field.
    pub(crate) fn named_without(absent: &str) -> Self {
        let name = |field: &str| Phi::new(if field == absent { String::new() } else { field.to_owned() });
        let mut patient = Self {
            name: RawName::from_texts(RawName::PARTS.map(name)),
            identifiers: vec![RawIdentifier::from_texts(RawIdentifier::PARTS.map(name))],
            phones: vec![name("phones")],
            addresses: vec![RawAddress::from_texts(RawAddress::PARTS.map(name))],
            contacts: vec![RawContact::from_texts(RawContact::PARTS.map(name))],
            ..Self::default()
        };
        for field in ScalarField::ALL {
            patient[field] = name(field.name());
        }
        patient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_names;

    #[test]
    fn parts_are_named_after_their_whole() {
        for (field, parts) in RawPatient::FIELDS {
            assert!(parts.iter().all(|part| part.starts_with(&format!("{field}."))), "{field}: {parts:?}");
        }
    }

    #[test]
    fn names_are_those_of_the_raw_json() {
        let json = serde_json::to_value(RawPatient::named()).unwrap();
        for field in field_names::texts() {
            let path = format!("/{}", field.replace('.', "/"));
            let lists = format!("/{}", field.replacen('.', "/0/", 1));
            let text = [path, lists.clone(), format!("{lists}/0")]
                .iter()
                .find_map(|path| json.pointer(path)?.as_str().map(str::to_owned));
            assert_eq!(text.as_deref(), Some(field));
        }
    }

    #[test]
    fn a_text_is_found_by_its_field_and_its_position() {
        let patient = RawPatient::named();
        for field in field_names::texts() {
            let found = patient.text(field, None).or_else(|| patient.text(field, Some(0)));
            assert_eq!(found, Some(field));
            let absent = RawPatient::named_without(field);
            assert_eq!(absent.text(field, None).or_else(|| absent.text(field, Some(0))), None);
        }
        assert_eq!(patient.text("identifiers", Some(0)), Some("identifiers.value"));
        assert_eq!(patient.text("addresses", Some(0)), Some("addresses.text"));
        assert_eq!(patient.text("contacts", Some(0)), Some("contacts.name"));
        assert_eq!(patient.text("identifiers", None), None, "the list as a whole has no text");
        assert_eq!(patient.text("identifiers", Some(1)), None);
        assert_eq!(patient.text("shoe_size", None), None);
        assert_eq!(patient.text("name", None), Some("name.text"));
        assert_eq!(RawPatient::named_without("name.text").text("name", None), Some("name.family"));
    }

    #[test]
    fn the_size_is_that_of_all_texts() {
        assert_eq!(RawPatient::named().size(), field_names::texts().map(str::len).sum::<usize>());
    }
}
