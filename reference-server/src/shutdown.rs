//! The signal to stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code after a second signal: 128 and SIGINT's number, as shells have it.
const EXIT_INTERRUPTED: i32 = 130;

/// A token that is cancelled at the first SIGTERM or SIGINT. A second signal ends the process at
/// once: whoever sends it has waited long enough.
///
/// # Errors
/// The handlers cannot be installed.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        for first in [true, false] {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            if first {
                tracing::info!(signal = name, "stopping");
                stop.cancel();
            } else {
                tracing::warn!(signal = name, "stopping at once");
                exit_at_once();
            }
        }
    });
    Ok(token)
}

#[expect(
    clippy::disallowed_methods,
    reason = "asked for by a second signal: whatever is not finished by now is what hangs"
)]
fn exit_at_once() -> ! {
    std::process::exit(EXIT_INTERRUPTED)
}
