//! The codec of all messages: prost's, but it refuses a message that would take far more memory than it has bytes.

use std::{any::TypeId, marker::PhantomData};

use bytes::Buf;
use prost::Message;
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder},
};
use tonic_prost::{ProstDecoder, ProstEncoder};

use super::{
    element_count::{self, WireMessage},
    pb,
    status::invalid,
};

/// How many elements every message may have, whatever its size.
const FREE_ELEMENTS: usize = 100_000;

/// How many bytes each further element needs: far fewer than real records have.
const BYTES_PER_ELEMENT: usize = 32;

/// The codec that the generated code uses.
pub(super) struct BoundedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for BoundedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for BoundedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = BoundedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder(ProstDecoder::default())
    }
}

/// Checks a message before it is decoded.
pub(super) struct BoundedDecoder<U>(ProstDecoder<U>);

impl<U: Message + Default + 'static> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        if let Some(layout) = layout::<U>() {
            check(layout, source.chunk())?;
        }
        self.0.decode(source)
    }
}

/// Messages that hold records and can be as large as the configuration allows.
fn layout<U: 'static>() -> Option<&'static WireMessage> {
    let message = TypeId::of::<U>();
    if message == TypeId::of::<pb::BatchProcessRequest>() {
        Some(&element_count::BATCH_PROCESS_REQUEST)
    } else if message == TypeId::of::<pb::BatchProcessStreamRequest>() {
        Some(&element_count::BATCH_PROCESS_STREAM_REQUEST)
    } else {
        None
    }
}

fn check(layout: &WireMessage, message: &[u8]) -> Result<(), Status> {
    let max = FREE_ELEMENTS + message.len() / BYTES_PER_ELEMENT;
    if element_count::count_elements(layout, message) <= max {
        return Ok(());
    }
    let text = format!(
        "a message of {} bytes may hold at most {max} records, identifiers, phones, addresses and contacts; \
         send fewer per message",
        message.len()
    );
    Err(invalid("MESSAGE_TOO_DENSE", "data_list", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_nothing_but_elements_is_refused_and_a_usual_one_is_not() {
        let hollow = |records| [0x12, 0x00].repeat(records);
        assert!(check(&element_count::BATCH_PROCESS_REQUEST, &hollow(FREE_ELEMENTS)).is_ok());
        let refused =
            check(&element_count::BATCH_PROCESS_REQUEST, &hollow(FREE_ELEMENTS + 50_000)).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);

        let record = pb::PatientData {
            id: "r1".to_owned(),
            hospital_code: "febrl".to_owned(),
            payload: Some(pb::patient_data::Payload::RawJson("{\"id\":\"p1\"}".to_owned())),
        };
        let usual = pb::BatchProcessRequest { data_list: vec![record; 200_000], ..Default::default() };
        assert!(check(&element_count::BATCH_PROCESS_REQUEST, &usual.encode_to_vec()).is_ok());
    }
}
