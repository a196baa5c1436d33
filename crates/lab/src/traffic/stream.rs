//! Records in one stream. They are made while they are sent, so that few of them are in memory at once.

use std::{ops::Range, sync::Arc};

use dataprocessing::{
    cli::CommandError,
    server::pb::{
        BatchProcessResponse, BatchProcessStreamRequest, ResultView, StreamEnd, StreamProgress,
        StreamRecords, StreamStart, batch_process_stream_request::Message as Up,
        batch_process_stream_response::Message as Down,
    },
};
use futures_util::stream;

use super::{connect::Client, records::SourceRecords};

/// Records in one message.
const CHUNK_RECORDS: usize = 500;

/// Sends the records of a range in one stream; calls `on_progress` with each progress. Returns the report.
pub(crate) async fn send(
    client: &mut Client,
    records: Arc<SourceRecords>,
    range: Range<usize>,
    mut on_progress: impl FnMut(&StreamProgress),
) -> Result<BatchProcessResponse, CommandError> {
    let failed = |status: tonic::Code, message: &str| format!("{status}: {message}");
    let upload = stream::iter(upload(records, range));
    let answer = client.batch_process_stream(upload).await;
    let mut answers = answer.map_err(|status| failed(status.code(), status.message()))?.into_inner();
    let mut report = None;
    while let Some(answer) =
        answers.message().await.map_err(|status| failed(status.code(), status.message()))?
    {
        match answer.message {
            Some(Down::Progress(progress)) => on_progress(&progress),
            Some(Down::Report(last)) => report = Some(last),
            Some(Down::Results(_)) | None => {}
        }
    }
    report.ok_or_else(|| "the stream ended without a report".into())
}

fn upload(
    records: Arc<SourceRecords>,
    range: Range<usize>,
) -> impl Iterator<Item = BatchProcessStreamRequest> + Send {
    let start = Up::Start(StreamStart { result_view: ResultView::Failures as i32, ..Default::default() });
    let end = Up::End(StreamEnd { record_count: range.len() as u32 });
    let chunks = range.clone().step_by(CHUNK_RECORDS).map(move |first| {
        let data_list = records.range(first..range.end.min(first + CHUNK_RECORDS));
        Up::Records(StreamRecords { data_list })
    });
    std::iter::once(start)
        .chain(chunks)
        .chain(std::iter::once(end))
        .map(|message| BatchProcessStreamRequest { message: Some(message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_says_how_many_records_it_holds() {
        let records = Arc::new(SourceRecords::synthetic(&profiles::shipped()));
        let messages: Vec<_> = upload(records, 100..1_350).filter_map(|message| message.message).collect();
        let sent: Vec<usize> = messages
            .iter()
            .filter_map(|message| match message {
                Up::Records(records) => Some(records.data_list.len()),
                _ => None,
            })
            .collect();
        assert!(matches!(messages.first(), Some(Up::Start(_))));
        assert_eq!(sent, [500, 500, 250]);
        assert!(matches!(messages.last(), Some(Up::End(StreamEnd { record_count: 1_250 }))));
    }
}
