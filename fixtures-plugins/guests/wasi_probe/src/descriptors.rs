//! What descriptors there are beside the three standard streams: none, if the host is right.

use std::ops::Range;

use crate::sys;

/// Past the standard streams, and further than anything that a host would open for a guest.
const BEYOND_STREAMS: Range<u32> = 3..64;
/// Standard streams included: none of them may be a socket.
const ALL: Range<u32> = 0..64;

/// The directories that the host opened for this guest.
pub(crate) fn preopened() -> Vec<u32> {
    BEYOND_STREAMS.filter(|&descriptor| sys::is_preopened(descriptor)).collect()
}

/// The descriptors that can accept, receive, send or shut down.
pub(crate) fn sockets() -> Vec<u32> {
    ALL.filter(|&descriptor| sys::is_socket(descriptor)).collect()
}
