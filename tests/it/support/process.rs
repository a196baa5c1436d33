//! The real binary as a process of its own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::JoinHandle,
    time::Duration,
};

use tonic::transport::Channel;

use super::within;

/// A running `dataprocessing serve`; killed when dropped.
pub(crate) struct ServiceProcess {
    child: Child,
    pub address: SocketAddr,
    log: JoinHandle<String>,
}

impl ServiceProcess {
    /// Starts the binary, or a command that ends in it, with a configuration file and waits until it says where
    /// it listens.
    pub(crate) fn start(mut command: Command, config: &Path) -> Self {
        let mut child = command
            .args(["serve", "--config"])
            .arg(config)
            .env("DATAPROCESSING__LOG__FORMAT", "json")
            .env("DATAPROCESSING__SERVER__LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let line: serde_json::Value = serde_json::from_str(&line).ok()?;
                line["address"].as_str()?.parse().ok()
            })
            .expect("the service says where it listens");
        // The pipe is read on, or the process would block on a full one.
        let log = std::thread::spawn(move || {
            lines.map_while(Result::ok).fold(String::new(), |log, line| log + &line + "\n")
        });
        Self { child, address, log }
    }

    /// All that the process logs after it said where it listens. Waits until it has ended.
    pub(crate) async fn log_until_the_end(mut self) -> String {
        let log = std::mem::replace(&mut self.log, std::thread::spawn(String::new));
        tokio::task::spawn_blocking(|| log.join().expect("the log is read")).await.expect("joined")
    }

    /// A channel to the process.
    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).expect("a sound address");
        endpoint.connect().await.expect("the service listens")
    }

    /// Its number in the system.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until the process has ended.
    pub(crate) async fn ended_within(mut self, limit: Duration) -> ExitStatus {
        let mut status = None;
        within(limit, "the process ends", async || {
            status = self.child.try_wait().expect("a child of ours");
            status.is_some()
        })
        .await;
        status.expect("ended")
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary under test.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dataprocessing"));
    command.env_remove("RUST_LOG");
    command
}
