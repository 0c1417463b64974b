//! The tables of host functions and guest exports (facts 1.3 and 1.4).

use super::{GuestExport, HostFunction, Signature, ValType};
use ValType::{I32, I64};

const fn host(
    name: &'static str,
    params: &'static [ValType],
    results: &'static [ValType],
) -> HostFunction {
    HostFunction { name, signature: Signature { params, results } }
}

/// `(pointer, length)` of one argument, or the addresses of one pair of out-pointers.
const PAIR: &[ValType] = &[I64, I64];
/// Two arguments, or one argument and one pair of out-pointers.
const TWO_PAIRS: &[ValType] = &[I64, I64, I64, I64];

/// Every function of module [`MODULE`](super::MODULE), by name.
pub const HOST_FUNCTIONS: &[HostFunction] = &[
    host("activity_record", PAIR, &[I32]),
    host("cache_delete", PAIR, &[I32]),
    host("cache_get", TWO_PAIRS, &[]),
    // The last argument is the time to live in seconds.
    host("cache_set", &[I64, I64, I64, I64, I32], &[I32]),
    host("config_get", TWO_PAIRS, &[]),
    // sql, params, address of the affected rows (u64), out-pointers of the error.
    host("db_exec", &[I64, I64, I64, I64, I64, I64, I64], &[]),
    // sql, params, out-pointers of the result; nothing is written on an error.
    host("db_query", &[I64, I64, I64, I64, I64, I64], &[]),
    // As db_query, with out-pointers of the error.
    host("db_query2", &[I64, I64, I64, I64, I64, I64, I64, I64], &[]),
    host("db_tx_begin", &[], &[I32]),
    host("db_tx_commit", &[], &[I32]),
    host("db_tx_rollback", &[], &[I32]),
    host("event_emit", TWO_PAIRS, &[I32]),
    host("event_subscribe", PAIR, &[I32]),
    host("fetch", TWO_PAIRS, &[]),
    host("http_caller_identity", &[], PAIR),
    host("http_request_body", &[], PAIR),
    host("http_request_headers", &[], PAIR),
    // status, body
    host("http_respond", &[I32, I64, I64], &[]),
    // level (0 debug, 1 info, 2 warn, else error), message
    host("log", &[I32, I64, I64], &[]),
    host("members_list", PAIR, PAIR),
    host("password_set_token_issue", TWO_PAIRS, &[]),
    host("permission_check", PAIR, &[I32]),
    host("project_get", PAIR, PAIR),
    host("send_email", TWO_PAIRS, &[]),
    host("settings_get", PAIR, &[]),
    host("storage_delete", PAIR, &[I32]),
    host("storage_get", TWO_PAIRS, &[]),
    host("storage_set", TWO_PAIRS, &[I32]),
    host("task_get", PAIR, PAIR),
    host("tasks_list", PAIR, PAIR),
];

const NOTHING: Signature = Signature { params: &[], results: &[] };
const ALLOCATE: Signature = Signature { params: &[I32], results: &[I32] };

/// Every function export the host looks at, with the shapes it accepts.
pub const GUEST_EXPORTS: &[GuestExport] = &[
    GuestExport { name: super::ALLOCATORS[0], signatures: &[ALLOCATE] },
    GuestExport { name: super::ALLOCATORS[1], signatures: &[ALLOCATE] },
    GuestExport { name: super::INITIALIZE, signatures: &[NOTHING] },
    GuestExport {
        name: super::INIT,
        signatures: &[Signature { params: &[], results: &[I32] }, NOTHING],
    },
    GuestExport {
        name: super::HANDLE_REQUEST,
        signatures: &[Signature { params: &[I32, I32], results: &[I64] }],
    },
    GuestExport {
        name: super::HANDLE_EVENT,
        signatures: &[
            // topic, payload: what plugins in the wild export.
            Signature { params: &[I32, I32, I32, I32], results: &[] },
            // One JSON object with both.
            Signature { params: &[I32, I32], results: &[] },
        ],
    },
    GuestExport { name: super::SHUTDOWN, signatures: &[NOTHING] },
    GuestExport { name: super::RESET_ALLOCATOR, signatures: &[NOTHING] },
];
