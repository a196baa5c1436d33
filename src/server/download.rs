//! The answer of a streamed batch: results as they settle, progress, and at the end the report.
//!
//! It is polled only while the peer reads. What it does not take stays in the batch's window; the batch itself
//! waits for nobody, and ends by its own clock.

use std::{pin::Pin, time::Duration};

use futures_util::{Stream, stream};
use tokio::{
    sync::oneshot,
    time::{Instant, Sleep, sleep_until},
};
use tokio_util::sync::DropGuard;
use tonic::Status;

use super::{
    calls::last_word,
    data_processing::bug,
    encode::stream::{Results, progress},
    pb::BatchProcessStreamResponse,
    status,
};
use crate::{
    context::RequestContext,
    logic::{
        batch_stream::StreamError,
        ledger::{Outlet, Progress},
        report::{BatchReport, RecordResult},
    },
};

/// How long the first result of a message waits for others.
const GATHERING: Duration = Duration::from_millis(20);

/// How often the progress is told, if there is any.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// The messages of one answer.
pub(super) type Messages = Pin<Box<dyn Stream<Item = Result<BatchProcessStreamResponse, Status>> + Send>>;

/// What a batch reports, or by what its upload broke the protocol.
pub(super) type Reported = Result<BatchReport, StreamError<Status>>;

/// The answer of one streamed batch.
pub(super) struct Download {
    outlet: Outlet,
    results: Results,
    report: Report,
    arrived_at: Instant,
    /// The progress that was told last.
    told: Progress,
    timers: Timers,
    /// Cancels the batch when the answer is dropped, for then the caller has gone.
    _caller: DropGuard,
}

enum Report {
    Awaited(oneshot::Receiver<Reported>),
    /// Every result is in the outlet.
    Here(Box<Reported>),
    Sent,
}

/// Kept over many waits: setting a timer costs more than looking at one.
struct Timers {
    last_word: Pin<Box<Sleep>>,
    gathered: Pin<Box<Sleep>>,
    progress: Pin<Box<Sleep>>,
}

/// What there is to do next.
enum Turn {
    TimeIsUp,
    Reported(Box<Reported>),
    Gathered,
    Taken(Vec<RecordResult>),
    AllTaken(Box<Reported>),
    Progress,
}

impl Download {
    pub fn new(
        context: &RequestContext,
        outlet: Outlet,
        report: oneshot::Receiver<Reported>,
        results: Results,
        caller: DropGuard,
    ) -> Self {
        let now = Instant::now();
        let timer = |at| Box::pin(sleep_until(at));
        Self {
            outlet,
            results,
            report: Report::Awaited(report),
            arrived_at: context.arrived_at,
            told: Progress { received: 0, by_outcome: [0; 8] },
            timers: Timers {
                last_word: timer(last_word(context.arrived_at, context.deadline)),
                gathered: timer(now),
                progress: timer(now + PROGRESS_EVERY),
            },
            _caller: caller,
        }
    }

    /// The messages, which end with the report or with a status.
    pub fn messages(self) -> Messages {
        Box::pin(stream::unfold(self, |mut download| async {
            let message = download.next().await?;
            Some((message, download))
        }))
    }

    async fn next(&mut self) -> Option<Result<BatchProcessStreamResponse, Status>> {
        loop {
            match self.turn().await? {
                Turn::TimeIsUp => return self.end(Err(status::deadline_exceeded())),
                Turn::Reported(reported) => self.report = Report::Here(reported),
                Turn::Gathered => return Some(Ok(self.results.message())),
                Turn::AllTaken(reported) => {
                    return self.end(
                        reported.map(|report| self.results.report(report)).map_err(status::of_stream_error),
                    );
                }
                Turn::Taken(results) => {
                    let was_empty = self.results.is_empty();
                    self.results.gather(results);
                    if was_empty {
                        self.timers.gathered.as_mut().reset(Instant::now() + GATHERING);
                    }
                }
                Turn::Progress => {
                    self.timers.progress.as_mut().reset(Instant::now() + PROGRESS_EVERY);
                    let now = self.outlet.progress().filter(|now| *now != self.told);
                    if let Some(now) = now {
                        self.told = now;
                        return Some(Ok(progress(&now, self.arrived_at.elapsed())));
                    }
                }
            }
        }
    }

    /// Waits for something to do; `None` when the answer has ended.
    async fn turn(&mut self) -> Option<Turn> {
        let room = self.results.room();
        if room == 0 {
            return Some(Turn::Gathered);
        }
        let Timers { last_word, gathered, progress } = &mut self.timers;
        Some(match std::mem::replace(&mut self.report, Report::Sent) {
            Report::Sent => return None,
            // Time may have been up before the peer read on.
            Report::Here(_) if last_word.deadline() <= Instant::now() => Turn::TimeIsUp,
            Report::Here(reported) => {
                let results = self.outlet.now(room);
                if results.is_empty() && self.results.is_empty() {
                    return Some(Turn::AllTaken(reported));
                }
                self.report = Report::Here(reported);
                if results.is_empty() { Turn::Gathered } else { Turn::Taken(results) }
            }
            Report::Awaited(mut report) => {
                let turn = tokio::select! {
                    biased;
                    () = last_word => Turn::TimeIsUp,
                    reported = &mut report => Turn::Reported(Box::new(reported.unwrap_or_else(|_panic| Err(StreamError::Upload(bug()))))),
                    () = gathered, if !self.results.is_empty() => Turn::Gathered,
                    () = progress => Turn::Progress,
                    results = self.outlet.next(room) => Turn::Taken(results),
                };
                self.report = Report::Awaited(report);
                turn
            }
        })
    }

    fn end(
        &mut self,
        last: Result<BatchProcessStreamResponse, Status>,
    ) -> Option<Result<BatchProcessStreamResponse, Status>> {
        self.report = Report::Sent;
        // The answer itself may take its time to leave; the batch need not wait for that.
        self.outlet.close();
        Some(last)
    }
}
