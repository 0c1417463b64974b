//! Archives that are long and unpack to what a short one holds: a deflate stream may begin with any
//! number of empty blocks, which every decoder reads and none keeps.

use bytes::Bytes;

use super::Shape;
use crate::target::Limits;

/// Length of the header that `flate2` writes.
const GZIP_HEADER: usize = 10;
/// A stored block without content that is not the last one.
const EMPTY_BLOCK: [u8; 5] = [0x00, 0x00, 0x00, 0xff, 0xff];
/// How many of them are sent in one piece.
const PIECE_BLOCKS: usize = 8 * 1024;
/// Of an archive that is padded and stays below every limit.
const SHORT: u64 = 64 * 1024;

/// How much an archive is padded, and whether its length is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Padding {
    /// Bytes in all, at least.
    pub length: u64,
    /// Whether the server says how long it is.
    pub announced: bool,
}

impl Padding {
    /// What a shape asks for.
    pub fn of(shape: Shape, limits: &Limits) -> Option<Self> {
        let (length, announced) = match shape {
            Shape::Padded => (SHORT, true),
            Shape::OverCap => (limits.artifact_bytes.saturating_add(1), true),
            Shape::OverCapUnannounced => (limits.artifact_bytes.saturating_add(1), false),
            _ => return None,
        };
        Some(Self { length, announced })
    }
}

/// The archive in pieces, padded to at least `length` bytes, and its length then.
pub fn padded(archive: &Bytes, length: u64) -> (u64, impl Iterator<Item = Bytes> + use<>) {
    let head = archive.slice(..GZIP_HEADER.min(archive.len()));
    let rest = archive.slice(head.len()..);
    let block = EMPTY_BLOCK.len() as u64;
    let blocks = length.saturating_sub(archive.len() as u64).div_ceil(block);
    let piece = Bytes::from(EMPTY_BLOCK.repeat(PIECE_BLOCKS));
    let whole = blocks / PIECE_BLOCKS as u64;
    let left = usize::try_from(blocks % PIECE_BLOCKS as u64).unwrap_or_default();
    let last = piece.slice(..left * EMPTY_BLOCK.len());
    let padding = (0..whole).map(move |_| piece.clone());
    let pieces = std::iter::once(head).chain(padding).chain([last, rest]);
    (archive.len() as u64 + blocks * block, pieces.filter(|piece| !piece.is_empty()))
}
