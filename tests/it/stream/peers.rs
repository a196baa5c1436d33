//! Peers that are slow on purpose: their own batch waits, and nobody else's.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use dataprocessing::server::pb::{Completion, data_processing_client::DataProcessingClient};
use http_body::Frame;
use prost::Message;
use tokio::time::{Instant, Interval};
use tonic::{Code, Status, body::Body, transport::Endpoint};
use tower_service::Service;

use super::caller::{Call, records, start};
use crate::support::{
    eventually,
    query::count,
    records::{many, request},
    service::{TestService, balanced},
};

/// A client that takes little before it reads.
async fn narrow(service: &TestService) -> DataProcessingClient<tonic::transport::Channel> {
    let endpoint: Endpoint = format!("http://{}", service.address).parse().unwrap();
    let endpoint = endpoint.initial_stream_window_size(16 * 1024).initial_connection_window_size(16 * 1024);
    DataProcessingClient::new(endpoint.connect().await.unwrap())
}

#[tokio::test]
async fn a_caller_that_does_not_read_stops_its_own_upload_until_its_deadline() {
    let service = TestService::with(|knobs| knobs.config.server.stream_window = 50).await;
    let alone = timed(&service, 0).await;
    let timeout = Duration::from_secs(3);
    let opened = Instant::now();
    let call = Call::open_on(narrow(&service).await, start(), timeout).await;
    call.send(records(many(20_000))).await;
    let mut calls = 0;
    eventually("the batch stands still", async || {
        let before = std::mem::replace(&mut calls, service.simulator.stats().calls);
        tokio::time::sleep(Duration::from_millis(100)).await;
        calls > 100 && before == calls
    })
    .await;
    assert!(calls < 5000, "it has stopped early: {calls}");

    let beside = timed(&service, 1).await;
    assert!(beside < 3 * alone + Duration::from_millis(100), "{beside:?} against {alone:?} alone");
    eventually("the batch has ended", async || service.svc.tasks.is_empty()).await;
    assert!(opened.elapsed() < timeout + Duration::from_secs(1), "{:?}", opened.elapsed());
    assert!(opened.elapsed() >= Duration::from_secs(2), "it waited for its caller");

    let answer = call.read().await;
    assert_eq!(answer.status.expect("it is too late for a report").code(), Code::DeadlineExceeded);
    assert!(!answer.results.is_empty(), "what had gone out is there");
    assert_eq!(count(&service.database_url, "batches WHERE completion = 'deadline'").await, 1);
    service.ended().await;
}

/// How long a batch of a hundred records takes.
async fn timed(service: &TestService, run: usize) -> Duration {
    let mut data_list = many(100);
    data_list.iter_mut().for_each(|record| record.id = format!("{run}.{}", record.id));
    let sent = Instant::now();
    let response = service.process(request(data_list)).await.unwrap();
    assert_eq!(response.completion(), Completion::Complete);
    assert_eq!(balanced(&response).failed, 0);
    sent.elapsed()
}

#[tokio::test]
async fn many_callers_that_do_not_read_leave_a_shared_connection_to_the_others() {
    let service = TestService::with(|knobs| knobs.config.server.stream_window = 10).await;
    // More than the window of one stream, so that each of them holds as much as it can.
    let much = records(many(20_000));
    let mut stalled = Vec::new();
    for _ in 0..8 {
        let call = Call::open_on(service.client(), start(), Duration::from_secs(4)).await;
        call.send(much.clone()).await;
        stalled.push(call);
    }
    assert!(timed(&service, 0).await < Duration::from_secs(3), "the others are served");
    drop(stalled);
    service.ended().await;
}

#[tokio::test]
async fn a_caller_that_sends_a_byte_at_a_time_is_cut_when_no_message_comes() {
    let service = TestService::with(|knobs| {
        knobs.config.server.stream_idle = Duration::from_millis(500);
    })
    .await;
    let opened = Instant::now();
    let request = http::Request::post(format!("http://{}{}", service.address, PATH))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(Trickle::new()))
        .unwrap();
    let mut channel = service.channel.clone();
    std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
    let response = channel.call(request).await.unwrap();
    let mut answer = response.into_body();
    let trailers = loop {
        let frame =
            std::future::poll_fn(|context| http_body::Body::poll_frame(Pin::new(&mut answer), context));
        match frame.await.expect("there are trailers").expect("the answer arrives").into_trailers() {
            Ok(trailers) => break trailers,
            Err(_data) => {}
        }
    };
    assert_eq!(trailers["grpc-status"], "0");
    assert!(opened.elapsed() < Duration::from_secs(5), "{:?}", opened.elapsed());
    eventually("the batch was cut", async || {
        count(&service.database_url, "batches WHERE completion = 'cancelled'").await == 1
    })
    .await;
    service.ended().await;
}

const PATH: &str = "/dataprocessing.v1.DataProcessing/BatchProcessStream";

/// A body whose first message comes at once, and the second a byte at a time.
struct Trickle {
    first: Option<Bytes>,
    rest: Bytes,
    interval: Interval,
}

impl Trickle {
    fn new() -> Self {
        let framed = |message: Vec<u8>| {
            let mut bytes = BytesMut::new();
            bytes.put_u8(0);
            bytes.put_u32(message.len() as u32);
            bytes.put_slice(&message);
            bytes.freeze()
        };
        let first = Some(framed(start().encode_to_vec()));
        let rest = framed(records(many(100)).encode_to_vec());
        Self { first, rest, interval: tokio::time::interval(Duration::from_millis(20)) }
    }
}

impl http_body::Body for Trickle {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        std::task::ready!(self.interval.poll_tick(context));
        let byte = self.rest.split_to(1);
        Poll::Ready(Some(Ok(Frame::data(byte))))
    }
}
