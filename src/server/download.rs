//! The answer of a streamed batch: results as they settle, progress, and at the end the report.
//!
//! It is polled only while the peer reads. What it does not take stays in the batch's window; the batch itself
//! waits for nobody, and ends by its own clock.

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
    encode::stream::{Results, progress},
    pb::BatchProcessStreamResponse,
    status::{self, internal_error},
};
use crate::{
    context::RequestContext,
    logic::{
        batch_stream::StreamError,
        ledger::{Progress, ResultStream},
        report::{BatchReport, RecordResult},
    },
};

/// How long the first result of a message waits for others.
const GATHER_TIME: Duration = Duration::from_millis(20);

/// How often the progress is told, if there is any.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// The messages of one answer.
pub(super) type Messages = Pin<Box<dyn Stream<Item = Result<BatchProcessStreamResponse, Status>> + Send>>;

/// What a batch reports, or by what its upload broke the protocol.
pub(super) type Reported = Result<BatchReport, StreamError<Status>>;

/// The answer of one streamed batch.
pub(super) struct Download {
    result_stream: ResultStream,
    results: Results,
    report: ReportState,
    arrived_at: Instant,
    /// The progress that was told last.
    last_progress: Progress,
    timers: Timers,
    /// Cancels the batch when the answer is dropped, for then the caller has gone.
    _caller: DropGuard,
}

enum ReportState {
    Awaited(oneshot::Receiver<Reported>),
    /// Every result is in the outlet.
    Here(Box<Reported>),
    Sent,
}

/// Kept over many waits: setting a timer costs more than looking at one.
struct Timers {
    deadline: Pin<Box<Sleep>>,
    gathered: Pin<Box<Sleep>>,
    progress: Pin<Box<Sleep>>,
}

/// What there is to do next.
enum Step {
    TimeIsUp,
    Reported(Box<Reported>),
    Gathered,
    Taken(Vec<RecordResult>),
    AllTaken(Box<Reported>),
    Progress,
}

impl Download {
    pub(super) fn new(
        context: &RequestContext,
        result_stream: ResultStream,
        report: oneshot::Receiver<Reported>,
        results: Results,
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

    /// The messages, which end with the report or with a status.
    pub(super) fn messages(self) -> Messages {
        Box::pin(stream::unfold(self, |mut download| async {
            let message = download.next().await?;
            Some((message, download))
        }))
    }

    async fn next(&mut self) -> Option<Result<BatchProcessStreamResponse, Status>> {
        loop {
            match self.next_step().await? {
                Step::TimeIsUp => return self.end(Err(status::deadline_exceeded())),
                Step::Reported(reported) => self.report = ReportState::Here(reported),
                Step::Gathered => return Some(Ok(self.results.message())),
                Step::AllTaken(reported) => {
                    return self.end(
                        reported.map(|report| self.results.report(report)).map_err(status::of_stream_error),
                    );
                }
                Step::Taken(results) => {
                    let was_empty = self.results.is_empty();
                    self.results.gather(results);
                    if was_empty {
                        self.timers.gathered.as_mut().reset(Instant::now() + GATHER_TIME);
                    }
                }
                Step::Progress => {
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

    /// Waits for something to do; `None` when the answer has ended.
    async fn next_step(&mut self) -> Option<Step> {
        let room = self.results.room();
        if room == 0 {
            return Some(Step::Gathered);
        }
        let Timers { deadline, gathered, progress } = &mut self.timers;
        Some(match std::mem::replace(&mut self.report, ReportState::Sent) {
            ReportState::Sent => return None,
            // Time may have been up before the peer read on.
            ReportState::Here(_) if deadline.deadline() <= Instant::now() => Step::TimeIsUp,
            ReportState::Here(reported) => {
                let results = self.result_stream.now(room);
                if results.is_empty() && self.results.is_empty() {
                    return Some(Step::AllTaken(reported));
                }
                self.report = ReportState::Here(reported);
                if results.is_empty() { Step::Gathered } else { Step::Taken(results) }
            }
            ReportState::Awaited(mut report) => {
                let step = tokio::select! {
                    biased;
                    () = deadline => Step::TimeIsUp,
                    reported = &mut report => Step::Reported(Box::new(reported.unwrap_or_else(|_panic| Err(StreamError::Upload(internal_error()))))),
                    () = gathered, if !self.results.is_empty() => Step::Gathered,
                    () = progress => Step::Progress,
                    results = self.result_stream.next(room) => Step::Taken(results),
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
        // The answer itself may take its time to leave; the batch need not wait for that.
        self.result_stream.close();
        Some(last)
    }
}
