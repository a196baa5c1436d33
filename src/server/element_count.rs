//! Counts the elements of a message without decoding it: an element that is two bytes on the wire can take hundreds in
//! memory.

/// The fields of a message that are or contain elements, by their numbers.
pub(super) struct WireMessage {
    fields: &'static [(u64, WireField)],
}

enum WireField {
    /// Repeated; each value is an element without elements of its own.
    Elements,
    /// Repeated; each value is an element that may contain others.
    Records(&'static WireMessage),
    /// One message that may contain elements.
    One(&'static WireMessage),
}

/// `BatchProcessRequest`.
pub(super) static BATCH_PROCESS_REQUEST: WireMessage =
    WireMessage { fields: &[(2, WireField::Records(&PATIENT_DATA))] };

/// `BatchProcessStreamRequest`.
pub(super) static BATCH_PROCESS_STREAM_REQUEST: WireMessage =
    WireMessage { fields: &[(2, WireField::One(&STREAM_RECORDS))] };

static STREAM_RECORDS: WireMessage = WireMessage { fields: &[(1, WireField::Records(&PATIENT_DATA))] };

static PATIENT_DATA: WireMessage = WireMessage { fields: &[(3, WireField::One(&RAW_PATIENT))] };

/// Identifiers, phones, addresses and contacts.
static RAW_PATIENT: WireMessage = WireMessage {
    fields: &[
        (5, WireField::Elements),
        (6, WireField::Elements),
        (7, WireField::Elements),
        (8, WireField::Elements),
    ],
};

/// Counts the elements of a message. A malformed field ends the count, as it ends the decoding.
pub(super) fn count_elements(layout: &WireMessage, mut message: &[u8]) -> usize {
    let mut count = 0;
    while let Some((number, value)) = next_field(&mut message) {
        let Some((_, field)) = layout.fields.iter().find(|(known, _)| *known == number) else { continue };
        count += match field {
            WireField::Elements => 1,
            WireField::Records(inner) => 1 + count_elements(inner, value),
            WireField::One(inner) => count_elements(inner, value),
        };
    }
    count
}

/// Takes the next field off: its number, and its content if the field has a length.
fn next_field<'m>(message: &mut &'m [u8]) -> Option<(u64, &'m [u8])> {
    let tag = varint(message)?;
    let value = match tag & 7 {
        0 => varint(message).map(|_| &[][..])?,
        1 => take(message, 8)?,
        2 => {
            let length = varint(message)?;
            take(message, usize::try_from(length).ok()?)?
        }
        5 => take(message, 4)?,
        _ => return None,
    };
    Some((tag >> 3, value))
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for index in 0..10 {
        let byte = take(message, 1)?[0];
        value |= u64::from(byte & 0x7f) << (7 * index).min(63);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn take<'m>(message: &mut &'m [u8], bytes: usize) -> Option<&'m [u8]> {
    let (taken, rest) = message.split_at_checked(bytes)?;
    *message = rest;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;
    use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};

    use super::*;
    use crate::server::{DESCRIPTORS, pb};

    /// Asserts that the table names every repeated field that can be reached from a message.
    fn assert_complete(layout: &WireMessage, message: &MessageDescriptor) {
        for field in message.fields() {
            let named = layout.fields.iter().find(|(number, _)| *number == u64::from(field.number()));
            let inner = match field.kind() {
                Kind::Message(inner) if inner.full_name().starts_with("dataprocessing") => Some(inner),
                _ => None,
            };
            match (named.map(|(_, named)| named), inner) {
                (Some(WireField::Records(node)), Some(inner)) if field.is_list() => {
                    assert_complete(node, &inner)
                }
                (Some(WireField::One(node)), Some(inner)) if !field.is_list() => {
                    assert_complete(node, &inner)
                }
                (Some(WireField::Elements), inner) if field.is_list() => {
                    inner.iter().for_each(|inner| assert_complete(&WireMessage { fields: &[] }, inner));
                }
                (None, Some(inner)) if !field.is_list() => {
                    assert_complete(&WireMessage { fields: &[] }, &inner)
                }
                (named, _) => assert!(named.is_none() && !field.is_list(), "{}", field.full_name()),
            }
        }
    }

    #[test]
    fn the_tables_name_every_list_of_the_contract() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let message = |name| pool.get_message_by_name(&format!("dataprocessing.v1.{name}")).unwrap();
        assert_complete(&BATCH_PROCESS_REQUEST, &message("BatchProcessRequest"));
        assert_complete(&BATCH_PROCESS_STREAM_REQUEST, &message("BatchProcessStreamRequest"));
    }

    #[test]
    fn every_element_is_counted_once() {
        let patient = pb::RawPatient {
            phones: vec![String::new(); 3],
            identifiers: vec![Default::default(); 2],
            addresses: vec![Default::default()],
            contacts: vec![Default::default(); 4],
            ..Default::default()
        };
        let payload = Some(pb::patient_data::Payload::Patient(patient));
        let record = pb::PatientData { id: "r".to_owned(), payload, ..Default::default() };
        let request = pb::BatchProcessRequest { data_list: vec![record; 5], ..Default::default() };
        assert_eq!(count_elements(&BATCH_PROCESS_REQUEST, &request.encode_to_vec()), 5 * (1 + 10));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_counted(bytes: Vec<u8>) {
            prop_assert!(count_elements(&BATCH_PROCESS_REQUEST, &bytes) <= bytes.len());
            prop_assert!(count_elements(&BATCH_PROCESS_STREAM_REQUEST, &bytes) <= bytes.len());
        }
    }
}
