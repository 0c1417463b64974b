//! `ANY /api/v1/plugins/{pluginId}/{*path}`: a request on its way through a plugin.
//!
//! One direction, and no step reaches back: path → snapshot of the registry → route → middlewares →
//! envelope → guest → answer. A request that no route declares ends before the middlewares and
//! before the guest (decision R1).

mod chain;
mod envelope;
mod target;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use contract::{api::ErrorCode, envelope::GuestResponse};
use futures_util::StreamExt as _;
use http::{HeaderName, HeaderValue, StatusCode};
use policy::Limits;
use sandbox::{CallError, RequestContext};

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    extract::too_large,
    middleware::trace,
};

/// Serves one request to a plugin.
pub async fn handle(State(app): State<Arc<App>>, request: Request) -> ApiResult<Response> {
    let (parts, body) = request.into_parts();
    let target = target::parse(parts.uri.path()).ok_or_else(plugin_not_found)?;
    let name = target.plugin.ok_or_else(plugin_not_found)?;
    // This one plugin is held on to until it has answered; the snapshot with all others is let go,
    // so that an upgrade of one of them need not wait for this request.
    let installed = app
        .lifecycle
        .snapshot()
        .get(name.as_str())
        .filter(|installed| installed.row.enabled)
        .cloned()
        .ok_or_else(plugin_not_found)?;
    let matched = installed.routes.find(parts.method.as_str(), target.tail).ok_or_else(|| {
        ApiError::new(ErrorCode::PluginRouteNotFound, "the plugin has no such route")
    })?;
    trace::record_plugin(name.as_str(), &matched.route.path);

    let admitted = chain::run(&app, &matched, &parts.headers).await?;
    let plugin = installed.plugin.as_ref().ok_or_else(|| {
        ApiError::new(ErrorCode::PluginUnavailable, "the plugin is enabled but not running")
    })?;
    let mut envelope = envelope::build(&parts, target.tail, &app.policy.headers, &admitted);
    // No more is read than can fit an envelope that holds nothing else; what does not fit this one is
    // refused when it is written.
    let most = app.policy.limits.raw_body_bytes(0);
    envelope.body = read(body, most).await?.into();
    let answer = plugin
        .handle_request(RequestContext { envelope })
        .await
        .map_err(|error| failed(error, &app.policy.limits))?;
    respond(answer)
}

fn plugin_not_found() -> ApiError {
    ApiError::new(ErrorCode::PluginNotFound, "plugin not found or disabled")
}

/// Reads a body of `most` bytes at most. Of a larger one as much again is read and thrown away: a
/// client that is still sending when the connection is closed never sees why.
async fn read(body: Body, most: usize) -> ApiResult<Bytes> {
    let mut chunks = body.into_data_stream();
    let (mut read, mut beyond) = (BytesMut::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk
            .map_err(|error| ApiError::bad_request("the body could not be read").because(error))?;
        if beyond == 0 && read.len() + chunk.len() <= most {
            read.extend_from_slice(&chunk);
        } else {
            beyond += chunk.len();
        }
        if beyond > most {
            break;
        }
    }
    if beyond > 0 { Err(too_large(most)) } else { Ok(read.freeze()) }
}

/// A call without an answer. The client learns the code; what the guest said stays in the log.
fn failed(error: CallError, limits: &Limits) -> ApiError {
    let code = error.code();
    let message = match code {
        ErrorCode::PluginTimeout => "the plugin did not answer in time",
        ErrorCode::PluginTrapped => "the plugin failed",
        ErrorCode::PluginResponseTooLarge => "the plugin's answer is too large",
        ErrorCode::PluginUnavailable => "the plugin is not available",
        ErrorCode::PluginOverloaded => "the plugin has too many requests; try again later",
        ErrorCode::PayloadTooLarge => "the request is too large for the plugin",
        _ => "the plugin's answer cannot be understood",
    };
    let failure = ApiError::new(code, message).because(error);
    match code {
        ErrorCode::PluginOverloaded => failure.retry_after(limits.retry_after_seconds()),
        _ => failure,
    }
}

/// The guest's answer as it is sent: no envelope around it, and only headers that are the guest's
/// to set (`contract` drops those of the connection).
fn respond(answer: GuestResponse) -> ApiResult<Response> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(ApiError::internal)?;
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name).map_err(ApiError::internal)?;
        let value = HeaderValue::try_from(value).map_err(ApiError::internal)?;
        response.headers_mut().append(name, value);
    }
    Ok(response)
}
