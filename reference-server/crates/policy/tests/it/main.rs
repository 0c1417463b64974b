//! The specification's decisions as tables of examples.

mod archives;
mod outbound;
mod permissions;
mod sql;
mod sql_migrations;
