//! Configuration files for processes of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hospital_sim::Simulator;

/// Writes a configuration for a process of its own: a free port, a SQLite file in `directory`, the shipped
/// hospitals verified at the simulator, and what `extra` adds.
pub(crate) fn config_file(directory: &Path, simulator: &Simulator, extra: &str) -> PathBuf {
    config_file_on(directory, simulator, "sqlite://test.db", extra)
}

/// The same with a store of its own.
pub(crate) fn config_file_on(directory: &Path, simulator: &Simulator, url: &str, extra: &str) -> PathBuf {
    let hospitals = directory.join("hospitals");
    fs::create_dir(&hospitals).expect("a fresh directory");
    for shipped in fs::read_dir("etc/hospitals").expect("the shipped hospitals") {
        let shipped = shipped.expect("an entry").path();
        let text = fs::read_to_string(&shipped).expect("a profile");
        let text = text.replace("127.0.0.1:9100", &simulator.local_addr().to_string());
        fs::write(hospitals.join(shipped.file_name().expect("a file")), text).expect("a copy");
    }
    let file = directory.join("dataprocessing.yaml");
    let text = format!("hospitals: {{dir: hospitals}}\nstore: {{url: \"{url}\"}}\n{extra}\n");
    fs::write(&file, text).expect("a configuration");
    file
}
