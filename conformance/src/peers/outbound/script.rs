//! Answers byte for byte: what no HTTP server would send.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::case::words;
use crate::peers::gate::Gate;

/// Repetitions without a pause are sent in pieces of about this size.
const PIECE: usize = 64 * 1024;

words! {
    /// How a scripted answer ends.
    End, "end of an answer" {
        /// In order: over TLS with the message that says so.
        Close = "close",
        /// Without a word, as a connection that was cut.
        Cut = "cut",
        /// Not at all: nothing more comes until the host gives up.
        Hold = "hold",
    }
}

/// What is sent instead of a response.
#[derive(Debug, Clone)]
pub struct Script {
    /// First.
    pub send: Bytes,
    /// Then this, again and again.
    pub repeat: Bytes,
    /// So often; `None` is without end.
    pub times: Option<u64>,
    /// Before each time.
    pub pause: Option<Duration>,
    /// Then this.
    pub tail: Bytes,
    /// In the end.
    pub end: End,
    /// Before anything is sent.
    pub gate: Option<Gate>,
}

impl Script {
    /// Sends it. The host may go away at any time.
    pub(super) async fn play(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        if let Some(gate) = &self.gate {
            gate.opened().await;
        }
        if self.write(&mut stream).await.is_err() {
            return;
        }
        match self.end {
            End::Close => drop(stream.shutdown().await),
            End::Cut => {}
            End::Hold => while matches!(stream.read(&mut [0; 256]).await, Ok(1..)) {},
        }
    }

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        stream.write_all(&self.send).await?;
        stream.flush().await?;
        // Without a pause many repetitions go out in one piece.
        let at_once = match self.pause {
            Some(_) => 1,
            None => PIECE.div_ceil(self.repeat.len().max(1)),
        };
        let piece = self.repeat.repeat(at_once);
        let mut left = if self.repeat.is_empty() { 0 } else { self.times.unwrap_or(u64::MAX) };
        while left > 0 {
            if let Some(pause) = self.pause {
                tokio::time::sleep(pause).await;
            }
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(at_once);
            stream.write_all(&piece[..now * self.repeat.len()]).await?;
            stream.flush().await?;
            left -= now as u64;
        }
        stream.write_all(&self.tail).await?;
        stream.flush().await
    }
}
