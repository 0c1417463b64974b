//! A guest's way into the host's log: `log`, and what it writes to standard output and error.
//!
//! All of it is tagged with the plugin's name, cut to whole single lines of bounded length, and
//! bounded in number: a guest can neither fill a disk nor write lines that look like the host's.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use contract::name::PluginName;
use metrics::Counter;
use policy::Limits;

/// How urgent a line is, as guests say it (facts 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

impl Level {
    /// From the number a guest passes to `log`: everything beyond the known ones is an error.
    pub(crate) fn from_number(level: i32) -> Self {
        match level {
            0 => Self::Debug,
            1 => Self::Info,
            2 => Self::Warn,
            _ => Self::Error,
        }
    }
}

/// What a guest writes to without `log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output: logged as information.
    Stdout,
    /// Standard error: logged as a warning; language runtimes print their last words here.
    Stderr,
}

/// The log of one instance.
#[derive(Debug)]
pub(crate) struct GuestLog {
    plugin: PluginName,
    message_bytes: usize,
    messages_per_call: usize,
    /// Messages the running call may still write.
    left: AtomicUsize,
    /// Counts those it may not.
    dropped: Counter,
    /// What has been written to each stream since its last line break.
    open_lines: [Mutex<OpenLine>; 2],
}

#[derive(Debug, Default)]
struct OpenLine {
    kept: Vec<u8>,
    /// Bytes of the line, those beyond what is kept included.
    bytes: usize,
}

impl GuestLog {
    pub(crate) fn new(plugin: PluginName, limits: &Limits, dropped: Counter) -> Self {
        Self {
            plugin,
            message_bytes: limits.log_message_bytes,
            messages_per_call: limits.log_messages_per_call,
            left: AtomicUsize::new(limits.log_messages_per_call),
            dropped,
            open_lines: Default::default(),
        }
    }

    /// A new call may log as much as any.
    pub(crate) fn begin_call(&self) {
        self.left.store(self.messages_per_call, Ordering::Relaxed);
    }

    /// Writes lines that the call left without an end.
    pub(crate) fn end_call(&self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let line = std::mem::take(&mut *self.open_line(stream));
            if line.bytes > 0 {
                self.write_line(stream.level(), &line.kept, line.bytes);
            }
        }
    }

    /// Whether `log` need read its message at all.
    pub(crate) fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// A message that may not be written any more.
    pub(crate) fn drop_message(&self) {
        self.dropped.increment(1);
    }

    /// One message of `log`.
    pub(crate) fn message(&self, level: Level, message: &[u8]) {
        let kept = message.get(..self.message_bytes).unwrap_or(message);
        self.write_line(level, kept, message.len());
    }

    /// Bytes written to a stream: each finished line is a message.
    pub(crate) fn stream(&self, stream: Stream, bytes: &[u8]) {
        let mut open = self.open_line(stream);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match piece.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (piece, false),
            };
            let room = self.message_bytes.saturating_sub(open.kept.len());
            open.kept.extend_from_slice(text.get(..room).unwrap_or(text));
            open.bytes += text.len();
            if ended {
                let line = std::mem::take(&mut *open);
                self.write_line(stream.level(), &line.kept, line.bytes);
            }
        }
    }

    fn open_line(&self, stream: Stream) -> std::sync::MutexGuard<'_, OpenLine> {
        // Nothing that holds the lock can leave a line half changed.
        self.open_lines[stream as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first message that may not be written is where the log says so.
    fn write_line(&self, level: Level, kept: &[u8], bytes: usize) {
        let spend = |left: usize| left.checked_sub(1);
        let Ok(left) = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend) else {
            return self.drop_message();
        };
        let (plugin, line) = (&self.plugin, one_line(kept, bytes));
        match level {
            Level::Debug => tracing::debug!(target: "plugin", %plugin, "{line}"),
            Level::Info => tracing::info!(target: "plugin", %plugin, "{line}"),
            Level::Warn => tracing::warn!(target: "plugin", %plugin, "{line}"),
            Level::Error => tracing::error!(target: "plugin", %plugin, "{line}"),
        }
        if left == 1 {
            tracing::warn!(%plugin, "the guest has logged as much as one call may; the rest is dropped");
        }
    }
}

impl Stream {
    fn level(self) -> Level {
        match self {
            Self::Stdout => Level::Info,
            Self::Stderr => Level::Warn,
        }
    }
}

/// The message as one line. Line breaks and other control characters are escaped, so that a guest
/// cannot write lines that look like the host's own.
fn one_line(kept: &[u8], bytes: usize) -> String {
    let mut line = String::with_capacity(kept.len());
    for character in String::from_utf8_lossy(kept).chars() {
        if character.is_control() {
            // Writing to a string cannot fail.
            let _ = write!(line, "{}", character.escape_default());
        } else {
            line.push(character);
        }
    }
    if kept.len() < bytes {
        let _ = write!(line, " … [{bytes} bytes in all]");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_bounded_line() {
        let line = |message: &[u8], limit: usize| {
            one_line(message.get(..limit).unwrap_or(message), message.len())
        };
        assert_eq!(line(b"plain", 8), "plain");
        assert_eq!(line(b"a\nINFO fake\x1b[0m", 64), "a\\nINFO fake\\u{1b}[0m");
        assert_eq!(line(b"0123456789", 4), "0123 … [10 bytes in all]");
        assert_eq!(line(&[0xff, b'x'], 8), "\u{fffd}x");
    }
}
