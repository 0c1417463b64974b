//! Ids that follow from names, so that a scenario need not invent any.

use sha2::{Digest as _, Sha256};
use uuid::Builder;
use uuid::Uuid;

/// The id of something that is called so.
pub(super) fn of(kind: &str, name: &str) -> Uuid {
    let digest = Sha256::digest(format!("golden/{kind}/{name}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Builder::from_random_bytes(bytes).into_uuid()
}
