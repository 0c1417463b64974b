//! Where a redirect leads, and what goes along (RFC 9110, 15.4).
//!
//! A redirect is the other side's wish, not the plugin's: the URL is judged like the plugin's own,
//! and what the plugin meant for one origin does not go to another.

use url::Url;

use super::refusal::{OutboundRefusal, code};

/// Request headers that go along when a redirect leads to another origin: those that say what the
/// body is and which answer is welcome. Every other one may be a credential (`Authorization` and
/// `Cookie` are; `X-Api-Key` and `Private-Token` are, too, and nobody can list them all).
pub const CROSS_ORIGIN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-encoding",
    "content-language",
    "content-type",
    "range",
    "user-agent",
];

/// One request of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// Where it went.
    pub url: &'a Url,
    /// Its method, in capitals.
    pub method: &'a str,
    /// Its headers, names in lower case.
    pub headers: &'a [(String, String)],
}

/// The request after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// The checked address.
    pub url: Url,
    /// Its method.
    pub method: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Whether the body goes along.
    pub keeps_body: bool,
}

/// What a status makes of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The method of the next request.
    pub method: String,
    /// Whether the body goes along.
    pub keeps_body: bool,
}

/// Decisions on redirects.
#[derive(Clone, Debug)]
pub struct RedirectPolicy {
    /// Statuses that redirect, given a `Location`. Any other response is an answer.
    pub statuses: &'static [u16],
    /// What the status makes of the method.
    pub rewrite: fn(status: u16, method: &str) -> Rewritten,
    /// Whether a request header goes to another origin.
    pub crosses_origins: fn(name: &str) -> bool,
    /// Whether https may lead to http. A page must not be able to turn a confidential request into
    /// a readable one.
    pub may_downgrade: bool,
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        Self {
            statuses: &[301, 302, 303, 307, 308],
            rewrite,
            crosses_origins: |name| CROSS_ORIGIN_HEADERS.contains(&name),
            may_downgrade: false,
        }
    }
}

impl RedirectPolicy {
    /// The next request, or `None` when the response is the answer. `check` judges the new URL.
    pub(super) fn next(
        &self,
        hop: Hop<'_>,
        status: u16,
        location: Option<&[u8]>,
        check: impl FnOnce(&str) -> Result<Url, OutboundRefusal>,
    ) -> Result<Option<NextHop>, OutboundRefusal> {
        let Some(location) = location.filter(|_| self.statuses.contains(&status)) else {
            return Ok(None);
        };
        let target = std::str::from_utf8(location)
            .ok()
            .and_then(|location| hop.url.join(location).ok())
            .ok_or_else(|| refused("the location is no URL"))?;
        let url = check(target.as_str()).map_err(|refusal| refusal.of_redirect())?;
        if hop.url.scheme() == "https" && url.scheme() != "https" && !self.may_downgrade {
            return Err(refused("from https to http"));
        }
        let Rewritten { method, keeps_body } = (self.rewrite)(status, hop.method);
        let stays = url.origin() == hop.url.origin();
        let goes_along = |name: &str| {
            (stays || (self.crosses_origins)(name)) && (keeps_body || !name.starts_with("content-"))
        };
        let headers = hop.headers.iter().filter(|(name, _)| goes_along(name)).cloned().collect();
        Ok(Some(NextHop { url, method, headers, keeps_body }))
    }
}

/// 303 asks for another document, and nothing is sent for that. 301 and 302 turn POST into GET, as
/// every client does since they misread RFC 1945; the newer two exist because of that and change
/// nothing.
fn rewrite(status: u16, method: &str) -> Rewritten {
    let bare = |method: &str| Rewritten { method: method.to_owned(), keeps_body: false };
    match (status, method) {
        (303, "HEAD") => bare("HEAD"),
        (303, _) | (301 | 302, "POST") => bare("GET"),
        _ => Rewritten { method: method.to_owned(), keeps_body: true },
    }
}

fn refused(reason: &str) -> OutboundRefusal {
    OutboundRefusal::new(code::REDIRECT_NOT_ALLOWED, format!("redirect refused: {reason}"))
}

impl OutboundRefusal {
    /// The refusal of a hop that the plugin did not write itself. What broke the rule is in the
    /// message.
    #[must_use]
    pub fn of_redirect(&self) -> Self {
        refused(&self.to_string())
    }
}
