//! API keys: random, shown once, stored as a hash.

use storage::api_keys::KeyHash;

/// Marks our keys, so that secret scanners and people recognise one that leaked.
const PREFIX: &str = "hpk_";

/// Random bytes of a key. 256 bits cannot be guessed, which is why a fast hash is enough to store
/// them: unlike a password, there is nothing to try.
const RANDOM_BYTES: usize = 32;

/// A new key: what the user sees once, and what is stored.
#[derive(Debug)]
pub struct NewApiKey {
    /// The key itself.
    pub key: String,
    /// Its hash.
    pub hash: KeyHash,
}

/// Makes a key.
pub fn generate() -> NewApiKey {
    let random: [u8; RANDOM_BYTES] = rand::random();
    let key = format!("{PREFIX}{}", hex::encode(random));
    let hash = KeyHash::of(&key);
    NewApiKey { key, hash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_and_are_stored_under_their_hash() {
        let (one, two) = (generate(), generate());
        assert_ne!(one.key, two.key);
        assert_eq!(one.hash, KeyHash::of(&one.key));
        assert_eq!(one.key.len(), PREFIX.len() + 2 * RANDOM_BYTES);
    }
}
