//! The span of a call, and what is counted of it.
//!
//! | field | meaning |
//! |---|---|
//! | `plugin`, `export` | whose guest is called, and which of its functions |
//! | `outcome` | `ok`, or the code a client would see |
//! | `duration_ms` | from the wish to call until the answer, waiting for an instance included |

use tracing::Instrument as _;
use tracing::field::Empty;

use crate::error::CallError;
use crate::metrics::{Export, OK};
use crate::state::Tenant;

/// Runs a call in a span of its own, and counts it by its outcome.
pub(crate) async fn observe<T>(
    tenant: &Tenant,
    export: Export,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let watch = tenant.metrics.call(export);
    let span = tracing::info_span!(
        "call",
        plugin = %tenant.name,
        export = export.name(),
        outcome = Empty,
        duration_ms = Empty,
    );
    let answer = call.instrument(span.clone()).await;
    let outcome = match &answer {
        Ok(_) => OK,
        Err(error) => {
            tenant.metrics.failed(error);
            error.code().as_str()
        }
    };
    let took = watch.end(outcome);
    span.record("outcome", outcome).record("duration_ms", took.as_secs_f64() * 1000.0);
    span.in_scope(|| tracing::debug!("call ended"));
    answer
}
