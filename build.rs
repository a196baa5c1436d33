//! Compiles the contract without protoc, and writes its descriptor set for server reflection.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const CONTRACT: &str = "dataprocessing/v1/data_processing.proto";

/// Messages that hold what hospitals and callers sent: a derived `Debug` would carry patients into logs.
const HOLD_PATIENTS: [&str; 14] = [
    ".dataprocessing.v1.BatchProcessRequest",
    ".dataprocessing.v1.BatchProcessStreamRequest",
    ".dataprocessing.v1.StreamRecords",
    ".dataprocessing.v1.PatientData",
    ".dataprocessing.v1.RawPatient",
    ".dataprocessing.v1.RawName",
    ".dataprocessing.v1.RawIdentifier",
    ".dataprocessing.v1.RawAddress",
    ".dataprocessing.v1.RawContact",
    ".dataprocessing.v1.BatchProcessResponse",
    ".dataprocessing.v1.BatchProcessStreamResponse",
    ".dataprocessing.v1.StreamResults",
    ".dataprocessing.v1.ListResultsResponse",
    ".dataprocessing.v1.RecordResult",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=src/model/migrations");
    let descriptors = protox::compile([CONTRACT], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .skip_debug(HOLD_PATIENTS)
        // A payload is a slice of the received message, not a copy.
        .bytes(".")
        .codec_path("crate::server::codec::BoundedCodec")
        .compile_fds(descriptors)?;
    Ok(())
}
