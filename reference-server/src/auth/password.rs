//! Passwords: argon2id, off the async threads and never more at once than memory allows.

use std::sync::Arc;

use argon2::{
    Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier as _,
    password_hash::{SaltString, rand_core::OsRng},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::config::Secret;

/// The shortest password accepted, in characters (NIST SP 800-63B, 3.1.1.2).
pub const MIN_PASSWORD_CHARS: usize = 8;

/// The longest password accepted, in bytes: argon2 reads all of it, so a body of a megabyte would
/// be a cheap way to keep a core busy.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Hashes computed at once. Each takes 19 MiB and one core for tens of milliseconds; the limit
/// keeps a burst of sign-ins from taking the memory and the cores of everything else.
const CONCURRENT_HASHES: usize = 4;

/// Why a password could not be hashed or checked. Never the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The stored hash is not an argon2 hash.
    #[error("argon2 failed: {0}")]
    Argon2(argon2::password_hash::Error),
    /// The hashing thread panicked or the runtime is going down.
    #[error("the hashing task did not finish")]
    Task(#[from] tokio::task::JoinError),
}

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    /// Hash of a password nobody has, checked when the user name is unknown, so that the answer
    /// takes as long as for a known one.
    decoy: Arc<str>,
}

impl Passwords {
    /// Prepares the decoy hash.
    pub fn new() -> Result<Self, PasswordError> {
        let decoy = hash_now(&uuid::Uuid::new_v4().to_string())?;
        Ok(Self { permits: Arc::new(Semaphore::new(CONCURRENT_HASHES)), decoy: decoy.into() })
    }

    /// Hash of `password` in PHC format, with a fresh salt.
    pub async fn hash(&self, password: Secret) -> Result<String, PasswordError> {
        self.run(move || hash_now(password.expose())).await
    }

    /// Whether `password` belongs to `hash`. Without a hash (no such user) the answer is `false`
    /// and takes just as long.
    pub async fn verify(
        &self,
        password: Secret,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy.to_string());
        let matches = self
            .run(move || {
                let parsed = PasswordHash::new(&hash).map_err(PasswordError::Argon2)?;
                match Argon2::default().verify_password(password.expose().as_bytes(), &parsed) {
                    Ok(()) => Ok(true),
                    Err(argon2::password_hash::Error::Password) => Ok(false),
                    Err(error) => Err(PasswordError::Argon2(error)),
                }
            })
            .await?;
        Ok(matches && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        // The semaphore is never closed; if it were, hashing without a permit is still correct.
        let _permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        spawn_blocking(work).await?
    }
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    let salt = SaltString::generate(&mut OsRng);
    Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(PasswordError::Argon2)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed hash is the test's failure")]

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".to_owned().into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        for (password, stored, expected) in [
            ("correct horse", Some(hash.clone()), true),
            ("wrong horse", Some(hash), false),
            ("correct horse", None, false),
        ] {
            let verified = passwords.verify(password.to_owned().into(), stored).await.unwrap();
            assert_eq!(verified, expected, "{password}");
        }
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_none_is_an_error_not_a_refusal() {
        let passwords = Passwords::new().unwrap();
        let result = passwords.verify("x".to_owned().into(), Some("plain".into())).await;
        assert!(matches!(result, Err(PasswordError::Argon2(_))), "{result:?}");
    }
}
