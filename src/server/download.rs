//! The response of a streamed batch: results as they settle, progress, and at the end the report.
//!
//! It is polled only while the peer reads. Results that were not read stay in the batch's window; the batch never waits
//! for the peer and ends by its own deadline.

use cleaning::outcome::OutcomeCounts;
use std::{pin::Pin, time::Duration};

use futures_util::{Stream, stream};
use tokio::{
    sync::oneshot,
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::DropGuard;
use tonic::Status;

use super::{
    calls::answer_deadline,
    encode::stream::{ResultBuffer, progress},
    pb::BatchProcessStreamResponse,
    status::{self, internal_error},
};
use crate::{
    context::RequestContext,
    logic::{
        batch_run::BatchReport,
        calls::batch_stream::StreamError,
        ledger::{Progress, RecordResult, ResultStream},
    },
};

/// How long the first result of a message waits for others.
const MAX_GATHER_TIME: Duration = Duration::from_millis(20);

/// How often progress is sent, if there is any.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// The messages of one response.
pub(super) type ResponseStream =
    Pin<Box<dyn Stream<Item = Result<BatchProcessStreamResponse, Status>> + Send>>;

/// The end of a batch: its report, or why there is none.
pub(super) type BatchEnd = Result<BatchReport, StreamError<Status>>;

/// The response of one streamed batch.
pub(super) struct Download {
    result_stream: ResultStream,
    results: ResultBuffer,
    report: ReportState,
    arrived_at: Instant,
    /// The progress that was sent last.
    last_progress: Progress,
    timers: Timers,
    /// Cancels the batch when the response is dropped, because the caller has then disconnected.
    _caller: DropGuard,
}

enum ReportState {
    Awaited(oneshot::Receiver<BatchEnd>),
    /// The batch has ended and every result is in the result stream.
    Ready(Box<BatchEnd>),
    Sent,
}

/// Kept over many waits: setting a timer costs more than polling one.
struct Timers {
    deadline: Pin<Box<Sleep>>,
    gathered: Pin<Box<Sleep>>,
    progress: Pin<Box<Sleep>>,
}

/// What to do next.
enum DownloadStep {
    Expire,
    Finish(Box<BatchEnd>),
    SendResults,
    Take(Vec<RecordResult>),
    SendReport(Box<BatchEnd>),
    SendProgress,
}

impl Download {
    pub(super) fn new(
        context: &RequestContext,
        result_stream: ResultStream,
        report: oneshot::Receiver<BatchEnd>,
        results: ResultBuffer,
        caller: DropGuard,
    ) -> Self {
        let now = Instant::now();
        let timer = |at| Box::pin(sleep_until(at));
        Self {
            result_stream,
            results,
            report: ReportState::Awaited(report),
            arrived_at: context.arrived_at,
            last_progress: Progress { received: 0, by_outcome: OutcomeCounts::default() },
            timers: Timers {
                deadline: timer(answer_deadline(context.arrived_at, context.deadline)),
                gathered: timer(now),
                progress: timer(now + PROGRESS_INTERVAL),
            },
            _caller: caller,
        }
    }

    /// The messages, which end with the report or a status.
    pub(super) fn messages(self) -> ResponseStream {
        Box::pin(stream::unfold(self, |mut download| async {
            let message = download.next().await?;
            Some((message, download))
        }))
    }

    async fn next(&mut self) -> Option<Result<BatchProcessStreamResponse, Status>> {
        loop {
            match self.next_step().await? {
                DownloadStep::Expire => return self.end(Err(status::deadline_exceeded())),
                DownloadStep::Finish(reported) => self.report = ReportState::Ready(reported),
                DownloadStep::SendResults => return Some(Ok(self.results.next_message())),
                DownloadStep::SendReport(reported) => {
                    return self
                        .end(reported.map(|report| self.results.report(report)).map_err(Status::from));
                }
                DownloadStep::Take(results) => {
                    let was_empty = self.results.is_empty();
                    self.results.extend(results);
                    if was_empty {
                        self.timers.gathered.as_mut().reset(Instant::now() + MAX_GATHER_TIME);
                    }
                }
                DownloadStep::SendProgress => {
                    self.timers.progress.as_mut().reset(Instant::now() + PROGRESS_INTERVAL);
                    let now = self.result_stream.progress().filter(|now| *now != self.last_progress);
                    if let Some(now) = now {
                        self.last_progress = now;
                        return Some(Ok(progress(&now, self.arrived_at.elapsed())));
                    }
                }
            }
        }
    }

    /// Waits for the next step; `None` when the response has ended.
    async fn next_step(&mut self) -> Option<DownloadStep> {
        let missing = self.results.missing();
        if missing == 0 {
            return Some(DownloadStep::SendResults);
        }
        let Timers { deadline, gathered, progress } = &mut self.timers;
        Some(match std::mem::replace(&mut self.report, ReportState::Sent) {
            ReportState::Sent => return None,
            // The deadline may have expired before the peer read on.
            ReportState::Ready(_) if deadline.deadline() <= Instant::now() => DownloadStep::Expire,
            ReportState::Ready(reported) => {
                let results = self.result_stream.take_ready(missing);
                if results.is_empty() && self.results.is_empty() {
                    return Some(DownloadStep::SendReport(reported));
                }
                self.report = ReportState::Ready(reported);
                if results.is_empty() { DownloadStep::SendResults } else { DownloadStep::Take(results) }
            }
            ReportState::Awaited(mut report) => {
                let step = tokio::select! {
                    biased;
                    () = deadline => DownloadStep::Expire,
                    ended = &mut report => DownloadStep::Finish(Box::new(ended.unwrap_or_else(|_panic| Err(StreamError::Upload(internal_error()))))),
                    () = gathered, if !self.results.is_empty() => DownloadStep::SendResults,
                    () = progress => DownloadStep::SendProgress,
                    results = self.result_stream.next(missing) => DownloadStep::Take(results),
                };
                self.report = ReportState::Awaited(report);
                step
            }
        })
    }

    fn end(
        &mut self,
        last: Result<BatchProcessStreamResponse, Status>,
    ) -> Option<Result<BatchProcessStreamResponse, Status>> {
        self.report = ReportState::Sent;
        // The batch does not wait until the response has been sent.
        self.result_stream.close();
        Some(last)
    }
}
