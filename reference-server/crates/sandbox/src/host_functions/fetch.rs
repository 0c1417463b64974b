//! `fetch`: the only way out (decision F1).
//!
//! Method, URL and headers are judged here, so that a refusal reaches no network code at all; the
//! resolved address and each redirect are judged by whoever connects ([`crate::http_outbound`]).

use std::sync::Arc;

use contract::fetch::{FetchRequest, FetchResponse};
use policy::outbound::{OutboundRefusal, code, header_bytes};
use wasmtime::{Caller, Linker};

use super::{abi, hand_over, within_deadline};
use crate::memory::{CallerMemory as _, OutPair, Span};
use crate::metrics;
use crate::outbound::OutboundCall;
use crate::state::{HostState, Tenant};

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "fetch",
        |mut caller, (request, request_n, response, response_n): (i64, i64, i64, i64)| {
            Box::new(async move {
                let out = OutPair::new(response, response_n);
                let response = perform(&caller, Span::new(request, request_n)).await?;
                answer(&mut caller, out, &response).await
            })
        },
    )?;
    Ok(())
}

/// A response, or the refusal in its place.
async fn perform(caller: &Caller<'_, HostState>, request: Span) -> wasmtime::Result<FetchResponse> {
    let tenant = Arc::clone(&caller.data().tenant);
    let watch = tenant.metrics.fetch();
    let call = match caller.bytes(request)? {
        Ok(bytes) => prepare(caller, &tenant, &bytes),
        Err(reason) => Err(OutboundRefusal::new(code::INVALID_REQUEST, reason.to_string())),
    };
    let outcome = match call {
        Ok(call) => within_deadline(caller, tenant.host.outbound.fetch(call)).await?,
        Err(refusal) => Err(refusal),
    };
    watch.end(outcome.as_ref().map_or_else(|refusal| refusal.code, |_| metrics::OK));
    if let Ok(response) = &outcome {
        tenant.metrics.fetch_bytes.increment(response.body.len() as u64);
    }
    Ok(outcome.unwrap_or_else(|refusal| {
        tracing::debug!(plugin = %tenant.name, %refusal, "fetch brought no response");
        FetchResponse::failed(refusal.code, &refusal.message)
    }))
}

fn prepare(
    caller: &Caller<'_, HostState>,
    tenant: &Tenant,
    bytes: &[u8],
) -> Result<OutboundCall, OutboundRefusal> {
    let policy = &tenant.host.policy;
    let invalid = |message: String| OutboundRefusal::new(code::INVALID_REQUEST, message);
    let request: FetchRequest =
        serde_json::from_slice(bytes).map_err(|error| invalid(format!("no request: {error}")))?;
    let allowed_domains = tenant
        .backend()
        .map(|backend| backend.allowed_outbound_domains.clone())
        .unwrap_or_default();
    let url = policy.outbound.check_url(
        &request.url,
        &allowed_domains,
        tenant.host.outbound.test_hosts(),
    )?;
    let method = policy.outbound.check_method(&request.method)?;
    let headers = policy.outbound.filter_headers(&request.headers)?;
    let body = request.body_bytes().map_err(|_| invalid("the body is not base64".to_owned()))?;
    let pairs = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    within(policy.limits.fetch_header_bytes, header_bytes(pairs), code::HEADERS_TOO_LARGE)?;
    within(policy.limits.fetch_request_bytes, body.len(), code::REQUEST_TOO_LARGE)?;
    let deadline = caller.data().call.deadline.at();
    let plugin = tenant.name.clone();
    Ok(OutboundCall { plugin, allowed_domains, url, method, headers, body, deadline })
}

fn within(limit: usize, bytes: usize, code: &'static str) -> Result<(), OutboundRefusal> {
    let message = || format!("{bytes} bytes, {limit} are allowed");
    if bytes > limit { Err(OutboundRefusal::new(code, message())) } else { Ok(()) }
}

/// Hands the response over; where the guest has no room for it, a refusal that says so.
async fn answer(
    caller: &mut Caller<'_, HostState>,
    out: OutPair,
    response: &FetchResponse,
) -> wasmtime::Result<()> {
    let text = serde_json::to_vec(response)?;
    if hand_over(caller, out, &text).await? {
        return Ok(());
    }
    let message = format!("the guest could not allocate {} bytes for the response", text.len());
    let refusal = FetchResponse::failed(code::RESPONSE_TOO_LARGE, &message);
    hand_over(caller, out, &serde_json::to_vec(&refusal)?).await?;
    Ok(())
}
