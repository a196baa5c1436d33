//! From the source's own field names to the canonical ones.
//!
//! A mapping is prepared once, when its profile is loaded: mapping a record follows paths and copies texts, and parses
//! nothing. The cost grows with the record and with the mapping only: no value is copied more often than the mapping
//! names it, and no list grows beyond [`MAX_ELEMENTS`](crate::record::MAX_ELEMENTS) and one.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use crate::record::{RawPatient, ScalarField};

mod keys;
mod lookup;
mod mapper;
mod name;
mod path;
mod scalar;
mod selection;
mod source_fields;

pub use keys::{IgnoredKey, UnmappedKeys};
pub use lookup::{Alternative, Lookup, Source};
pub use name::{Elements, KeyName};
pub use path::{Path, pointer};
pub use selection::{Condition, Selection};
pub use source_fields::SourceFields;

use keys::ExpectedKeys;
use mapper::Mapper;

/// Where each canonical field comes from, ready to be used.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    lookups: Lookups,
    expected: ExpectedKeys,
    /// The source's own names; alternatives refer to them by index.
    names: Arc<[KeyName]>,
    /// Texts that mean "nothing", in the form of `null_token::key`.
    nulls: HashSet<String>,
}

/// Where each canonical field comes from. A field that the source does not have has no alternatives, a list that it
/// does not have no elements.
#[derive(Clone, Debug, Default)]
pub struct Lookups {
    /// In the order of [`ScalarField::ALL`].
    pub scalars: [Lookup; ScalarField::COUNT],
    pub name: NameFields,
    pub identifiers: Vec<Element<IdentifierFields>>,
    pub phones: Vec<Element<Lookup>>,
    pub addresses: Vec<Element<AddressFields>>,
    pub contacts: Vec<Element<ContactFields>>,
}

#[derive(Clone, Debug, Default)]
pub struct NameFields {
    pub text: Lookup,
    pub family: Lookup,
    pub given: Lookup,
}

/// Elements of a canonical list: one whose fields are in the record itself, or one for each selected element of a
/// list of the source.
#[derive(Clone, Debug)]
pub struct Element<F> {
    pub each: Option<Selection>,
    pub fields: F,
}

#[derive(Clone, Debug)]
pub struct IdentifierFields {
    pub kind: Lookup,
    pub value: Lookup,
    pub system: Lookup,
}

#[derive(Clone, Debug)]
pub struct AddressFields {
    pub text: Lookup,
    pub division_code: Lookup,
    pub postal_code: Lookup,
    pub country: Lookup,
}

#[derive(Clone, Debug)]
pub struct ContactFields {
    pub name: Lookup,
    pub relation: Lookup,
    pub phone: Lookup,
}

/// A patient in canonical field names, and where its fields came from.
pub struct Mapped {
    /// Values as the source wrote them. Numbers and truth values are the text of their JSON; what is
    /// absent, null, blank or no scalar is empty. Elements of lists that are empty are left out. A list has
    /// at most one element more than are read, by which its reader knows that there are more.
    pub patient: RawPatient,
    /// The sender's own names of the fields.
    pub sources: SourceFields,
    /// The keys of the record that the mapping neither reads nor ignores.
    pub unmapped: UnmappedKeys,
}

impl Mapping {
    /// Prepares a mapping. `names` are the source's names to which the alternatives refer; `ignored` are keys that the
    /// source sends and that are not wanted.
    pub fn new(lookups: Lookups, names: Vec<KeyName>, ignored: &[IgnoredKey]) -> Self {
        let expected = ExpectedKeys::new(lookups.keys(), ignored);
        Self { lookups, expected, names: names.into(), nulls: HashSet::new() }
    }

    /// The same mapping, which skips these texts where a field has another alternative. They have the form of
    /// `null_token::key`.
    pub fn skipping(self, nulls: &HashSet<String>) -> Self {
        Self { nulls: nulls.clone(), ..self }
    }

    /// Reads a source's object.
    pub fn map(&self, record: &Map<String, Value>) -> Mapped {
        let (patient, notes) = Mapper::new(record, &self.nulls).patient(&self.lookups);
        let sources = SourceFields::new(Arc::clone(&self.names), notes);
        Mapped { patient, sources, unmapped: self.expected.unmapped(record) }
    }

    /// The value in a source's object that is the patient's id, to be changed in place.
    pub fn patient_id_in<'o>(&self, record: &'o mut Map<String, Value>) -> Option<&'o mut Value> {
        self.lookups.scalars[ScalarField::PatientId as usize].value_in(record, &self.nulls)
    }

    /// The keys at the top of a record that the mapping neither reads nor ignores.
    pub fn unmapped_keys<'o>(&self, record: &'o Map<String, Value>) -> impl Iterator<Item = &'o str> {
        record.keys().map(String::as_str).filter(|key| !self.expected.holds(key))
    }

    /// The canonical fields that are mapped, in alphabetical order, each with the sender's names under which it is
    /// looked up; one that is always the same text has none.
    pub fn fields(&self) -> BTreeMap<&'static str, Vec<Arc<str>>> {
        let mut fields = BTreeMap::<_, Vec<_>>::new();
        for lookup in self.lookups.all().filter(|lookup| !lookup.alternatives.is_empty()) {
            let names = lookup.alternatives.iter().filter_map(|alternative| alternative.name);
            let names = names.map(|index| self.names[usize::from(index)].at(None));
            fields.entry(lookup.canonical).or_default().extend(names);
        }
        fields
    }
}

impl Lookups {
    /// The keys at the top of a record from which something is read.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let plain = self.scalars.iter().chain(self.name.all());
        let identifiers = self.identifiers.iter().flat_map(|element| element.keys(IdentifierFields::all));
        let phones = self.phones.iter().flat_map(|element| element.keys(|lookup| [lookup]));
        let addresses = self.addresses.iter().flat_map(|element| element.keys(AddressFields::all));
        let contacts = self.contacts.iter().flat_map(|element| element.keys(ContactFields::all));
        plain.flat_map(Lookup::keys).chain(identifiers).chain(phones).chain(addresses).chain(contacts)
    }

    fn all(&self) -> impl Iterator<Item = &Lookup> {
        let identifiers = self.identifiers.iter().flat_map(|element| element.fields.all());
        let phones = self.phones.iter().map(|element| &element.fields);
        let addresses = self.addresses.iter().flat_map(|element| element.fields.all());
        let contacts = self.contacts.iter().flat_map(|element| element.fields.all());
        let plain = self.scalars.iter().chain(self.name.all());
        plain.chain(identifiers).chain(phones).chain(addresses).chain(contacts)
    }
}

impl NameFields {
    fn all(&self) -> [&Lookup; 3] {
        [&self.text, &self.family, &self.given]
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
