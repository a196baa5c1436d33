//! From the source's own field names to the canonical ones.
//!
//! All that can be prepared is prepared when the profile is loaded: mapping a record follows paths and
//! copies texts, and parses nothing.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::domain::{
    phi::Phi,
    record::{RawAddress, RawContact, RawIdentifier, RawName, RawPatient},
};

mod path;
mod read;
mod source;
mod sources;

pub(super) use read::mapping as read;
pub use sources::Sources;

use source::Field;
use sources::Notes;

/// Where each canonical field comes from. A field that the source does not have has no alternatives, a
/// list that it does not have no elements.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    patient_id: Field,
    name_text: Field,
    name_family: Field,
    name_given: Field,
    gender: Field,
    birth_date: Field,
    identifiers: Vec<IdentifierFields>,
    phones: Vec<Field>,
    addresses: Vec<AddressFields>,
    contacts: Vec<ContactFields>,
    nationality: Field,
    ethnicity: Field,
    marital_status: Field,
    deceased: Field,
    updated_at: Field,
    version: Field,
    /// The source's own names; fields refer to them by place.
    names: Arc<[Arc<str>]>,
}

#[derive(Clone, Debug)]
struct IdentifierFields {
    kind: Field,
    value: Field,
    system: Field,
}

#[derive(Clone, Debug)]
struct AddressFields {
    text: Field,
    division_code: Field,
    postal_code: Field,
    country: Field,
}

#[derive(Clone, Debug)]
struct ContactFields {
    name: Field,
    relation: Field,
    phone: Field,
}

/// A patient in canonical field names, and where its fields came from.
pub struct Mapped {
    /// Values as the source wrote them. Numbers and truth values are the text of their JSON; what is
    /// absent, null, blank or no scalar is empty. Elements of lists that are empty are left out.
    pub patient: RawPatient,
    /// The sender's own names of the fields.
    pub sources: Sources,
}

impl Mapping {
    /// Reads a source's object.
    pub fn map(&self, object: &Map<String, Value>) -> Mapped {
        let mut reader = Reader { object, notes: Notes::default() };
        let patient = RawPatient {
            patient_id: reader.plain(&self.patient_id),
            name: RawName {
                text: reader.plain(&self.name_text),
                family: reader.plain(&self.name_family),
                given: reader.plain(&self.name_given),
            },
            gender: reader.plain(&self.gender),
            birth_date: reader.plain(&self.birth_date),
            identifiers: reader.list(&self.identifiers, Reader::identifier),
            phones: reader.list(&self.phones, Reader::text),
            addresses: reader.list(&self.addresses, Reader::address),
            contacts: reader.list(&self.contacts, Reader::contact),
            nationality: reader.plain(&self.nationality),
            ethnicity: reader.plain(&self.ethnicity),
            marital_status: reader.plain(&self.marital_status),
            deceased: reader.plain(&self.deceased),
            updated_at: reader.plain(&self.updated_at),
            version: reader.plain(&self.version),
            ..RawPatient::default()
        };
        Mapped { patient, sources: Sources::new(self.names.clone(), reader.notes) }
    }

    /// The keys at the top of a source's object under which nothing is looked for.
    pub fn unmapped_keys<'o>(&self, object: &'o Map<String, Value>) -> impl Iterator<Item = &'o str> {
        object.keys().map(String::as_str).filter(|key| !self.looks_under(key))
    }

    fn looks_under(&self, key: &str) -> bool {
        let parts = self.names.iter().flat_map(|name| name.split('+'));
        let mut keys = parts
            .map(|part| part.strip_prefix('/').map_or(part, |path| path.split('/').next().unwrap_or(path)));
        keys.any(|known| known.eq_ignore_ascii_case(key))
    }

    /// The value in a source's object that is the patient's number, to be changed in place.
    pub fn patient_id_in<'o>(&self, object: &'o mut Map<String, Value>) -> Option<&'o mut Value> {
        self.patient_id.value_in(object)
    }
}

/// Reads one object, and notes where each field came from.
struct Reader<'o> {
    object: &'o Map<String, Value>,
    notes: Notes,
}

impl Reader<'_> {
    fn plain(&mut self, field: &Field) -> Phi<String> {
        self.text(field, 0)
    }

    fn text(&mut self, field: &Field, position: u32) -> Phi<String> {
        let (text, alternative) = field.read(self.object);
        if let Some(name) = alternative.and_then(|alternative| alternative.name) {
            self.notes.add(field.canonical, position, name, !text.is_empty());
        }
        text.into()
    }

    /// Reads the elements that hold anything of the record: constants alone make no element.
    fn list<E, T>(&mut self, elements: &[E], read: impl Fn(&mut Self, &E, u32) -> T) -> Vec<T> {
        let mut list = Vec::with_capacity(elements.len());
        for element in elements {
            let mark = self.notes.mark();
            let position = u32::try_from(list.len()).expect("a profile has few elements");
            let value = read(self, element, position);
            if self.notes.found_since(mark) {
                list.push(value);
            } else {
                self.notes.forget_since(mark);
            }
        }
        if let (true, Some(first)) = (list.is_empty(), elements.first()) {
            // Once more for its notes: what misses the list must be able to say where it should be.
            read(self, first, 0);
        }
        list
    }

    fn identifier(&mut self, fields: &IdentifierFields, position: u32) -> RawIdentifier {
        let value = self.text(&fields.value, position);
        if value.is_empty() {
            // A type without a number identifies nobody.
            return RawIdentifier::default();
        }
        RawIdentifier {
            kind: self.text(&fields.kind, position),
            value,
            system: self.text(&fields.system, position),
        }
    }

    fn address(&mut self, fields: &AddressFields, position: u32) -> RawAddress {
        RawAddress {
            text: self.text(&fields.text, position),
            division_code: self.text(&fields.division_code, position),
            postal_code: self.text(&fields.postal_code, position),
            country: self.text(&fields.country, position),
        }
    }

    fn contact(&mut self, fields: &ContactFields, position: u32) -> RawContact {
        RawContact {
            name: self.text(&fields.name, position),
            relation: self.text(&fields.relation, position),
            phone: self.text(&fields.phone, position),
        }
    }
}

#[cfg(test)]
mod tests;
