//! Sessions that ended before their tokens expired.
//!
//! Tokens say by themselves until when they are good; this is the short list of exceptions: sessions
//! that were signed out of, and refresh tokens that were exchanged for new ones. It lives in this
//! process. A replica or a restarted process does not know it; what bounds the damage there is that
//! a refresh token carries a stamp of the password it was issued under, so that changing the
//! password ends every session everywhere.

use std::time::Duration;

use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How many exceptions are kept at most; beyond that the least used are forgotten. A few MiB, and
/// more sign-outs within a refresh token's lifetime than one host has users.
const CAPACITY: u64 = 100_000;

/// The exceptions.
#[derive(Debug)]
pub struct Sessions {
    ended: Cache<Uuid, ()>,
    exchanged: Cache<Uuid, ()>,
}

impl Sessions {
    /// Remembers exceptions for as long as a refresh token lives; after that there is nothing left
    /// to refuse.
    pub fn new(refresh_ttl: Duration) -> Self {
        let cache = || Cache::builder().max_capacity(CAPACITY).time_to_live(refresh_ttl).build();
        Self { ended: cache(), exchanged: cache() }
    }

    /// Ends a session.
    pub fn end(&self, session: Uuid) {
        self.ended.insert(session, ());
    }

    /// Whether a session was ended.
    pub fn is_ended(&self, session: Uuid) -> bool {
        self.ended.contains_key(&session)
    }

    /// Takes a refresh token, by its id, in exchange for new ones: once.
    ///
    /// The same token a second time means that two parties have it. Nobody can tell which of them
    /// is the user, so the session ends for both (RFC 9700, 4.14.2).
    pub fn exchange(&self, session: Uuid, token: Uuid) -> bool {
        if self.is_ended(session) {
            return false;
        }
        let first = self.exchanged.entry(token).or_insert(()).is_fresh();
        if !first {
            self.end(session);
        }
        first
    }
}

/// A stamp of a password hash: changes with the password, tells nothing about it.
pub fn password_stamp(password_hash: &str) -> String {
    hex::encode(&Sha256::digest(password_hash.as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_exchanged_once_and_a_replay_ends_the_session() {
        let sessions = Sessions::new(Duration::from_mins(1));
        let (session, first, second) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
        assert!(sessions.exchange(session, first));
        assert!(!sessions.is_ended(session));
        assert!(!sessions.exchange(session, first), "replay");
        assert!(sessions.is_ended(session));
        assert!(!sessions.exchange(session, second), "ended for whoever holds the newer token too");
        assert!(sessions.exchange(Uuid::new_v4(), second), "other sessions are unaffected");
    }
}
