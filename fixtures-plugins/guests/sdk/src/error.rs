//! Errors that become responses.

use std::fmt;

use serde::Serialize;

use crate::{HostError, Response};

/// Why a handler did not do what was asked: what the caller reads, and what only the log reads.
///
/// `?` makes one of a [`HostError`] (500, the host's words go to the log). A plugin's own error type becomes a
/// response by `From`:
///
/// ```
/// use hostproof_guest::Error;
///
/// enum Refused {
///     Full { most: u32 },
///     Closed,
/// }
///
/// impl From<Refused> for Error {
///     fn from(refused: Refused) -> Self {
///         match refused {
///             Refused::Full { most } => Error::conflict(format!("there are {most} already")),
///             Refused::Closed => Error::new(410, "CLOSED", "this list is closed"),
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: u16,
    code: &'static str,
    message: String,
    cause: Option<String>,
}

impl Error {
    /// An error the caller may read in full.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), cause: None }
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BAD_REQUEST", message)
    }

    /// 403: the caller may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "FORBIDDEN", message)
    }

    /// 404: there is no such thing.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(404, "NOT_FOUND", format!("no such {what}"))
    }

    /// 409: what is there already is against it.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "CONFLICT", message)
    }

    /// 500: something the caller can do nothing about. The cause goes to the log.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(500, "INTERNAL_ERROR", "the plugin could not complete the request")
            .caused_by(cause)
    }

    /// 502: another server, which the plugin asked, is to blame. The cause goes to the log.
    pub fn bad_gateway(cause: impl fmt::Display) -> Self {
        Self::new(502, "BAD_GATEWAY", "another server did not answer as it should").caused_by(cause)
    }

    /// Adds what only the log reads.
    #[must_use]
    pub fn caused_by(self, cause: impl fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// The status it answers.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The code it answers.
    pub fn code(&self) -> &str {
        self.code
    }

    /// The answer, in the shape of the host's own errors. The cause is not part of it.
    pub fn to_response(&self) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            success: bool,
            error_code: &'a str,
            error: &'a str,
        }
        Response::json(
            self.status,
            &Body { success: false, error_code: self.code, error: &self.message },
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.code, self.message)?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for Error {}

impl From<HostError> for Error {
    /// A host function that failed is the plugin's trouble, not the caller's: 500, details to the log.
    fn from(error: HostError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_does_not_see_what_the_host_said() {
        let error = Error::from(HostError::from_text("db_exec", "syntax_error: near secret_table"));
        let shown = String::from_utf8_lossy(error.to_response().body()).into_owned();
        assert!(shown.contains("INTERNAL_ERROR"), "{shown}");
        assert!(!shown.contains("secret_table"), "{shown}");
        assert!(error.to_string().contains("secret_table"), "the log does see it");
    }
}
