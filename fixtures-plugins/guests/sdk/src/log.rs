//! Lines in the host's log, tagged there with the plugin's name.

use std::fmt::Display;

use crate::raw;

/// For whoever debugs the plugin.
pub fn debug(message: impl Display) {
    raw::log(0, &message.to_string());
}

/// For whoever runs the host.
pub fn info(message: impl Display) {
    raw::log(1, &message.to_string());
}

/// Something was wrong, and the plugin went on.
pub fn warn(message: impl Display) {
    raw::log(2, &message.to_string());
}

/// Something failed.
pub fn error(message: impl Display) {
    raw::log(3, &message.to_string());
}
