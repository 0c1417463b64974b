//! Log lines: where they go and how they look.
//!
//! Lines go to standard error; standard output belongs to `--print-config` and `--help`.

mod json;

use std::io::IsTerminal as _;

use tracing_subscriber::{
    EnvFilter,
    filter::ParseError,
    fmt::{self, format::JsonFields},
    prelude::*,
};

use self::json::FlatJson;
use crate::config::{LogConfig, LogFormat};

/// Installs the subscriber for the process. Call once, before anything logs.
///
/// # Errors
/// The filter does not parse.
pub fn init(config: &LogConfig) -> Result<(), ParseError> {
    let filter = EnvFilter::try_new(&config.filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    // `try_init` fails only where a subscriber is installed already, as in a test binary; that one
    // stays.
    let _ = match config.format {
        LogFormat::Text => {
            let layer = fmt::layer().with_writer(std::io::stderr);
            // On a terminal, the layer's own default decides; it knows `NO_COLOR`.
            let plain = !std::io::stderr().is_terminal();
            let layer = if plain { layer.with_ansi(false) } else { layer };
            registry.with(layer).try_init()
        }
        LogFormat::Json => {
            let layer = fmt::layer().fmt_fields(JsonFields::new()).event_format(FlatJson);
            registry.with(layer.with_writer(std::io::stderr)).try_init()
        }
    };
    Ok(())
}
