//! A PostgreSQL server of a test's own, to be stopped and started in the middle.

use std::{
    env, fs,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A server with a cluster of its own; stopped and removed when dropped.
pub(crate) struct PostgresServer {
    directory: TempDir,
    port: u16,
    running: bool,
}

impl PostgresServer {
    /// Makes a cluster and starts its server.
    pub(crate) fn start() -> Self {
        // Under /tmp: the path of a socket has some 100 characters at most.
        let directory =
            tempfile::Builder::new().prefix("dataprocessing-").tempdir_in("/tmp").expect("a directory");
        if let Some(user) = server_user() {
            run(Command::new("chown").arg(user).arg(directory.path()));
        }
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let mut server = Self { directory, port, running: false };
        let data = server.data();
        run(program("initdb")
            .args(["--username=postgres", "--auth=trust", "--no-sync", "--pgdata"])
            .arg(data));
        server.restart();
        server
    }

    /// The URL of its maintenance database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops the server as a crash would: without waiting for anybody, with everything committed kept.
    pub(crate) fn stop(&mut self) {
        self.stop_by("immediate");
    }

    /// Stops the server in a mode of pg_ctl.
    pub(crate) fn stop_by(&mut self, mode: &str) {
        if std::mem::take(&mut self.running) {
            run(program("pg_ctl")
                .args(["stop", "--mode", mode, "--wait", "--silent", "--pgdata"])
                .arg(self.data()));
        }
    }

    /// Starts the server on the same port and data, and waits until it answers.
    pub(crate) fn restart(&mut self) {
        let sockets = self.directory.path().display();
        let options = format!("-p {} -k {sockets} -c listen_addresses=127.0.0.1", self.port);
        let log = self.directory.path().join("server.log");
        run(program("pg_ctl")
            .args(["start", "--wait", "--silent", "--options", &options, "--pgdata"])
            .arg(self.data())
            .arg("--log")
            .arg(log));
        self.running = true;
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if self.running && !std::thread::panicking() {
            self.stop();
        } else if self.running {
            let _ =
                program("pg_ctl").args(["stop", "--mode=immediate", "--pgdata"]).arg(self.data()).status();
        }
        // The server's user owns what is in it; we may remove it all the same, as root or as that user.
        let _ = fs::remove_dir_all(self.directory.path());
    }
}

/// One of PostgreSQL's programs, run as a user that it accepts.
fn program(name: &str) -> Command {
    let directory = env::var("DATAPROCESSING_TEST_POSTGRES_BIN")
        .expect("DATAPROCESSING_TEST_POSTGRES_BIN is not set: run tests/run");
    let program = PathBuf::from(directory).join(name);
    let mut command = match server_user() {
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", &user, "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn server_user() -> Option<String> {
    env::var("DATAPROCESSING_TEST_POSTGRES_USER").ok().filter(|user| !user.is_empty())
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}
