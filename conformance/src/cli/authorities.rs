//! The authorities of the suite's servers, as several commands need them: made where they are not there
//! yet, and asked whether they vouch for the names of today.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Failed, chain};
use crate::peers::{Authority, AuthorityError};

/// An authority that is there now.
pub(super) struct Provided {
    /// Its file.
    pub path: PathBuf,
    /// What it vouches for.
    pub hosts: Vec<String>,
    /// Whether it was made by us.
    pub made: bool,
    /// Its certificate, as text.
    pub pem: String,
    /// The same as bytes.
    pub der: Vec<u8>,
}

/// Every authority, made if it is not there. One that does not vouch for its names is an error: a host
/// that trusts it would refuse the suite.
pub(super) fn provide(wanted: BTreeMap<PathBuf, Vec<String>>) -> Result<Vec<Provided>, Failed> {
    let each = wanted.into_iter().map(|(path, hosts)| one(path, hosts));
    each.collect::<Result<_, _>>().map_err(|error| Failed::usage(chain(&error)))
}

fn one(path: PathBuf, hosts: Vec<String>) -> Result<Provided, AuthorityError> {
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let (authority, made) = Authority::at(&path, &names)?;
    let der = authority.der_vouching_for(&names)?;
    let pem = authority.certificate().to_owned();
    Ok(Provided { path, hosts, made, pem, der })
}
