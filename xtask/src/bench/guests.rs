//! The guests that are asked over loopback, by the host and by its peers.

use std::fs;

use anyhow::Result;

use crate::{catalog::Catalog, workspace};

/// The plugin whose guest does nothing.
pub(super) const ECHO: &str = "com.hostproof.echo";
/// The plugin of the guest SDK.
pub(super) const SDK: &str = "com.hostproof.sdk";

/// The guest that does nothing.
pub(super) fn echo() -> Result<Vec<u8>> {
    let text = fs::read_to_string(workspace::root().join("benches/src/echo.wat"))?;
    Ok(wat::parse_str(text)?)
}

/// Offers both plugins.
pub(super) fn publish(catalog: &Catalog) -> Result<()> {
    let sdk = fs::read(workspace::root().join("fixtures-plugins/artifacts/minimal.wasm"))?;
    for (name, wasm) in [(ECHO, echo()?), (SDK, sdk)] {
        catalog.offer(name, &wasm)?;
    }
    Ok(())
}
