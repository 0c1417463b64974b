//! Hostproof: a conformance suite that judges any plugin host at a URL.
//!
//! The specification is a ledger of sentences ([`ledger`]), cases ([`case`]) judge them, the [`runner`]
//! takes a case's steps against a host, and a verdict ([`evidence`]) rests on what the host sent or does
//! not exist. [`report`] writes it all down.
//!
//! Deliberately absent: any code of a host. The suite reads and writes the wire by itself, so that it
//! cannot agree with a host's mistakes.

pub mod aliases;
pub mod baseline;
pub mod case;
pub mod cli;
pub mod client;
pub mod compare;
mod errors;
pub mod evidence;
pub mod exit;
mod expectation;
pub mod explain;
pub mod ledger;
pub mod matcher;
mod page;
pub mod patch;
pub mod peers;
pub mod report;
pub mod runner;
pub mod sighting;
pub mod site;
pub mod sources;
pub mod suggest;
pub mod suite;
pub mod target;
pub mod vars;
pub mod verify;
pub mod world;
