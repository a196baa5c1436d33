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

/// The time until a child must have printed its address.
const START_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Lines of its output that are shown when a child fails.
const SHOWN_LINES: usize = 8;

/// A running child process. Dropping it ends it and waits for its end.
pub(super) struct Child {
    process: process::Child,
    /// A file: a pipe that is not read would block the child.
    output: PathBuf,
}

impl Child {
    /// Starts this binary with a subcommand. Its output goes to the file `<subcommand>.log` in `directory`.
    pub(super) fn start(
        arguments: &[&str],
        variables: &[(&str, String)],
        directory: &Path,
    ) -> Result<Self, CommandError> {
        let output = directory.join(format!("{}.log", arguments[0]));
        let file = File::create(&output)?;
        let process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            // Ctrl-C must reach this process only, which ends its children in order.
            .process_group(0)
            .spawn()?;
        Ok(Self { process, output })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for a line of output in which `find` finds something.
    pub(super) async fn wait_for_line<T>(
        &mut self,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T, CommandError> {
        let until = Instant::now() + START_LIMIT;
        loop {
            let output = fs::read_to_string(&self.output)?;
            // A last line without its end is not complete yet.
            let found = output.split_inclusive('\n').filter(|line| line.ends_with('\n')).find_map(&find);
            if let Some(found) = found {
                return Ok(found);
            }
            if self.process.try_wait()?.is_some() || Instant::now() > until {
                return Err(self.failure().into());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// An error message with the end of the output.
    pub(super) fn failure(&self) -> String {
        let output = fs::read_to_string(&self.output).unwrap_or_default();
        let lines: Vec<&str> = output.lines().collect();
        let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
        format!("a child process failed; the end of its output:\n{last}")
    }

    fn end(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process.wait().map(drop)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has nothing that must outlive the benchmark. An error means that it has ended already.
        let _ = self.end();
    }
}
