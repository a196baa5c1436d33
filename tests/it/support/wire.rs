//! Bytes on the wire that no generated client would send.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// Sends `message` as the body of a `BatchProcess` call, with extra headers.
pub(crate) async fn call(
    channel: &Channel,
    message: Bytes,
    headers: &[(&'static str, &str)],
) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_encoding_message_size(usize::MAX);
    grpc.ready().await.expect("the channel is open");
    let mut request = Request::new(message);
    request.set_timeout(Duration::from_secs(20));
    for (name, value) in headers {
        request.metadata_mut().insert(*name, value.parse().expect("a sound header"));
    }
    let path = http::uri::PathAndQuery::from_static("/dataprocessing.v1.DataProcessing/BatchProcess");
    grpc.unary(request, path, RawCodec).await.map(tonic::Response::into_inner)
}

/// Takes the bytes as they are.
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
