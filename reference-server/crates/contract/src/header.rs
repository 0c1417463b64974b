//! Header names as guests read them.

/// A header name in the spelling guests look for: `x-request-id` becomes `X-Request-Id`.
///
/// HTTP's names have no case, JSON's do. Plugins in the wild were built against hosts that
/// capitalise (facts 1.5 and 5.6), and look names up in that spelling.
pub fn capitalised(name: &str) -> String {
    let mut first = true;
    name.chars()
        .map(|c| {
            let c = if first { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            first = c == '-';
            c
        })
        .collect()
}
