//! `big-store`: the speed of the service with a large store, compared with an empty one.

use std::{ops::Range, time::Duration};

use dataprocessing::server::pb::{PatientData, patient_data::Payload};

use super::{Bench, CommandError, Measurement, Service, WORKERS, batches, send, service};
use crate::{
    bench::{prefill::copy_patients, service::ServiceSetting},
    traffic::{connect::Client, records::SYNTHETIC_PERSONS},
};

pub(super) async fn run(bench: &mut Bench) -> Result<Vec<Measurement>, CommandError> {
    let count = bench.count(50_000);
    let empty = service(bench, Duration::ZERO, WORKERS).await?;
    let mut client = empty.client().await?;
    let new_empty = new(bench, &empty, &mut client, "big-store, empty, new", 0..count).await?;
    let indices = (0..count).collect();
    let changed_empty = changed(bench, &empty, &mut client, "big-store, empty, changed", indices).await?;
    drop(empty);

    let (big, held, patients) = filled(bench).await?;
    let mut client = big.client().await?;
    let new_big = new(bench, &big, &mut client, "big-store, new", held..held + count).await?;
    let indices = spread(count, held);
    let changed_big = changed(bench, &big, &mut client, "big-store, changed", indices).await?;

    let ratios = (new_big.rate() / new_empty.rate(), changed_big.rate() / changed_empty.rate());
    Ok(vec![
        new_empty,
        changed_empty,
        new_big
            .with_ratio(ratios.0, "records/s, of a store that was empty")
            .with_detail("patients_before", patients),
        changed_big
            .with_ratio(ratios.1, "records/s, of a store that was empty")
            .with_detail("patients_before", patients),
    ])
}

/// A service whose store has the patients, the number of input records that they come from, and how many they are.
async fn filled(bench: &mut Bench) -> Result<(Service, usize, u64), CommandError> {
    let store = bench.stores.create().await?;
    let store_process = bench.stores.server_process().await;
    let setting =
        ServiceSetting { latency: Duration::ZERO, workers: WORKERS, store: store.clone(), store_process };
    let service = Service::start(setting).await?;
    let first = send(&mut service.client().await?, batches(bench, 0..SYNTHETIC_PERSONS)).await?;
    let rounds = bench.patients.div_ceil(first.stored.max(1) as usize);
    let copied = copy_patients(&store, rounds.saturating_sub(1)).await?;
    Ok((service, rounds.max(1) * SYNTHETIC_PERSONS, u64::from(first.stored) + copied))
}

async fn new(
    bench: &Bench,
    service: &Service,
    client: &mut Client,
    name: &'static str,
    indices: Range<usize>,
) -> Result<Measurement, CommandError> {
    let (count, calls) = (indices.len(), batches(bench, indices));
    measure(service, client, name, count, calls).await
}

/// Sends persons that are stored already, each with a new address.
async fn changed(
    bench: &Bench,
    service: &Service,
    client: &mut Client,
    name: &'static str,
    indices: Vec<usize>,
) -> Result<Measurement, CommandError> {
    let records = |indices: &[usize]| indices.iter().map(|index| moved(bench.records.at(*index))).collect();
    let calls = indices.chunks(super::BATCH).map(records).collect();
    measure(service, client, name, indices.len(), calls).await
}

async fn measure(
    service: &Service,
    client: &mut Client,
    name: &'static str,
    count: usize,
    calls: Vec<Vec<PatientData>>,
) -> Result<Measurement, CommandError> {
    let meter = service.meter();
    let summary = send(client, calls).await?;
    let usage = meter.read();
    match summary.unchanged + summary.superseded {
        0 => Ok(Measurement::new(name, count, usage)),
        other => Err(format!("{other} of {count} records were not written").into()),
    }
}

/// Indices of input records all over the store, each at most once.
fn spread(count: usize, held: usize) -> Vec<usize> {
    // One less than the quotient: otherwise each round would select the same few persons.
    let step = (held / count).saturating_sub(1).max(1);
    (0..held).step_by(step).take(count).collect()
}

fn moved(mut record: PatientData) -> PatientData {
    if let Some(Payload::RawJson(text)) = &mut record.payload {
        *text = text.replacen(r#""suburb":""#, r#""suburb":"new "#, 1);
    }
    record
}
