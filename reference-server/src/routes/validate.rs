//! Checks of single fields. Each refusal names the field and says what would do.

use serde_json::Value;

use crate::{
    auth::password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS},
    config::Secret,
    error::{ApiError, ApiResult},
};

/// The longest name or title, in characters. Names stand in lists and headings; this is several
/// lines of one.
const MAX_NAME_CHARS: usize = 255;

/// The longest free text, in bytes.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// A name or title: trimmed, not empty, one line.
pub(super) fn name<'a>(field: &str, text: &'a str) -> ApiResult<&'a str> {
    let text = text.trim();
    if text.is_empty() {
        return Err(ApiError::bad_request(format!("{field} must not be empty")));
    }
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(ApiError::bad_request(format!(
            "{field} must have at most {MAX_NAME_CHARS} characters"
        )));
    }
    if text.chars().any(char::is_control) {
        return Err(ApiError::bad_request(format!("{field} must not hold control characters")));
    }
    Ok(text)
}

/// A free text.
pub(super) fn text<'a>(field: &str, text: &'a str) -> ApiResult<&'a str> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(ApiError::bad_request(format!(
            "{field} must have at most {MAX_TEXT_BYTES} bytes"
        )));
    }
    // Postgres has no place for it in a text.
    if text.contains('\0') {
        return Err(ApiError::bad_request(format!("{field} must not hold U+0000")));
    }
    Ok(text)
}

/// A password: not trimmed, spaces count.
pub(super) fn password(field: &str, password: &Secret) -> ApiResult<()> {
    if password.expose().chars().count() < MIN_PASSWORD_CHARS {
        return Err(ApiError::bad_request(format!(
            "{field} must have at least {MIN_PASSWORD_CHARS} characters"
        )));
    }
    if password.expose().len() > MAX_PASSWORD_BYTES {
        return Err(ApiError::bad_request(format!(
            "{field} must have at most {MAX_PASSWORD_BYTES} bytes"
        )));
    }
    Ok(())
}

/// A JSON object.
pub(super) fn object<'a>(field: &str, value: &'a Value) -> ApiResult<&'a Value> {
    if value.is_object() {
        Ok(value)
    } else {
        Err(ApiError::bad_request(format!("{field} must be an object")))
    }
}
