//! The upload of a streamed batch: reads messages and returns one record at a time.

use std::{sync::Arc, time::Duration, vec};

use tokio::{task::coop::consume_budget, time::timeout};
use tonic::{Status, Streaming};

use super::{
    config::ServerConfig,
    pb::{self, batch_process_stream_request::Message},
    record_converter::RecordConverter,
    status::{invalid, unreadable},
};
use crate::logic::calls::batch_stream::{self, UploadEnd};
use cleaning::record::RawRecord;

/// How long the server waits for the caller to close its side after the last message. Some callers never do, and
/// later messages are ignored.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// The upload of one streamed batch.
pub(super) struct Upload {
    messages: Streaming<pb::BatchProcessStreamRequest>,
    config: Arc<ServerConfig>,
    /// The unread records of the last message.
    chunk: vec::IntoIter<pb::PatientData>,
    convert: RecordConverter,
    /// Records received so far.
    received: u32,
}

impl Upload {
    pub(super) fn new(messages: Streaming<pb::BatchProcessStreamRequest>, config: Arc<ServerConfig>) -> Self {
        let chunk = Vec::new().into_iter();
        Self { messages, config, chunk, convert: RecordConverter::default(), received: 0 }
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

    /// Reads the next message, for at most the time that a caller may be idle.
    async fn message(&mut self) -> Result<Message, UploadEnd<Status>> {
        let Ok(message) = timeout(self.config.stream_idle, self.messages.message()).await else {
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
            // A cancelled call looks the same as one that ended properly.
            Ok(None) => Err(UploadEnd::Truncated),
            Err(status) => Err(unreadable(&status, self.config.max_message_size)
                .map_or(UploadEnd::Truncated, UploadEnd::Fault)),
        }
    }

    /// Checks the end of the upload, after which no message may follow.
    async fn end(&mut self, record_count: u32) -> UploadEnd<Status> {
        match timeout(CLOSE_TIMEOUT, self.message()).await {
            Ok(Ok(_)) => UploadEnd::Fault(invalid("MESSAGE_AFTER_END", "end", "no message may follow end")),
            Ok(Err(UploadEnd::Fault(fault))) => UploadEnd::Fault(fault),
            Ok(Err(UploadEnd::Truncated | UploadEnd::Complete)) | Err(_) if record_count == self.received => {
                UploadEnd::Complete
            }
            Ok(Err(UploadEnd::Truncated | UploadEnd::Complete)) | Err(_) => UploadEnd::Truncated,
        }
    }

    fn count(&mut self) -> Result<u32, UploadEnd<Status>> {
        let index = self.received;
        self.received = index.checked_add(1).ok_or_else(|| {
            let text = "a batch has at most 4294967295 records; split it into smaller batches";
            UploadEnd::Fault(invalid("TOO_MANY_RECORDS", "records", text))
        })?;
        Ok(index)
    }
}

impl batch_stream::Upload for Upload {
    type Fault = Status;

    async fn next(&mut self) -> Result<RawRecord, UploadEnd<Status>> {
        consume_budget().await;
        loop {
            if let Some(data) = self.chunk.next() {
                let index = self.count()?;
                return Ok(self.convert.record_copied(data, index));
            }
            match self.message().await? {
                Message::Records(records) => self.chunk = records.data_list.into_iter(),
                Message::End(pb::StreamEnd { record_count }) => return Err(self.end(record_count).await),
                Message::Start(_) => {
                    let text = "start must be sent once, as the first message";
                    return Err(UploadEnd::Fault(invalid("START_REPEATED", "start", text)));
                }
            }
        }
    }
}
