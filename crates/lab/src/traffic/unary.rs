//! Records in unary calls, as many as the limits of the service require.

use std::time::Duration;

use dataprocessing::{
    cli::CommandError,
    server::{
        self,
        pb::{BatchProcessRequest, BatchProcessResponse, PatientData, ResultView},
    },
};
use prost::Message;
use tokio::time::Instant;

use super::connect::Client;

/// The responses, one per call.
pub(crate) struct Uploaded {
    pub responses: Vec<BatchProcessResponse>,
    pub wall: Duration,
}

/// Sends all records, one call after the other.
pub(crate) async fn send(
    client: &mut Client,
    records: Vec<PatientData>,
    limits: &server::ServerConfig,
) -> Result<Uploaded, CommandError> {
    let calls = split(records, limits.max_records, limits.max_message_size);
    let started = Instant::now();
    let mut responses = Vec::with_capacity(calls.len());
    for data_list in calls {
        responses.push(call(client, data_list).await?);
    }
    Ok(Uploaded { responses, wall: started.elapsed() })
}

/// Sends records in one call; the response has counters only.
pub(crate) async fn call(
    client: &mut Client,
    data_list: Vec<PatientData>,
) -> Result<BatchProcessResponse, CommandError> {
    let result_view = ResultView::Summary as i32;
    let request = BatchProcessRequest { data_list, result_view, ..Default::default() };
    let response = client.batch_process(request).await;
    let response = response.map_err(|status| format!("{}: {}", status.code(), status.message()))?;
    Ok(response.into_inner())
}

/// Splits records into calls that are within both limits.
fn split(records: Vec<PatientData>, max_records: usize, max_size: usize) -> Vec<Vec<PatientData>> {
    /// Field tag and length of a record within the message.
    const OVERHEAD: usize = 8;
    /// The other fields of the request.
    const ENVELOPE: usize = 1024;
    let mut calls = vec![Vec::new()];
    let mut size = ENVELOPE;
    for record in records {
        let bytes = record.encoded_len() + OVERHEAD;
        let last = calls.last().map_or(0, Vec::len);
        if last > 0 && (last == max_records || size + bytes > max_size) {
            calls.push(Vec::new());
            size = ENVELOPE;
        }
        size += bytes;
        calls.last_mut().expect("there is at least one call").push(record);
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(count: usize, size: usize) -> Vec<PatientData> {
        let record = PatientData { id: "x".repeat(size), ..Default::default() };
        vec![record; count]
    }

    #[test]
    fn calls_keep_the_limit_on_records() {
        let sizes: Vec<_> = split(records(25, 3), 10, 1 << 20).iter().map(Vec::len).collect();
        assert_eq!(sizes, [10, 10, 5]);
    }

    #[test]
    fn calls_keep_the_limit_on_bytes() {
        let calls = split(records(10, 1000), 100, 4096);
        assert_eq!(calls.iter().map(Vec::len).sum::<usize>(), 10);
        for data_list in calls {
            let request = BatchProcessRequest { data_list, ..Default::default() };
            assert!(request.encoded_len() <= 4096);
        }
    }
}
