//! What is measured of the connections to Postgres.

use metrics::{describe_gauge, gauge};

/// Open connections by `pool` (`core`: the host's own statements, `plugins`: those of plugins) and
/// `state`: `idle` or `busy`.
pub const CONNECTIONS: &str = "hostproof_db_pool_connections";
/// Connections that a `pool` may hold.
pub const CONNECTIONS_MAX: &str = "hostproof_db_pool_connections_max";

/// Tells the process's recorder what the names mean. Once, before the first database is connected.
pub fn describe() {
    describe_gauge!(CONNECTIONS, "Open connections to the database, by pool and state.");
    describe_gauge!(CONNECTIONS_MAX, "Connections a pool may hold.");
}

/// The connections of one pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PoolState {
    pub(crate) idle: usize,
    pub(crate) busy: usize,
    pub(crate) max: usize,
}

/// Sets a pool's gauges.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 connections")]
pub(crate) fn record(pool: &'static str, state: PoolState) {
    let PoolState { idle, busy, max } = state;
    gauge!(CONNECTIONS, "pool" => pool, "state" => "idle").set(idle as f64);
    gauge!(CONNECTIONS, "pool" => pool, "state" => "busy").set(busy as f64);
    gauge!(CONNECTIONS_MAX, "pool" => pool).set(max as f64);
}
