//! Reading one record by a mapping.

use std::{collections::HashSet, ops::ControlFlow};

use serde_json::{Map, Value};

use super::{
    AddressFields, ContactFields, Element, IdentifierFields, Lookups,
    lookup::Lookup,
    path::Root,
    source_fields::{Note, Notes},
};
use crate::{
    phi::Phi,
    record::{MAX_ELEMENTS, RawAddress, RawContact, RawIdentifier, RawName, RawPatient, ScalarField},
};

/// Reads one record, and notes where each field came from.
pub(super) struct Mapper<'o> {
    record: &'o Map<String, Value>,
    nulls: &'o HashSet<String>,
    notes: Notes,
}

/// Where the fields of one element begin.
#[derive(Clone, Copy)]
struct Start<'o> {
    root: Root<'o>,
    /// Index in the sender's list, if they are in an element of one.
    element: Option<u32>,
    /// Index in the canonical list.
    position: u32,
}

impl<'o> Mapper<'o> {
    pub(super) fn new(record: &'o Map<String, Value>, nulls: &'o HashSet<String>) -> Self {
        Self { record, nulls, notes: Notes::default() }
    }

    /// The patient, and where everything came from.
    pub(super) fn patient(mut self, lookups: &Lookups) -> (RawPatient, Notes) {
        let Lookups { scalars, name, identifiers, phones, addresses, contacts } = lookups;
        let mut patient = RawPatient::default();
        for (field, lookup) in ScalarField::ALL.into_iter().zip(scalars) {
            patient[field] = self.plain(lookup);
        }
        patient.name = RawName {
            text: self.plain(&name.text),
            family: self.plain(&name.family),
            given: self.plain(&name.given),
        };
        patient.identifiers = self.list(identifiers, Self::identifier);
        patient.phones = self.list(phones, Self::text);
        patient.addresses = self.list(addresses, Self::address);
        patient.contacts = self.list(contacts, Self::contact);
        (patient, self.notes)
    }

    fn plain(&mut self, field: &Lookup) -> Phi<String> {
        self.read(field, Root::Record(self.record), None, None)
    }

    fn text(&mut self, field: &Lookup, start: Start<'_>) -> Phi<String> {
        self.read(field, start.root, start.element, Some(start.position))
    }

    fn read(
        &mut self,
        field: &Lookup,
        root: Root<'_>,
        element: Option<u32>,
        position: Option<u32>,
    ) -> Phi<String> {
        let (found, alternative) = field.read(root, self.nulls);
        if let Some(name) = alternative.and_then(|alternative| alternative.name) {
            self.notes.add(Note {
                field: field.canonical,
                position,
                name,
                element: element.or_else(|| found.as_ref()?.element),
                found: found.is_some(),
                is_number: found.as_ref().is_some_and(|found| found.is_number),
            });
        }
        found.map(|found| found.text).unwrap_or_default().into()
    }

    fn list<F, T>(
        &mut self,
        elements: &[Element<F>],
        read: impl Fn(&mut Self, &F, Start<'_>) -> T,
    ) -> Vec<T> {
        let record = Root::Record(self.record);
        let mut list = Vec::with_capacity(elements.len());
        for Element { each, fields } in elements {
            let taken = match each {
                None => self.take(&mut list, fields, record, None, &read),
                Some(selection) => selection.elements(record).try_for_each(|(index, element)| {
                    self.take(&mut list, fields, Root::Element(element), Some(index), &read)
                }),
            };
            if taken.is_break() {
                break;
            }
        }
        if let (true, Some(Element { each, fields })) = (list.is_empty(), elements.first()) {
            // Once more for its notes: an issue about the missing list must be able to name its source.
            let root = if each.is_some() { Root::Element(&Value::Null) } else { record };
            read(self, fields, Start { root, element: None, position: 0 });
        }
        list
    }

    /// Reads an element into the list if it holds anything of the record: constants alone make no element.
    /// Breaks when the list holds one more than are read, which shows its reader that there are more.
    fn take<F, T>(
        &mut self,
        list: &mut Vec<T>,
        fields: &F,
        root: Root<'_>,
        element: Option<u32>,
        read: impl Fn(&mut Self, &F, Start<'_>) -> T,
    ) -> ControlFlow<()> {
        let mark = self.notes.mark();
        let position = u32::try_from(list.len()).expect("no list is longer than its limit");
        let value = read(self, fields, Start { root, element, position });
        if self.notes.found_since(mark) {
            list.push(value);
        } else {
            self.notes.forget_since(mark);
        }
        if list.len() > MAX_ELEMENTS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn identifier(&mut self, fields: &IdentifierFields, start: Start<'_>) -> RawIdentifier {
        let value = self.text(&fields.value, start);
        if value.is_empty() {
            // A type without a number identifies nobody.
            return RawIdentifier::default();
        }
        RawIdentifier {
            kind: self.text(&fields.kind, start),
            value,
            system: self.text(&fields.system, start),
        }
    }

    fn address(&mut self, fields: &AddressFields, start: Start<'_>) -> RawAddress {
        RawAddress {
            text: self.text(&fields.text, start),
            division_code: self.text(&fields.division_code, start),
            postal_code: self.text(&fields.postal_code, start),
            country: self.text(&fields.country, start),
        }
    }

    fn contact(&mut self, fields: &ContactFields, start: Start<'_>) -> RawContact {
        RawContact {
            name: self.text(&fields.name, start),
            relation: self.text(&fields.relation, start),
            phone: self.text(&fields.phone, start),
        }
    }
}
