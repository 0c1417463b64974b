//! "Did you mean": the nearest known name to one that is unknown.

/// ` (did you mean …?)` for the nearest of `known`, or nothing when none is near.
pub fn hint<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(unknown, known).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"))
}

/// The known name most similar to `unknown`, if one is similar enough to be a typing error.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// Adds a suggestion to serde's "unknown field `x`, expected one of `a`, `b`".
pub fn improve(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(unknown) if message.starts_with("unknown ") => {
            format!("{message}{}", hint(unknown, quoted))
        }
        _ => message.to_owned(),
    }
}
