//! Where a request carries its credentials.

use http::{HeaderMap, header};

/// Cookie of the access token.
pub const ACCESS_COOKIE: &str = "access_token";
/// Cookie of the refresh token.
pub const REFRESH_COOKIE: &str = "refresh_token";
/// Header of an API key.
pub const API_KEY_HEADER: &str = "x-api-key";

/// The credentials of a request, unchecked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// A JWT, from the cookie or `Authorization: Bearer`.
    Token(&'a str),
    /// An API key, from `Authorization: ApiKey` or `X-API-Key`.
    ApiKey(&'a str),
    /// An `Authorization` header of a scheme that is not known here.
    Unknown,
}

/// Finds the credentials in this order: cookie `access_token`, `Authorization: Bearer` or
/// `ApiKey`, `X-API-Key`. The first found counts, valid or not: a request with a bad cookie and a
/// good key is not quietly somebody else.
pub fn find(headers: &HeaderMap) -> Option<Credentials<'_>> {
    if let Some(token) = cookie(headers, ACCESS_COOKIE) {
        return Some(Credentials::Token(token));
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        // Bytes that are not text cannot be a credential of any scheme.
        let value = value.to_str().unwrap_or_default().trim();
        if !value.is_empty() {
            let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
            return Some(match scheme.to_ascii_lowercase().as_str() {
                "bearer" => Credentials::Token(rest.trim()),
                "apikey" => Credentials::ApiKey(rest.trim()),
                _ => Credentials::Unknown,
            });
        }
    }
    let key = headers.get(API_KEY_HEADER)?.to_str().unwrap_or_default().trim();
    (!key.is_empty()).then_some(Credentials::ApiKey(key))
}

/// The value of the first cookie with this name that is not empty.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "header values here are constants")]

    use super::*;

    #[test]
    fn order_is_cookie_authorization_key_header() {
        const COOKIE: (&str, &str) = ("cookie", "a=b; access_token=C");
        const BEARER: (&str, &str) = ("authorization", "Bearer B");
        const APIKEY: (&str, &str) = ("authorization", "apikey A");
        const HEADER: (&str, &str) = ("x-api-key", "H");
        for (given, expected) in [
            (vec![], None),
            (vec![COOKIE, BEARER, HEADER], Some(Credentials::Token("C"))),
            (vec![BEARER, HEADER], Some(Credentials::Token("B"))),
            (vec![APIKEY, HEADER], Some(Credentials::ApiKey("A"))),
            (vec![HEADER], Some(Credentials::ApiKey("H"))),
            (vec![("cookie", "access_token="), HEADER], Some(Credentials::ApiKey("H"))),
            (vec![("cookie", "xaccess_token=C")], None),
            (vec![("authorization", "Basic eDp5"), HEADER], Some(Credentials::Unknown)),
            (vec![("authorization", "Bearer")], Some(Credentials::Token(""))),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in &given {
                headers.append(*name, value.parse().unwrap());
            }
            assert_eq!(find(&headers), expected, "{given:?}");
        }
    }
}
