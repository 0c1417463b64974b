//! What Postgres stores instead of a password.
//!
//! Sending the verifier rather than the password keeps the password out of the server's statement
//! log. The format is Postgres's own: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, after
//! RFC 5802.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// Rounds of PBKDF2. Stretching slows down guessing, and a password of 256 random bits cannot be
/// guessed; more rounds would only make every login of every plugin session slower.
const ITERATIONS: u32 = 1;

/// The verifier of a password, salted with a hash of the role's name: unique per role, and the same
/// whenever it is computed.
pub(super) fn verifier(role: &str, password: &str) -> String {
    let salt = &Sha256::digest(role.as_bytes())[..16];
    let salted = pbkdf2(password.as_bytes(), salt, ITERATIONS);
    let stored = Sha256::digest(hmac(&salted, b"Client Key"));
    let server = hmac(&salted, b"Server Key");
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored),
        STANDARD.encode(server)
    )
}

/// PBKDF2-HMAC-SHA-256 with one block of output.
fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut block = hmac(password, &[salt, &1u32.to_be_bytes()].concat());
    let mut sum = block;
    for _ in 1..iterations {
        block = hmac(password, &block);
        sum.iter_mut().zip(block).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

fn hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pbkdf2_gives_the_published_vectors() {
        let vector = |iterations| hex::encode(pbkdf2(b"password", b"salt", iterations));
        assert_eq!(vector(1), "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b");
        assert_eq!(vector(2), "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43");
    }
}
