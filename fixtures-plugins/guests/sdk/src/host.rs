//! How a host function fails.

use std::fmt;

use crate::raw::Written;

/// A host function that did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostError {
    /// The function, by its import name.
    pub function: &'static str,
    /// The stable code that starts the host's text (`code: explanation`), or `unspecified` when the host gave
    /// none, or `no_answer` when it wrote nothing at all.
    pub code: String,
    /// What the host said, for the log: it may quote SQL or addresses.
    pub message: String,
}

impl HostError {
    /// Reads the text a host function reported.
    pub(crate) fn from_text(function: &'static str, text: &str) -> Self {
        let is_code = |code: &str| {
            !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        match text.split_once(": ") {
            Some((code, message)) if is_code(code) => {
                Self { function, code: code.to_owned(), message: message.to_owned() }
            }
            _ => Self { function, code: "unspecified".to_owned(), message: text.to_owned() },
        }
    }

    pub(crate) fn no_answer(function: &'static str) -> Self {
        Self {
            function,
            code: "no_answer".to_owned(),
            message: "the host wrote nothing".to_owned(),
        }
    }

    /// An answer that breaks the ABI.
    pub(crate) fn bad_answer(function: &'static str, why: impl fmt::Display) -> Self {
        Self { function, code: "bad_answer".to_owned(), message: why.to_string() }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.function, self.message, self.code)
    }
}

impl std::error::Error for HostError {}

/// The bytes of an answer that had to be written.
pub(crate) fn bytes(function: &'static str, written: Written) -> Result<Vec<u8>, HostError> {
    match written {
        Written::Bytes(bytes) => Ok(bytes),
        Written::Nothing => Err(HostError::no_answer(function)),
        Written::Invalid { address, len } => Err(HostError::bad_answer(
            function,
            format_args!("{len} bytes at {address} are not memory the host was given"),
        )),
    }
}

/// The status of a function that answers 1 or 0.
pub(crate) fn status(function: &'static str, status: i32) -> Result<(), HostError> {
    if status == 1 {
        Ok(())
    } else {
        Err(HostError::from_text(function, "the host refused or failed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_read_off_the_text() {
        let error = HostError::from_text("db_exec", "permission_denied: table users: no");
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("permission_denied", "table users: no")
        );
    }

    #[test]
    fn text_without_a_code_is_kept_whole() {
        let error = HostError::from_text("db_exec", "ERROR: duplicate key");
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("unspecified", "ERROR: duplicate key")
        );
    }
}
