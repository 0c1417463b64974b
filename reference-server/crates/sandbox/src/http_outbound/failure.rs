//! What the guest is told of a failed exchange.
//!
//! The kind of failure and no more: the rest describes the host's network, and goes to the log.

use std::error::Error;
use std::io;

use policy::outbound::{OutboundRefusal, code};
use rustls::CertificateError;

/// A refusal of ours as it is; anything else by its kind.
pub(super) fn refusal(error: &reqwest::Error) -> OutboundRefusal {
    let found = causes(error).find_map(|cause| {
        let ours = cause.downcast_ref::<OutboundRefusal>().cloned();
        ours.or_else(|| tls_error(cause).map(tls_failed)).or_else(|| headers_too_large(cause))
    });
    if let Some(refusal) = found {
        return refusal;
    }
    tracing::debug!(error = chain(error), "outbound request failed");
    let message =
        if error.is_connect() { "no connection could be made" } else { "the exchange broke off" };
    OutboundRefusal::new(code::CONNECTION_FAILED, message)
}

/// An error and its causes in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// An error of TLS, also where it travels inside IO errors, which do not list it as a cause.
fn tls_error<'a>(mut cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        cause = inner;
    }
    cause.downcast_ref()
}

fn tls_failed(error: &rustls::Error) -> OutboundRefusal {
    use CertificateError as C;
    tracing::debug!(%error, "outbound TLS failed");
    let message = match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            // The second: by somebody of the same name.
            C::UnknownIssuer | C::BadSignature => "the certificate's authority is not trusted",
            C::Expired | C::ExpiredContext { .. } => "the certificate has expired",
            C::NotValidYet | C::NotValidYetContext { .. } => "the certificate is not valid yet",
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            _ => "the certificate is not valid",
        },
        _ => "no TLS connection could be agreed on",
    };
    OutboundRefusal::new(code::TLS_FAILED, message)
}

fn headers_too_large(cause: &(dyn Error + 'static)) -> Option<OutboundRefusal> {
    let error = cause.downcast_ref::<hyper::Error>()?;
    let message = "the response has more headers than are read";
    error.is_parse_too_large().then(|| OutboundRefusal::new(code::HEADERS_TOO_LARGE, message))
}
