//! Lists: identifiers, phones, addresses and contacts.

use super::{FieldPath, Formatter, owned};
use crate::{
    change::ChangeKind,
    draft::{DraftContact, DraftIdentifier, Positioned},
    field_names::{FieldName, field},
    format::{address, catalogue, identifier, phone, resident_id::ResidentId},
    patient::{Address, Identifier},
    phi::Phi,
    record::{MAX_ELEMENTS, RawAddress, RawContact, RawIdentifier},
};

impl Formatter<'_> {
    /// Calls `read` on each element; what it finds empty is left out.
    pub(super) fn each<R, T>(
        &mut self,
        list: &[R],
        field: FieldName,
        mut read: impl FnMut(&mut Self, &R, u32) -> Option<T>,
    ) -> Vec<Positioned<T>> {
        let list = self.bounded(list, field);
        let mut placed = Vec::with_capacity(list.len());
        for (position, raw) in (0..).zip(list) {
            placed.extend(read(self, raw, position).map(|value| Positioned { position, value }));
        }
        placed
    }

    /// The identifiers, each number once. An old resident id is followed by its new form, unless the source
    /// sends that too.
    pub(super) fn identifiers(&mut self, list: &[RawIdentifier]) -> Vec<DraftIdentifier> {
        let list = self.bounded(list, field!("identifiers"));
        let mut identifiers: Vec<DraftIdentifier> = Vec::with_capacity(list.len());
        for (position, raw) in (0..).zip(list) {
            let Some(identifier) = self.identifier(raw, position) else { continue };
            if identifiers.iter().any(|other| other.is_same(&identifier)) {
                let path = FieldPath(field!("identifiers"), Some(position));
                self.note(path, &catalogue::DUPLICATE_DROPPED, ChangeKind::Dropped);
            } else {
                identifiers.push(identifier);
            }
        }
        for path in 0..identifiers.len() {
            let Some(upgraded) = identifiers[path].upgraded() else { continue };
            if !identifiers.iter().any(|other| other.is_same(&upgraded)) {
                let path = FieldPath(field!("identifiers.value"), Some(upgraded.position));
                self.note(path, &catalogue::RESIDENT_ID_FORMATTED, ChangeKind::Added);
                identifiers.push(upgraded);
            }
        }
        identifiers
    }

    pub(super) fn identifier(&mut self, raw: &RawIdentifier, position: u32) -> Option<DraftIdentifier> {
        let at = |field| FieldPath(field, Some(position));
        let table = self.profile.codes.identifier_type.as_ref();
        let number = self.token(&raw.value, at(field!("identifiers.value")))?;
        let kind = self.coded(&raw.kind, at(field!("identifiers.type")), table);
        let system = self.token(&raw.system, at(field!("identifiers.system"))).map(owned);
        let type_code = kind.value().map_or(Identifier::OTHER, |kind| kind.as_str());
        let (value, rule) = identifier::format(type_code, &number);
        self.note_if(value != number, at(field!("identifiers.value")), rule, ChangeKind::Reformatted);
        let resident_id = (type_code == Identifier::RESIDENT_ID).then(|| ResidentId::parse(&value));
        let value = value.into_owned().into();
        Some(DraftIdentifier { position, kind, value, system, resident_id, is_derived: false })
    }

    /// The phones, each number once. The bound of the list holds for the numbers of all its texts together.
    pub(super) fn phones(&mut self, list: &[Phi<String>]) -> Vec<Positioned<phone::Phone>> {
        let list = self.bounded(list, field!("phones"));
        let mut phones: Vec<Positioned<phone::Phone>> = Vec::with_capacity(list.len());
        let mut numbers = 0;
        for (position, raw) in (0..).zip(list) {
            let path = FieldPath(field!("phones"), Some(position));
            let Some(text) = self.token(raw, path) else { continue };
            let before = numbers;
            for number in phone::split(&text) {
                numbers += 1;
                if numbers > MAX_ELEMENTS {
                    self.report_overlong(field!("phones"));
                    return phones;
                }
                if self.is_null(number) {
                    self.note(path, &catalogue::NULL_TOKEN_EMPTIED, ChangeKind::Emptied);
                    continue;
                }
                let value = self.phone(number, path);
                if phones.iter().any(|other| other.value == value) {
                    self.note(path, &catalogue::DUPLICATE_DROPPED, ChangeKind::Dropped);
                } else {
                    phones.push(Positioned { position, value });
                }
            }
            self.note_if(numbers - before > 1, path, &catalogue::PHONE_FORMATTED, ChangeKind::Split);
        }
        phones
    }

    pub(super) fn phone(&mut self, number: &str, path: FieldPath) -> phone::Phone {
        let phone = phone::format(number, self.profile.phone_region);
        self.note_if(phone.text != number, path, &catalogue::PHONE_FORMATTED, ChangeKind::Reformatted);
        phone
    }

    pub(super) fn address(&mut self, raw: &RawAddress, position: u32) -> Option<Address> {
        let at = |field| FieldPath(field, Some(position));
        let text = self.free_text(&raw.text, at(field!("addresses.text")));
        let text = text.map(|text| self.without_repeated_divisions(&text, at(field!("addresses.text"))));
        let division_code = self.token(&raw.division_code, at(field!("addresses.division_code"))).map(owned);
        let postal_code = self.token(&raw.postal_code, at(field!("addresses.postal_code"))).map(owned);
        let country = self.token(&raw.country, at(field!("addresses.country"))).map(owned);
        let anything = text.as_ref().or(division_code.as_ref()).or(postal_code.as_ref()).or(country.as_ref());
        anything?;
        let text = text.unwrap_or_default();
        let division_code = division_code
            .or_else(|| self.derived_division_code(&text, at(field!("addresses.division_code"))));
        Some(Address { text, division_code, postal_code, country })
    }

    pub(super) fn without_repeated_divisions(&mut self, text: &str, path: FieldPath) -> Phi<String> {
        let formatted = address::format(text);
        self.note_if(formatted != text, path, &catalogue::ADDRESS_FORMATTED, ChangeKind::Reformatted);
        owned(formatted)
    }

    pub(super) fn derived_division_code(&mut self, text: &str, path: FieldPath) -> Option<Phi<String>> {
        let code = address::division_code(text)?.to_string();
        self.note(path, &catalogue::ADDRESS_FORMATTED, ChangeKind::Added);
        Some(code.into())
    }

    pub(super) fn contact(&mut self, raw: &RawContact, position: u32) -> Option<DraftContact> {
        let at = |field| FieldPath(field, Some(position));
        let name = self.name_part(&raw.name, at(field!("contacts.name")));
        let relation = self.token(&raw.relation, at(field!("contacts.relation"))).map(owned);
        let number = self.token(&raw.phone, at(field!("contacts.phone")));
        let phone = number.map(|number| self.phone(&number, at(field!("contacts.phone"))));
        let anything = name.is_some() || relation.is_some() || phone.is_some();
        anything.then_some(DraftContact { name, relation, phone })
    }

    /// The elements that are read. A list with more is reported and rejects the record, so none is lost
    /// silently, and no record costs more than its share.
    pub(super) fn bounded<'r, R>(&mut self, list: &'r [R], field: FieldName) -> &'r [R] {
        if list.len() > MAX_ELEMENTS {
            self.report_overlong(field);
        }
        &list[..list.len().min(MAX_ELEMENTS)]
    }

    fn report_overlong(&mut self, field: FieldName) {
        if !self.overlong.contains(&field) {
            self.overlong.push(field);
        }
    }
}
