//! The span of a call, the line about its end, and what is counted of it.
//!
//! | field | of | meaning |
//! |---|---|---|
//! | `plugin`, `export` | the span | whose guest is called, and which of its functions |
//! | `outcome` | the line | `ok`, or the code a client would see |
//! | `duration_ms` | the line | from the wish to call until the answer, waiting for an instance included |

use tracing::Instrument as _;

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
    let span = tracing::info_span!("call", plugin = tenant.name.as_str(), export = export.name());
    let answer = call.instrument(span.clone()).await;
    let outcome = match &answer {
        Ok(_) => OK,
        Err(error) => {
            tenant.metrics.failed(error);
            error.code().as_str()
        }
    };
    let took = watch.end(outcome);
    let duration_ms = took.as_secs_f64() * 1000.0;
    span.in_scope(|| tracing::debug!(outcome, duration_ms, "call ended"));
    answer
}
