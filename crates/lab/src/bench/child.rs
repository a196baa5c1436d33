//! Child processes of the same binary.

use std::{
    fs::{self, File},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    time::Duration,
};

use dataprocessing::cli::CommandError;
use tokio::time::Instant;

/// How long a child may take until it says where it listens.
const SPEAKS_WITHIN: Duration = Duration::from_secs(60);
/// Between two samples whether it has.
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// How much of what a child last said is shown when it fails.
const LAST_LINES: usize = 8;

/// A running child process. Dropping it ends it and waits for its end.
pub(super) struct Child {
    process: process::Child,
    /// What it says: a file, for a pipe that nobody reads would stop it.
    said: PathBuf,
}

impl Child {
    /// Starts this binary with a subcommand. All that it says goes to a file `<subcommand>.log` in
    /// `directory`.
    pub(super) fn start(
        arguments: &[&str],
        variables: &[(&str, String)],
        directory: &Path,
    ) -> Result<Self, CommandError> {
        let said = directory.join(format!("{}.log", arguments[0]));
        let file = File::create(&said)?;
        let process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            // Ctrl-C reaches this process alone, which ends its children in order.
            .process_group(0)
            .spawn()?;
        Ok(Self { process, said })
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until it has said a line in which `find` finds something.
    pub(super) async fn says<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> Result<T, CommandError> {
        let until = Instant::now() + SPEAKS_WITHIN;
        loop {
            let said = fs::read_to_string(&self.said)?;
            // A last line without its end may still be written.
            let found = said.split_inclusive('\n').filter(|line| line.ends_with('\n')).find_map(&find);
            if let Some(found) = found {
                return Ok(found);
            }
            if self.process.try_wait()?.is_some() || Instant::now() > until {
                return Err(self.failure().into());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// What to tell the person when it did not do what it should.
    pub(super) fn failure(&self) -> String {
        let said = fs::read_to_string(&self.said).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        format!("a child process failed; it last said:\n{last}")
    }

    fn end(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(drop)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It holds nothing that must outlive the benchmark. An error says that it has ended already.
        let _ = self.end();
    }
}
