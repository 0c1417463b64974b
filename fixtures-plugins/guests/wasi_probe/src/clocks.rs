//! Time: two clocks, and waiting.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use hostproof_guest::db;
use serde::Deserialize;

use crate::sys;

/// How often a clock is read before it counts as standing still. Real clocks of every kind move within far
/// fewer readings.
const READINGS: u32 = 200_000;

/// One of the system's clocks.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Clock {
    /// Time of day.
    Wall,
    /// Time since some beginning.
    Monotonic,
}

impl Clock {
    /// The reading in nanoseconds.
    pub(crate) fn read(self) -> io::Result<u64> {
        sys::clock(match self {
            Self::Wall => 0,
            Self::Monotonic => 1,
        })
    }

    /// Whether it moves on between two readings.
    pub(crate) fn advances(self) -> io::Result<bool> {
        let before = self.read()?;
        for _ in 0..READINGS {
            if self.read()? > before {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The distance in whole seconds between this wall clock and the database's.
pub(crate) fn off_from_database() -> Result<u64, String> {
    let here = Clock::Wall.read().map_err(|error| error.to_string())? / 1_000_000_000;
    let sql = "SELECT abs(extract(epoch FROM now())::bigint - $1::bigint)";
    db::query_one(sql, (here,)).map_err(|error| error.to_string())
}

/// Sleeps, and says how many milliseconds it took by the monotonic clock.
pub(crate) fn sleep(ms: u64) -> io::Result<u64> {
    let began = Instant::now();
    thread::sleep(Duration::from_millis(ms));
    u64::try_from(began.elapsed().as_millis()).map_err(io::Error::other)
}
