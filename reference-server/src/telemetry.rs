//! Log lines: where they go and how they look.
//!
//! Lines go to standard error; standard output belongs to `--print-config` and `--help`.

use tracing_subscriber::{EnvFilter, filter::ParseError, fmt, prelude::*};

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
        LogFormat::Text => registry.with(fmt::layer().with_writer(std::io::stderr)).try_init(),
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
            registry.with(layer).try_init()
        }
    };
    Ok(())
}
