//! The upload of a streamed batch: messages in, one record after the other out.

use std::{time::Duration, vec};

use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::{
    CallLimits,
    decode::{RECORDS_PER_TURN, RecordConverter},
    pb::{self, batch_process_stream_request::Message},
    status::{invalid, of_unreadable},
};
use crate::logic::batch_stream::{self, UploadEnd};
use cleaning::record::RawRecord;

/// How long a caller may take to close its side after the last message before nothing more is expected. Not
/// all callers do, and what comes later harms nobody.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// The upload of one streamed batch.
pub(super) struct Upload {
    messages: Streaming<pb::BatchProcessStreamRequest>,
    limits: CallLimits,
    /// What is left of the last message.
    chunk: vec::IntoIter<pb::PatientData>,
    convert: RecordConverter,
    /// Records that were read.
    read: u32,
}

impl Upload {
    pub(super) fn new(messages: Streaming<pb::BatchProcessStreamRequest>, limits: CallLimits) -> Self {
        Self { messages, limits, chunk: Vec::new().into_iter(), convert: RecordConverter::default(), read: 0 }
    }

    /// The first message.
    pub(super) async fn start(&mut self) -> Result<pb::StreamStart, Status> {
        match self.message().await {
            Ok(Message::Start(start)) => Ok(start),
            Ok(_) | Err(UploadEnd::Truncated | UploadEnd::Complete) => {
                Err(invalid("START_MISSING", "start", "the first message must be start"))
            }
            Err(UploadEnd::Fault(status)) => Err(status),
        }
    }

    /// The next message. Waits no longer than a caller may be idle.
    async fn message(&mut self) -> Result<Message, UploadEnd<Status>> {
        let Ok(message) = timeout(self.limits.stream_idle, self.messages.message()).await else {
            return Err(UploadEnd::Truncated);
        };
        match message {
            Ok(Some(message)) => message.message.ok_or_else(|| {
                UploadEnd::Fault(invalid(
                    "EMPTY_MESSAGE",
                    "message",
                    "a message must be one of start, records and end",
                ))
            }),
            // A call that its caller cancelled looks the same as one that ended in order.
            Ok(None) => Err(UploadEnd::Truncated),
            Err(status) => Err(of_unreadable(&status, self.limits.max_message_size)
                .map_or(UploadEnd::Truncated, UploadEnd::Fault)),
        }
    }

    /// Judges the end of the upload, after which nothing may come.
    async fn end(&mut self, record_count: u32) -> UploadEnd<Status> {
        match timeout(CLOSE_TIMEOUT, self.message()).await {
            Ok(Ok(_)) => UploadEnd::Fault(invalid("MESSAGE_AFTER_END", "end", "nothing may follow end")),
            Ok(Err(UploadEnd::Fault(fault))) => UploadEnd::Fault(fault),
            Ok(Err(UploadEnd::Truncated | UploadEnd::Complete)) | Err(_) if record_count == self.read => {
                UploadEnd::Complete
            }
            Ok(Err(UploadEnd::Truncated | UploadEnd::Complete)) | Err(_) => UploadEnd::Truncated,
        }
    }

    fn count(&mut self) -> Result<u32, UploadEnd<Status>> {
        let index = self.read;
        self.read = index.checked_add(1).ok_or_else(|| {
            let text = "a batch has at most 4294967295 records; split it into smaller ones";
            UploadEnd::Fault(invalid("TOO_MANY_RECORDS", "records", text))
        })?;
        Ok(index)
    }
}

impl batch_stream::Upload for Upload {
    type Fault = Status;

    async fn next(&mut self) -> Result<RawRecord, UploadEnd<Status>> {
        loop {
            if let Some(data) = self.chunk.next() {
                let index = self.count()?;
                if index % RECORDS_PER_TURN == RECORDS_PER_TURN - 1 {
                    tokio::task::yield_now().await;
                }
                return Ok(self.convert.record_copied(data, index));
            }
            match self.message().await? {
                Message::Records(records) => self.chunk = records.data_list.into_iter(),
                Message::End(pb::StreamEnd { record_count }) => return Err(self.end(record_count).await),
                Message::Start(_) => {
                    let text = "start must come once, as the first message";
                    return Err(UploadEnd::Fault(invalid("START_REPEATED", "start", text)));
                }
            }
        }
    }
}
