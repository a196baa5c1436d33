//! CPU time and memory of processes, from `/proc` of Linux. On other systems they are not available.

use std::{fs, time::Duration};

/// The unit of `/proc/PID/stat`, the same for all programs on Linux.
const TICK: Duration = Duration::from_millis(10);

/// CPU time of a process since it started, in user and kernel mode.
pub(super) fn cpu(process: u32) -> Option<Duration> {
    Stat::read(process).map(|stat| stat.own)
}

/// CPU time of a process and all its children since it started, including those that have ended. Children of a child
/// count once that child has ended and been waited for.
pub(super) fn family_cpu(process: u32) -> Option<Duration> {
    let parent = Stat::read(process)?;
    let living = processes().filter_map(Stat::read).filter(|stat| stat.parent == process);
    Some(parent.own + parent.ended_children + living.map(|stat| stat.own).sum::<Duration>())
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy)]
pub(super) struct ProcessMemory {
    pub resident: u64,
    /// The maximum of resident memory.
    pub peak: u64,
}

pub(super) fn memory(process: u32) -> Option<ProcessMemory> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    Some(ProcessMemory { resident: kib(&status, "VmRSS:")? << 10, peak: kib(&status, "VmHWM:")? << 10 })
}

/// The parent of a process, if the process has this name.
pub(super) fn parent_of(process: u32, name: &str) -> Option<u32> {
    let stat = Stat::read(process)?;
    (stat.name == name).then_some(stat.parent)
}

fn kib(status: &str, key: &str) -> Option<u64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(key))?;
    rest.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Fields of `/proc/PID/stat`.
struct Stat {
    name: String,
    parent: u32,
    own: Duration,
    ended_children: Duration,
}

impl Stat {
    fn read(process: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    /// The name is in parentheses and may contain any character, so the other fields start at the last parenthesis.
    fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.rsplit_once(") ")?;
        let (_, name) = head.split_once('(')?;
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks = |field: usize| fields.get(field)?.parse().ok().map(|ticks: u32| TICK * ticks);
        Some(Self {
            name: name.to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            own: ticks(11)? + ticks(12)?,
            ended_children: ticks(13)? + ticks(14)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_whatever_the_name_is() {
        let stat =
            Stat::parse("42 (a) b (c)) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 9 0 1 2 3").unwrap();
        assert_eq!((stat.name.as_str(), stat.parent), ("a) b (c)", 7));
        assert_eq!(stat.own, Duration::from_secs(2));
        assert_eq!(stat.ended_children, Duration::from_millis(500));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!((kib(status, "VmHWM:"), kib(status, "VmSwap:")), (Some(2048), None));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_uses_memory() {
        let memory = memory(std::process::id()).unwrap();
        assert!(memory.peak >= memory.resident && memory.resident > 0);
        let own = cpu(std::process::id());
        assert!(own.is_some() && family_cpu(std::process::id()) >= own);
    }
}
