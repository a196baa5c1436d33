//! From the source's own field names to the canonical ones.
//!
//! All that can be prepared is prepared when the profile is loaded: mapping a record follows paths and
//! copies texts, and parses nothing. What it costs grows with the record and with the mapping, whatever
//! the record holds: no value is copied more often than the mapping names it, and no list grows over
//! [`MAX_ELEMENTS`](crate::record::MAX_ELEMENTS) and one.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use crate::record::RawPatient;

mod keys;
mod lookup;
mod mapper;
mod name;
mod path;
mod read;
mod selection;
mod source_fields;

pub use keys::UnmappedKeys;
pub(super) use read::mapping as read;
pub use source_fields::SourceFields;

use keys::ExpectedKeys;
use lookup::Lookup;
use mapper::Mapper;
use name::Name;
use selection::Selection;

/// Where each canonical field comes from. A field that the source does not have has no alternatives, a
/// list that it does not have no elements.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    plain: PlainFields,
    identifiers: Vec<Element<IdentifierFields>>,
    phones: Vec<Element<Lookup>>,
    addresses: Vec<Element<AddressFields>>,
    contacts: Vec<Element<ContactFields>>,
    expected: ExpectedKeys,
    /// The source's own names; fields refer to them by place.
    names: Arc<[Name]>,
    /// Texts that mean "nothing", in the form of `null_token::key`.
    nulls: HashSet<String>,
}

#[derive(Clone, Debug, Default)]
struct PlainFields {
    patient_id: Lookup,
    name_text: Lookup,
    name_family: Lookup,
    name_given: Lookup,
    gender: Lookup,
    gender_display: Lookup,
    birth_date: Lookup,
    birth_date_absent_reason: Lookup,
    age: Lookup,
    nationality: Lookup,
    nationality_display: Lookup,
    ethnicity: Lookup,
    ethnicity_display: Lookup,
    marital_status: Lookup,
    marital_status_display: Lookup,
    deceased: Lookup,
    updated_at: Lookup,
    version: Lookup,
}

/// Elements of a canonical list: one, whose fields stand in the record, or one for each of the source's.
#[derive(Clone, Debug)]
struct Element<F> {
    each: Option<Selection>,
    fields: F,
}

#[derive(Clone, Debug)]
struct IdentifierFields {
    kind: Lookup,
    value: Lookup,
    system: Lookup,
}

#[derive(Clone, Debug)]
struct AddressFields {
    text: Lookup,
    division_code: Lookup,
    postal_code: Lookup,
    country: Lookup,
}

#[derive(Clone, Debug)]
struct ContactFields {
    name: Lookup,
    relation: Lookup,
    phone: Lookup,
}

/// A patient in canonical field names, and where its fields came from.
pub struct Mapped {
    /// Values as the source wrote them. Numbers and truth values are the text of their JSON; what is
    /// absent, null, blank or no scalar is empty. Elements of lists that are empty are left out. A list has
    /// at most one element more than are read, by which its reader knows that there are more.
    pub patient: RawPatient,
    /// The sender's own names of the fields.
    pub sources: SourceFields,
    /// The keys of the record that nobody expects.
    pub unmapped: UnmappedKeys,
}

impl Mapping {
    /// The same mapping, which goes past these texts where a field has another alternative. They are in the
    /// form of `null_token::key`.
    pub fn past(self, nulls: &HashSet<String>) -> Self {
        Self { nulls: nulls.clone(), ..self }
    }

    /// Reads a source's object.
    pub fn map(&self, record: &Map<String, Value>) -> Mapped {
        let (patient, notes) = Mapper::new(record, &self.nulls).patient(self);
        let sources = SourceFields::new(Arc::clone(&self.names), notes);
        Mapped { patient, sources, unmapped: self.expected.unmapped(record) }
    }

    /// The value in a source's object that is the patient's number, to be changed in place.
    pub fn patient_id_in<'o>(&self, record: &'o mut Map<String, Value>) -> Option<&'o mut Value> {
        self.plain.patient_id.value_in(record, &self.nulls)
    }

    /// The keys at the top of a record that the mapping neither reads nor ignores.
    pub fn unmapped_keys<'o>(&self, record: &'o Map<String, Value>) -> impl Iterator<Item = &'o str> {
        record.keys().map(String::as_str).filter(|key| !self.expected.holds(key))
    }

    /// The canonical fields that are mapped, in alphabetical order, and under which of the sender's names
    /// each is looked for; one that is always the same text has none.
    pub fn fields(&self) -> BTreeMap<&'static str, Vec<Arc<str>>> {
        let mut fields = BTreeMap::<_, Vec<_>>::new();
        for field in self.all().filter(|field| !field.alternatives.is_empty()) {
            let names = field.alternatives.iter().filter_map(|alternative| alternative.name);
            let names = names.map(|place| self.names[usize::from(place)].at(None));
            fields.entry(field.canonical).or_default().extend(names);
        }
        fields
    }

    /// The keys at the top of a record from which something is read.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let plain = self.plain.all().into_iter();
        let identifiers = self.identifiers.iter().flat_map(|element| element.keys(IdentifierFields::all));
        let phones = self.phones.iter().flat_map(|element| element.keys(|field| [field]));
        let addresses = self.addresses.iter().flat_map(|element| element.keys(AddressFields::all));
        let contacts = self.contacts.iter().flat_map(|element| element.keys(ContactFields::all));
        plain.flat_map(Lookup::keys).chain(identifiers).chain(phones).chain(addresses).chain(contacts)
    }

    fn all(&self) -> impl Iterator<Item = &Lookup> {
        let identifiers = self.identifiers.iter().flat_map(|element| element.fields.all());
        let phones = self.phones.iter().map(|element| &element.fields);
        let addresses = self.addresses.iter().flat_map(|element| element.fields.all());
        let contacts = self.contacts.iter().flat_map(|element| element.fields.all());
        self.plain.all().into_iter().chain(identifiers).chain(phones).chain(addresses).chain(contacts)
    }
}

impl PlainFields {
    fn all(&self) -> [&Lookup; 18] {
        [
            &self.patient_id,
            &self.name_text,
            &self.name_family,
            &self.name_given,
            &self.gender,
            &self.gender_display,
            &self.birth_date,
            &self.birth_date_absent_reason,
            &self.age,
            &self.nationality,
            &self.nationality_display,
            &self.ethnicity,
            &self.ethnicity_display,
            &self.marital_status,
            &self.marital_status_display,
            &self.deceased,
            &self.updated_at,
            &self.version,
        ]
    }
}

impl<F> Element<F> {
    /// The keys at the top of a record from which it is read.
    fn keys<'m, const N: usize>(
        &'m self,
        all: impl Fn(&'m F) -> [&'m Lookup; N],
    ) -> impl Iterator<Item = &'m str> {
        let list = self.each.iter().filter_map(|selection| selection.list.key());
        // The fields of an element of a list begin there, not at the top.
        let fields = self.each.is_none().then(|| all(&self.fields));
        list.chain(fields.into_iter().flatten().flat_map(Lookup::keys))
    }
}

impl IdentifierFields {
    fn all(&self) -> [&Lookup; 3] {
        [&self.kind, &self.value, &self.system]
    }
}

impl AddressFields {
    fn all(&self) -> [&Lookup; 4] {
        [&self.text, &self.division_code, &self.postal_code, &self.country]
    }
}

impl ContactFields {
    fn all(&self) -> [&Lookup; 3] {
        [&self.name, &self.relation, &self.phone]
    }
}

#[cfg(test)]
mod tests;
