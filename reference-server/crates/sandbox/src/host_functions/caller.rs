//! `permission_check` and `activity_record`: what a plugin does in the name of whoever calls it.
//!
//! Both need the request's caller and fail closed: without one, or when the host cannot tell, the
//! answer is 0.

use std::sync::Arc;

use contract::activity::NewActivity;
use uuid::Uuid;
use wasmtime::{Caller, Linker};

use super::{DONE, FAILED, abi, granted, refused, within_deadline};
use crate::memory::{CallerMemory as _, Span};
use crate::state::HostState;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        abi::MODULE,
        "permission_check",
        |caller, (at, length): (i64, i64)| {
            Box::new(async move {
                let holds = holds(&caller, Span::new(at, length)).await?;
                wasmtime::Result::Ok(i32::from(holds))
            })
        },
    )?;
    linker.func_wrap_async(
        abi::MODULE,
        "activity_record",
        |caller, (at, length): (i64, i64)| {
            Box::new(async move {
                Ok(match record(&caller, Span::new(at, length)).await? {
                    Ok(()) => DONE,
                    Err(reason) => {
                        refused(&caller, "activity_record", &reason);
                        FAILED
                    }
                })
            })
        },
    )?;
    Ok(())
}

/// Who calls, and the project the request is about.
struct RequestCaller {
    user: Uuid,
    project: Option<Uuid>,
}

fn request_caller(caller: &Caller<'_, HostState>) -> Option<RequestCaller> {
    let request = caller.data().call.request.as_ref()?;
    // The host wrote both; text that is no id is nobody's.
    let user = Uuid::try_parse(&request.user_id).ok()?;
    let project = match request.project_id.as_str() {
        "" => None,
        id => Some(Uuid::try_parse(id).ok()?),
    };
    Some(RequestCaller { user, project })
}

async fn holds(caller: &Caller<'_, HostState>, argument: Span) -> wasmtime::Result<bool> {
    const FUNCTION: &str = "permission_check";
    let permission = match caller.text(argument)? {
        Ok(permission) if !permission.is_empty() => permission,
        Ok(_) => return Ok(false),
        Err(reason) => {
            refused(caller, FUNCTION, &reason);
            return Ok(false);
        }
    };
    let Some(RequestCaller { user, project }) = request_caller(caller) else { return Ok(false) };
    let tenant = Arc::clone(&caller.data().tenant);
    let held = tenant.host.services.has_permission(user, project, &permission);
    Ok(within_deadline(caller, held).await?.unwrap_or_else(|error| {
        refused(caller, FUNCTION, &error);
        false
    }))
}

async fn record(
    caller: &Caller<'_, HostState>,
    argument: Span,
) -> wasmtime::Result<Result<(), String>> {
    if !granted(caller, "activity_record") {
        return Ok(Err("not granted".to_owned()));
    }
    let bytes = match caller.bytes(argument)? {
        Ok(bytes) => bytes,
        Err(reason) => return Ok(Err(reason.to_string())),
    };
    let tenant = Arc::clone(&caller.data().tenant);
    let limit = tenant.host.policy.limits.activity_bytes;
    if bytes.len() > limit {
        let length = bytes.len();
        return Ok(Err(format!("the activity has {length} bytes, {limit} are allowed")));
    }
    let activity: NewActivity = match serde_json::from_slice(&bytes) {
        Ok(activity) => activity,
        Err(error) => return Ok(Err(format!("no activity: {error}"))),
    };
    if activity.activity_type.is_empty() {
        return Ok(Err("the activity has no type".to_owned()));
    }
    let Some(RequestCaller { user, project: Some(project) }) = request_caller(caller) else {
        return Ok(Err("the call has no request with a caller and a project".to_owned()));
    };
    let recorded = tenant.host.services.record_activity(project, user, activity);
    Ok(within_deadline(caller, recorded).await?.map_err(|error| error.to_string()))
}
