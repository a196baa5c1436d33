//! Compiles the contract without protoc, and writes its descriptor set for server reflection.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const CONTRACT: &str = "dataprocessing/v1/data_processing.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=src/model/migrations");
    let descriptors = protox::compile([CONTRACT], ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        // These hold what hospitals sent: a derived Debug would carry patients into logs.
        .skip_debug([".dataprocessing.v1"])
        .compile_fds(descriptors)?;
    Ok(())
}
