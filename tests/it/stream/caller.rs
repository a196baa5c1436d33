//! A caller of `BatchProcessStream`.

use std::{collections::HashSet, time::Duration};

use dataprocessing::server::pb::{
    BatchProcessResponse, BatchProcessStreamRequest, BatchProcessStreamResponse, PatientData, RecordResult,
    ResultView, StreamEnd, StreamProgress, StreamRecords, StreamStart, batch_process_stream_request as up,
    batch_process_stream_response as down, data_processing_client::DataProcessingClient,
};
use futures_util::{Stream, stream};
use tokio::sync::mpsc;
use tonic::{Request, Status, Streaming, transport::Channel};

use crate::support::service::{TestService, balanced};

/// Everything that came down.
#[derive(Default)]
pub(crate) struct Answer {
    pub results: Vec<RecordResult>,
    pub progress: Vec<StreamProgress>,
    pub report: Option<BatchProcessResponse>,
    pub status: Option<Status>,
}

/// A call whose messages are sent and read one by one.
pub(crate) struct Call {
    up: Option<mpsc::Sender<BatchProcessStreamRequest>>,
    down: Streaming<BatchProcessStreamResponse>,
}

pub(crate) fn message(message: up::Message) -> BatchProcessStreamRequest {
    BatchProcessStreamRequest { message: Some(message) }
}

/// The first message, which asks for every result.
pub(crate) fn start() -> BatchProcessStreamRequest {
    start_with(|_| ())
}

pub(crate) fn start_with(turn: impl FnOnce(&mut StreamStart)) -> BatchProcessStreamRequest {
    let mut start = StreamStart { result_view: ResultView::All as i32, ..Default::default() };
    turn(&mut start);
    message(up::Message::Start(start))
}

pub(crate) fn records(data_list: Vec<PatientData>) -> BatchProcessStreamRequest {
    message(up::Message::Records(StreamRecords { data_list }))
}

pub(crate) fn end(record_count: usize) -> BatchProcessStreamRequest {
    message(up::Message::End(StreamEnd { record_count: record_count as u32 }))
}

/// A whole upload in messages of so many records.
pub(crate) fn upload(data_list: Vec<PatientData>, chunk: usize) -> Vec<BatchProcessStreamRequest> {
    let count = data_list.len();
    let chunks: Vec<_> = data_list.chunks(chunk).map(|chunk| records(chunk.to_vec())).collect();
    [start()].into_iter().chain(chunks).chain([end(count)]).collect()
}

/// Sends messages, closes its side, and reads to the end.
pub(crate) async fn send(service: &TestService, messages: Vec<BatchProcessStreamRequest>) -> Answer {
    match service.client().batch_process_stream(stream::iter(messages)).await {
        Ok(response) => read(response.into_inner()).await,
        Err(status) => Answer { status: Some(status), ..Answer::default() },
    }
}

async fn read(mut down: Streaming<BatchProcessStreamResponse>) -> Answer {
    let mut answer = Answer::default();
    loop {
        match down.message().await {
            Ok(Some(message)) => answer.add(message),
            Ok(None) => return answer,
            Err(status) => {
                answer.status = Some(status);
                return answer;
            }
        }
    }
}

impl Answer {
    fn add(&mut self, message: BatchProcessStreamResponse) {
        assert!(self.report.is_none(), "nothing follows the report");
        match message.message.expect("no message is empty") {
            down::Message::Results(results) => {
                assert!((1..=100).contains(&results.results.len()));
                self.results.extend(results.results);
            }
            down::Message::Progress(progress) => self.progress.push(progress),
            down::Message::Report(report) => self.report = Some(report),
        }
    }

    /// The report of an answer that ended in order: its counters add up, and every record that was received
    /// has one result, if every result was asked for.
    pub(crate) fn report(&self) -> &BatchProcessResponse {
        assert!(self.status.is_none(), "{:?}", self.status);
        let report = self.report.as_ref().expect("the last message is the report");
        let received = balanced(report).received;
        assert!(report.results.is_empty() && report.results_omitted == 0, "results come by themselves");
        let indexes: HashSet<_> = self.results.iter().map(|result| result.index).collect();
        assert_eq!(indexes.len(), self.results.len(), "no result comes twice");
        assert!(indexes.iter().all(|index| *index < received));
        report
    }

    /// The same where every result was asked for.
    pub(crate) fn full_report(&self) -> &BatchProcessResponse {
        let report = self.report();
        assert_eq!(self.results.len() as u32, balanced(report).received, "every record has its result");
        report
    }
}

impl Call {
    /// Opens a call and sends its first message.
    pub(crate) async fn open(service: &TestService, first: BatchProcessStreamRequest) -> Self {
        Self::open_on(service.client(), first, Duration::from_secs(60)).await
    }

    pub(crate) async fn open_on(
        mut client: DataProcessingClient<Channel>,
        first: BatchProcessStreamRequest,
        timeout: Duration,
    ) -> Self {
        let (up, messages) = mpsc::channel(1);
        up.send(first).await.expect("the channel is open");
        let mut request = Request::new(received(messages));
        request.set_timeout(timeout);
        let down = client.batch_process_stream(request).await.expect("the call opens").into_inner();
        Self { up: Some(up), down }
    }

    /// Sends a message; waits while the server does not read.
    pub(crate) async fn send(&self, message: BatchProcessStreamRequest) {
        // What the server does not want any more goes nowhere; its answer says why.
        let _ = self.up.as_ref().expect("its side is open").send(message).await;
    }

    /// Reads until so many results have come.
    pub(crate) async fn next_results(mut self, count: usize) -> (Self, Vec<RecordResult>) {
        let mut answer = Answer::default();
        while answer.results.len() < count {
            answer.add(self.down.message().await.expect("no status").expect("no end"));
        }
        (self, answer.results)
    }

    /// Closes its side and reads to the end.
    pub(crate) async fn finish(mut self) -> Answer {
        self.up = None;
        read(self.down).await
    }

    /// Reads to the end and leaves its side open.
    pub(crate) async fn read(self) -> Answer {
        let Self { up, down } = self;
        let answer = read(down).await;
        drop(up);
        answer
    }
}

fn received(
    messages: mpsc::Receiver<BatchProcessStreamRequest>,
) -> impl Stream<Item = BatchProcessStreamRequest> {
    stream::unfold(messages, |mut messages| async { Some((messages.recv().await?, messages)) })
}
