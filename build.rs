//! Compiles the contract without protoc, and writes its descriptor set for server reflection.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const CONTRACT: &str = "dataprocessing/v1/data_processing.proto";
const PACKAGE: &str = "dataprocessing.v1";

/// The messages with a `Debug`. All others have none, so that a new message cannot carry patients into logs. The tests
/// of `src/server/pb.rs` list every text that these messages can hold.
const WITH_DEBUG: [&str; 11] = [
    "Batch",
    "ChangeGroup",
    "Hint",
    "Issue",
    "IssueGroup",
    "OutcomeCount",
    "ProfileVersion",
    "ShapeCount",
    "StageTimes",
    "StreamProgress",
    "Summary",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=src/model/migrations");
    let descriptors = protox::compile([CONTRACT], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    let without_debug: Vec<String> = descriptors
        .file
        .iter()
        .filter(|file| file.package() == PACKAGE)
        .flat_map(|file| file.message_type.iter().map(|message| message.name()))
        .filter(|name| !WITH_DEBUG.contains(name))
        .map(|name| format!(".{PACKAGE}.{name}"))
        .collect();
    tonic_prost_build::configure()
        .skip_debug(without_debug)
        // A payload is a slice of the received message, not a copy.
        .bytes(".")
        .codec_path("crate::server::codec::BoundedCodec")
        .compile_fds(descriptors)?;
    Ok(())
}
