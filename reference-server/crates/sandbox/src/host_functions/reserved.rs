//! Functions of the ABI that this host does not implement: they link, so that a module which
//! merely imports them loads, and trap when called, naming themselves.

use contract::abi::{self, Signature, ValType};
use wasmtime::{FuncType, Linker};

use crate::state::HostState;

/// By name.
const RESERVED: [&str; 15] = [
    "activity_record",
    "cache_delete",
    "cache_get",
    "cache_set",
    "db_tx_begin",
    "db_tx_commit",
    "db_tx_rollback",
    "members_list",
    "password_set_token_issue",
    "permission_check",
    "project_get",
    "send_email",
    "settings_get",
    "task_get",
    "tasks_list",
];

#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not offered by this host")]
struct NotOffered(&'static str);

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    for name in RESERVED {
        // A name that the ABI does not know would never be imported; the tests find it.
        let Some(function) = abi::host_function(name) else { continue };
        let ty = function_type(linker, &function.signature);
        linker.func_new(abi::MODULE, name, ty, move |_, _, _| Err(NotOffered(name).into()))?;
    }
    Ok(())
}

fn function_type(linker: &Linker<HostState>, signature: &Signature) -> FuncType {
    let types = |types: &'static [ValType]| {
        types.iter().map(|ty| match ty {
            ValType::I32 => wasmtime::ValType::I32,
            ValType::I64 => wasmtime::ValType::I64,
        })
    };
    FuncType::new(linker.engine(), types(signature.params), types(signature.results))
}
