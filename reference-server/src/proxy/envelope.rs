//! The request as the guest reads it.

use std::collections::BTreeMap;

use contract::envelope::{RequestEnvelope, envelope_path};
use http::{HeaderMap, HeaderName, request::Parts};
use policy::HeaderPolicy;
use uuid::Uuid;

use super::chain::Admitted;
use crate::auth::identity::Identity;

/// Writes the envelope, without body, of a request that passed its middlewares.
///
/// Headers that carry credentials stay here (decision R4): the guest learns who calls from the
/// identity fields, and cannot act as the caller elsewhere.
pub(super) fn build(
    parts: &Parts,
    tail: &str,
    policy: &HeaderPolicy,
    admitted: &Admitted,
) -> RequestEnvelope {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let identity = admitted.identity.as_ref();
    RequestEnvelope {
        method: parts.method.as_str().to_owned(),
        path: envelope_path(tail).to_owned(),
        query: first_values(parts.uri.query().unwrap_or_default()),
        project_id: text(admitted.project),
        caller_id: text(admitted.member),
        user_id: text(identity.map(|identity| identity.user_id)),
        caller_role: identity.and_then(Identity::role_claim).unwrap_or_default().to_owned(),
        headers: first_headers(&parts.headers, policy),
        body: Vec::new(),
    }
}

/// First value of each query parameter, decoded; later ones are dropped (facts 1.5).
fn first_values(query: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        values.entry(key.into_owned()).or_insert_with(|| value.into_owned());
    }
    values
}

/// First value of each header, names capitalised as in `Content-Type`, without those that
/// the policy keeps from guests. Bytes that are not UTF-8 are replaced: JSON has no place for them.
fn first_headers(headers: &HeaderMap, policy: &HeaderPolicy) -> BTreeMap<String, String> {
    headers
        .keys()
        .filter(|name| policy.reaches_guest(name.as_str()))
        .filter_map(|name| {
            let value = headers.get(name)?;
            Some((capitalised(name), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        })
        .collect()
}

/// `x-api-key` → `X-Api-Key`: the spelling guests in the wild look for.
fn capitalised(name: &HeaderName) -> String {
    let mut upper = true;
    name.as_str()
        .chars()
        .map(|c| {
            let c = if upper { c.to_ascii_uppercase() } else { c };
            upper = c == '-';
            c
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "header values here are constants")]

    use super::*;

    #[test]
    fn the_first_value_of_a_query_parameter_counts() {
        let values = first_values("a=1&a=2&b=x%20y+z&c&%C3%BC=%2F");
        let expected = [("a", "1"), ("b", "x y z"), ("c", ""), ("ü", "/")];
        assert_eq!(values, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }

    #[test]
    fn headers_are_capitalised_first_values_without_credentials() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "h"),
            ("cookie", "c"),
            ("x-trace-id", "1"),
            ("x-trace-id", "2"),
            ("content-type", "t"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let seen = first_headers(&headers, &HeaderPolicy::default());
        let expected = [("Content-Type", "t"), ("X-Trace-Id", "1")];
        assert_eq!(seen, expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    }
}
