//! The storage crate against real servers.
