//! Decisions and values by chapters of the specification, some of them in two files.

mod catalog;
mod core;
mod events;
mod exchange;
mod fetch;
mod grants;
mod lifecycle;
mod limits;
mod middleware;
mod routing;
mod services;
mod sql;
mod sql_values;

use crate::catalogue::{Entry, How};

/// The mutant that changes nothing. One that dies says that something else is wrong.
const CONTROL: &[Entry] = &[Entry {
    name: "control",
    sentences: &[],
    what: "changes nothing, and has to survive",
    how: How::Nothing,
}];

/// The chapters.
pub(crate) const ALL: &[(&str, &[Entry])] = &[
    ("control", CONTROL),
    ("core", core::MUTANTS),
    ("events", events::MUTANTS),
    ("fetch", fetch::MUTANTS),
    ("fetch", exchange::MUTANTS),
    ("grants", grants::MUTANTS),
    ("lifecycle", lifecycle::MUTANTS),
    ("lifecycle", catalog::MUTANTS),
    ("limits", limits::MUTANTS),
    ("middleware", middleware::MUTANTS),
    ("routing", routing::MUTANTS),
    ("services", services::MUTANTS),
    ("sql", sql::MUTANTS),
    ("sql", sql_values::MUTANTS),
];
