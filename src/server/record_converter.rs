//! From the wire to raw records, which are taken as they are.

use std::sync::Arc;

use bytes::Bytes;

use super::pb::{self, patient_data};
use cleaning::{
    phi::Phi,
    record::{Payload, RawAddress, RawContact, RawIdentifier, RawName, RawPatient, RawRecord},
};

/// Turns the records of one call into raw records.
#[derive(Default)]
pub(super) struct RecordConverter {
    hospital: Arc<str>,
}

impl RecordConverter {
    /// Converts one record; its bytes are a slice of the message.
    pub(super) fn record(&mut self, data: pb::PatientData, index: u32) -> RawRecord {
        // Most records come from the same hospital as the one before, so they share its code.
        if *self.hospital != *data.hospital_code {
            self.hospital = data.hospital_code.as_str().into();
        }
        let payload = match data.payload {
            None => Payload::Missing,
            Some(patient_data::Payload::Patient(patient)) => Payload::Fields(Box::new(raw_patient(patient))),
            Some(patient_data::Payload::RawJson(text)) => Payload::Json(text.into()),
            Some(patient_data::Payload::RawBytes(bytes)) => Payload::Bytes(bytes.into()),
        };
        RawRecord { index, id: data.id.into(), hospital_code: Arc::clone(&self.hospital), payload }
    }

    /// Converts one record and copies its bytes: a slice would keep the whole message in memory until its last
    /// record is settled.
    pub(super) fn record_copied(&mut self, data: pb::PatientData, index: u32) -> RawRecord {
        let mut record = self.record(data, index);
        if let Payload::Bytes(bytes) = &mut record.payload {
            *bytes = Bytes::copy_from_slice(bytes).into();
        }
        record
    }
}

fn raw_patient(patient: pb::RawPatient) -> RawPatient {
    RawPatient {
        patient_id: patient.patient_id.into(),
        name: patient.name.map(raw_name).unwrap_or_default(),
        gender: patient.gender.into(),
        birth_date: patient.birth_date.into(),
        identifiers: patient.identifiers.into_iter().map(raw_identifier).collect(),
        phones: patient.phones.into_iter().map(Phi::new).collect(),
        addresses: patient.addresses.into_iter().map(raw_address).collect(),
        contacts: patient.contacts.into_iter().map(raw_contact).collect(),
        nationality: patient.nationality.into(),
        ethnicity: patient.ethnicity.into(),
        marital_status: patient.marital_status.into(),
        deceased: patient.deceased.into(),
        updated_at: patient.updated_at.into(),
        version: patient.version.into(),
        age: patient.age.into(),
        gender_display: patient.gender_display.into(),
        nationality_display: patient.nationality_display.into(),
        ethnicity_display: patient.ethnicity_display.into(),
        marital_status_display: patient.marital_status_display.into(),
        birth_date_absent_reason: patient.birth_date_absent_reason.into(),
    }
}

fn raw_name(name: pb::RawName) -> RawName {
    RawName { text: name.text.into(), family: name.family.into(), given: name.given.into() }
}

fn raw_identifier(identifier: pb::RawIdentifier) -> RawIdentifier {
    RawIdentifier {
        kind: identifier.r#type.into(),
        value: identifier.value.into(),
        system: identifier.system.into(),
    }
}

fn raw_address(address: pb::RawAddress) -> RawAddress {
    RawAddress {
        text: address.text.into(),
        division_code: address.division_code.into(),
        postal_code: address.postal_code.into(),
        country: address.country.into(),
    }
}

fn raw_contact(contact: pb::RawContact) -> RawContact {
    RawContact { name: contact.name.into(), relation: contact.relation.into(), phone: contact.phone.into() }
}
