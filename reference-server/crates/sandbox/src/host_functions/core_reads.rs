//! `tasks_list`, `task_get`, `project_get` and `members_list`: the host's own resources.
//!
//! Two questions come before every read: do the manifest's permissions grant the tables (decision
//! D4), and may this call see the project? The second is the policy's [`Reach`]: within a request a
//! plugin sees no more than its caller. What may not be seen does not exist, so that nobody learns
//! which ids do.

use std::sync::Arc;

use contract::core_reads::{Refused, code};
use policy::core_data::{PROJECT_READ, Reach};
use serde::Serialize;
use uuid::Uuid;
use wasmtime::{Caller, Linker};

use super::{abi, refused, within_deadline};
use crate::memory::{self, CallerMemory as _, Placed, Span};
use crate::services::ServiceError;
use crate::state::HostState;

/// What a guest without room gets.
const NOTHING: (i64, i64) = (0, 0);

/// What came of a read, as the guest reads it.
type Answer = Result<Vec<u8>, ServiceError>;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap_async(abi::MODULE, "tasks_list", |caller, (at, length): (i64, i64)| {
        Box::new(answer(caller, Read::Tasks, Span::new(at, length)))
    })?;
    linker.func_wrap_async(abi::MODULE, "task_get", |caller, (at, length): (i64, i64)| {
        Box::new(answer(caller, Read::Task, Span::new(at, length)))
    })?;
    linker.func_wrap_async(abi::MODULE, "project_get", |caller, (at, length): (i64, i64)| {
        Box::new(answer(caller, Read::Project, Span::new(at, length)))
    })?;
    linker.func_wrap_async(abi::MODULE, "members_list", |caller, (at, length): (i64, i64)| {
        Box::new(answer(caller, Read::Members, Span::new(at, length)))
    })?;
    Ok(())
}

/// What is read.
#[derive(Clone, Copy)]
enum Read {
    Tasks,
    Task,
    Project,
    Members,
}

impl Read {
    /// Its import name.
    fn function(self) -> &'static str {
        match self {
            Self::Tasks => "tasks_list",
            Self::Task => "task_get",
            Self::Project => "project_get",
            Self::Members => "members_list",
        }
    }
}

/// Reads and hands over: the result, or an object with the error. Where the guest has no room for
/// the result it is told so; where it has none for that either, it gets nothing.
async fn answer(
    mut caller: Caller<'_, HostState>,
    read: Read,
    argument: Span,
) -> wasmtime::Result<(i64, i64)> {
    let error = match self::read(&caller, read, argument).await? {
        Ok(result) => {
            if let Some(placed) = memory::place(&mut caller, &result).await? {
                return Ok(placed.results());
            }
            let length = result.len();
            ServiceError::new(
                code::ALLOCATION_FAILED,
                format!("the guest could not allocate {length} bytes for the result"),
            )
        }
        Err(error) => error,
    };
    refused(&caller, read.function(), &error);
    let error = serde_json::to_vec(&Refused { error: error.to_string() })?;
    Ok(memory::place(&mut caller, &error).await?.map_or(NOTHING, Placed::results))
}

async fn read(
    caller: &Caller<'_, HostState>,
    read: Read,
    argument: Span,
) -> wasmtime::Result<Answer> {
    let id = match argument_of(caller, read, argument)? {
        Ok(id) => id,
        Err(error) => return Ok(Err(error)),
    };
    let tenant = Arc::clone(&caller.data().tenant);
    let host = &tenant.host;
    let reach = (host.policy.core_data.reach)(caller.data().call.request.as_ref());
    let limits = &host.policy.limits;
    let services = &host.services;
    within_deadline(caller, async {
        // A task tells its project; the others are asked for by it.
        if let Read::Task = read {
            let Some(task) = services.task(id).await? else { return Err(not_found()) };
            within_reach(&**services, &reach, task.project_id).await?;
            return json(&task);
        }
        within_reach(&**services, &reach, id).await?;
        match read {
            Read::Tasks => found(services.tasks(id, limits.core_read_tasks).await?),
            Read::Members => found(services.members(id, limits.core_read_members).await?),
            Read::Project | Read::Task => found(services.project(id).await?),
        }
    })
    .await
    .map_err(wasmtime::Error::from)
}

/// The id that a granted call asks for.
fn argument_of(
    caller: &Caller<'_, HostState>,
    read: Read,
    argument: Span,
) -> wasmtime::Result<Result<Uuid, ServiceError>> {
    let tenant = &caller.data().tenant;
    let permissions = &tenant.manifest.permissions;
    if let Err(denied) = tenant.host.policy.grants.check(permissions, read.function()) {
        return Ok(Err(ServiceError::new(code::PERMISSION_DENIED, denied.to_string())));
    }
    let invalid = |message| ServiceError::new(code::INVALID_ARGUMENT, message);
    Ok(match caller.text(argument)? {
        Err(reason) => Err(invalid(reason.to_string())),
        Ok(text) => Uuid::try_parse(&text).map_err(|_| invalid("the id is no UUID".to_owned())),
    })
}

/// An error unless the call may see the project.
async fn within_reach(
    services: &dyn crate::services::Services,
    reach: &Reach,
    project: Uuid,
) -> Result<(), ServiceError> {
    let same = |id: &str| Uuid::try_parse(id).is_ok_and(|id| id == project);
    let visible = match reach {
        Reach::All => true,
        Reach::Nothing => false,
        Reach::Project(id) => same(id),
        Reach::User(id) => match Uuid::try_parse(id) {
            Ok(user) => services.has_permission(user, Some(project), PROJECT_READ).await?,
            Err(_) => false,
        },
    };
    if visible { Ok(()) } else { Err(not_found()) }
}

fn found<T: Serialize>(result: Option<T>) -> Answer {
    json(&result.ok_or_else(not_found)?)
}

fn json(result: &impl Serialize) -> Answer {
    serde_json::to_vec(result)
        .map_err(|error| ServiceError::new(code::UNAVAILABLE, error.to_string()))
}

fn not_found() -> ServiceError {
    ServiceError::new(code::NOT_FOUND, "there is nothing of this id that this call may see")
}
