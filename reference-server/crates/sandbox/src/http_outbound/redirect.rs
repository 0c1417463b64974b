//! Where a redirect leads, and what goes along (RFC 9110, 15.4).

use bytes::Bytes;
use policy::outbound::{CREDENTIAL_HEADERS, OutboundRefusal, code};
use url::Url;

/// One request of a chain.
#[derive(Clone, Debug)]
pub(super) struct Hop {
    pub(super) url: Url,
    pub(super) method: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// The request that a response asks for next, or `None` when it is the answer. `check` judges the
/// new URL.
pub(super) fn next(
    hop: &Hop,
    response: &reqwest::Response,
    check: impl FnOnce(&str) -> Result<Url, OutboundRefusal>,
) -> Result<Option<Hop>, OutboundRefusal> {
    let status = response.status().as_u16();
    let location = response.headers().get(reqwest::header::LOCATION);
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, location) else {
        return Ok(None);
    };
    let target = location
        .to_str()
        .ok()
        .and_then(|location| hop.url.join(location).ok())
        .ok_or_else(|| refusal("the location is no URL"))?;
    let url = check(target.as_str()).map_err(|refused| refusal(&refused.to_string()))?;
    // A page must not be able to turn a confidential request into a readable one.
    if hop.url.scheme() == "https" && url.scheme() == "http" {
        return Err(refusal("from https to http"));
    }
    Ok(Some(follow(hop, status, url)))
}

fn follow(hop: &Hop, status: u16, url: Url) -> Hop {
    let same_origin = url.origin() == hop.url.origin();
    let mut next = Hop { url, ..hop.clone() };
    if !same_origin {
        next.headers.retain(|(name, _)| !CREDENTIAL_HEADERS.contains(&name.as_str()));
    }
    let becomes_get = match status {
        303 => hop.method != "HEAD",
        301 | 302 => hop.method == "POST",
        _ => false,
    };
    if becomes_get {
        "GET".clone_into(&mut next.method);
        next.body = Bytes::new();
        next.headers.retain(|(name, _)| !name.starts_with("content-"));
    }
    next
}

fn refusal(reason: &str) -> OutboundRefusal {
    OutboundRefusal::new(code::REDIRECT_NOT_ALLOWED, format!("redirect refused: {reason}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn hop(method: &str) -> Hop {
        Hop {
            url: "https://a.test/start".parse().unwrap(),
            method: method.to_owned(),
            headers: vec![
                ("authorization".to_owned(), "secret".to_owned()),
                ("content-type".to_owned(), "text/plain".to_owned()),
                ("x-mine".to_owned(), "1".to_owned()),
            ],
            body: Bytes::from_static(b"body"),
        }
    }

    fn names(hop: &Hop) -> Vec<&str> {
        hop.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn method_and_body_follow_the_status() {
        for (status, method, expected, keeps_body) in [
            (301, "POST", "GET", false),
            (302, "POST", "GET", false),
            (302, "PUT", "PUT", true),
            (303, "PUT", "GET", false),
            (303, "HEAD", "HEAD", true),
            (307, "POST", "POST", true),
            (308, "DELETE", "DELETE", true),
        ] {
            let next = follow(&hop(method), status, "https://a.test/end".parse().unwrap());
            assert_eq!(next.method, expected, "{status} {method}");
            assert_eq!(!next.body.is_empty(), keeps_body, "{status} {method}");
            assert_eq!(names(&next).contains(&"content-type"), keeps_body, "{status} {method}");
        }
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let same = follow(&hop("GET"), 307, "https://a.test/end".parse().unwrap());
        assert_eq!(names(&same), ["authorization", "content-type", "x-mine"]);

        for other in ["https://b.test/end", "https://a.test:8443/end"] {
            let next = follow(&hop("GET"), 307, other.parse().unwrap());
            assert_eq!(names(&next), ["content-type", "x-mine"], "{other}");
        }
    }
}
