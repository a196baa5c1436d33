//! Records in one stream, made while they are sent: however many they are, few of them exist at a time.

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

use super::{connect::Client, records::Records};

/// Records in one message.
const CHUNK: usize = 500;

/// Sends the records at `places` in one stream, tells `watch` of all progress, and answers the report.
///
/// # Errors
///
/// The call failed, or ended without a report.
pub(crate) async fn send(
    client: &mut Client,
    records: Arc<Records>,
    places: Range<usize>,
    mut watch: impl FnMut(&StreamProgress),
) -> Result<BatchProcessResponse, CommandError> {
    let failed = |status: tonic::Code, message: &str| format!("{status}: {message}");
    let upload = stream::iter(upload(records, places));
    let answer = client.batch_process_stream(upload).await;
    let mut answers = answer.map_err(|status| failed(status.code(), status.message()))?.into_inner();
    let mut report = None;
    while let Some(answer) =
        answers.message().await.map_err(|status| failed(status.code(), status.message()))?
    {
        match answer.message {
            Some(Down::Progress(progress)) => watch(&progress),
            Some(Down::Report(last)) => report = Some(last),
            Some(Down::Results(_)) | None => {}
        }
    }
    report.ok_or_else(|| "the stream ended without a report".into())
}

fn upload(
    records: Arc<Records>,
    places: Range<usize>,
) -> impl Iterator<Item = BatchProcessStreamRequest> + Send {
    let start = Up::Start(StreamStart { result_view: ResultView::Failures as i32, ..Default::default() });
    let end = Up::End(StreamEnd { record_count: places.len() as u32 });
    let chunks = places.clone().step_by(CHUNK).map(move |first| {
        let data_list = records.range(first..places.end.min(first + CHUNK));
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
        let records = Arc::new(Records::synthetic(&dataprocessing::config::shipped_hospitals()));
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
