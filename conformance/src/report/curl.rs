//! An exchange as a line for a shell.

use std::fmt::Write as _;

use crate::client::Exchange;

/// A curl command that repeats the request. Credentials appear as `«…»`, to be filled in.
pub(crate) fn curl(exchange: &Exchange) -> String {
    // `--path-as-is`: the path is sent as the case wrote it, `..` and all.
    let mut line = format!("curl --path-as-is -i -X {} {}", exchange.method, quote(&exchange.url));
    for (name, value) in &exchange.headers {
        let _ = write!(line, " -H {}", quote(&format!("{name}: {value}")));
    }
    if let Some(body) = &exchange.body {
        let data = match &body.text {
            Some(text) if !body.truncated => quote(text),
            _ => format!("@BODY  # {} bytes", body.bytes),
        };
        let _ = write!(line, " --data-binary {data}");
    }
    line
}

/// Quoted for a POSIX shell.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
