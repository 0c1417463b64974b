//! Ordinary archives, packed once: most plugins of the suite have the same module, and packing it is most of
//! what publishing one takes.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::target::Limits;

/// Smaller files are packed sooner than looked up, and hardly any two plugins share them.
const WORTH_KEEPING: usize = 16 * 1024;

/// Archives by what is in them.
#[derive(Debug, Default)]
pub struct Packed(Mutex<HashMap<[u8; 32], Bytes>>);

impl Packed {
    /// The `tar.gz` of `files`.
    pub fn ordinary(&self, files: &[(String, Vec<u8>)], limits: &Limits) -> io::Result<Bytes> {
        let pack = || super::build(files, None, limits).map(Bytes::from);
        if files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() < WORTH_KEEPING {
            return pack();
        }
        let content = content(files);
        if let Some(archive) = self.lock().get(&content) {
            return Ok(archive.clone());
        }
        let archive = pack()?;
        self.lock().insert(content, archive.clone());
        Ok(archive)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names and contents, each with its length, so that no two lists are the same text.
fn content(files: &[(String, Vec<u8>)]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in files.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes.as_slice()]) {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn large(name: &str, byte: u8) -> Vec<(String, Vec<u8>)> {
        vec![(name.to_owned(), vec![byte; WORTH_KEEPING])]
    }

    #[test]
    fn what_is_in_it_decides_which_archive_it_is() {
        let (packed, limits) = (Packed::default(), Limits::default());
        let archive = |files: &[_]| packed.ordinary(files, &limits).unwrap();
        let first = archive(&large("a", 1));
        assert_eq!(first, super::super::build(&large("a", 1), None, &limits).unwrap());
        assert_eq!(first.as_ptr(), archive(&large("a", 1)).as_ptr(), "it was packed twice");
        for other in [large("b", 1), large("a", 2), Vec::new()] {
            assert_eq!(archive(&other), super::super::build(&other, None, &limits).unwrap());
            assert_ne!(archive(&other), first);
        }
    }
}
