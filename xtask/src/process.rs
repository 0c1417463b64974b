//! What the system says about a running process.

use std::{fs, time::Duration};

use anyhow::{Context as _, Result};
use nix::unistd::{SysconfVar, sysconf};

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// What is in memory now.
    pub(crate) resident: u64,
    /// The most that ever was.
    pub(crate) peak: u64,
}

/// The memory of a process.
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        kibibytes
            .map(|kibibytes: u64| kibibytes * 1024)
            .with_context(|| format!("{name} in {path}"))
    };
    Ok(Memory { resident: bytes("VmRSS")?, peak: bytes("VmHWM")? })
}

/// The time that processors worked for a process, of all its threads, in its own code and the system's.
pub(crate) fn processor_time(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    // The second field is a name, in parentheses, and may hold anything.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let mut times = fields.skip(11).take(2).map(str::parse::<u64>);
    let ticks = match (times.next(), times.next()) {
        (Some(Ok(own)), Some(Ok(system))) => own + system,
        _ => anyhow::bail!("{path} has another form than expected"),
    };
    let per_second = sysconf(SysconfVar::CLK_TCK)?.context("the system's clock ticks")?;
    Ok(Duration::from_secs(ticks) / u32::try_from(per_second)?)
}

#[cfg(test)]
mod tests {
    use std::{hint::black_box, process::id, time::Instant};

    use super::*;

    #[test]
    fn our_own_memory_and_time_are_known() {
        let Memory { resident, peak } = memory(id()).expect("our memory");
        assert!(resident > 0 && resident <= peak);
        let (began, before) = (Instant::now(), processor_time(id()).expect("our time"));
        // Other tests run beside this one: more may be counted, never less.
        while processor_time(id()).expect("our time") < before + Duration::from_millis(50) {
            assert!(began.elapsed() < Duration::from_secs(30));
            black_box((0..100_000_u64).map(black_box).sum::<u64>());
        }
    }
}
