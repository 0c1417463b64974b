//! What the parameters and results of each host function mean. `contract::abi` has their types; a
//! test holds the two tables together.

/// What a host function takes and gives.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) params: &'static [Part],
    pub(super) results: Results,
}

/// One parameter, or two that belong together.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// Pointer and length of bytes of the guest's.
    Data(&'static str),
    /// A number.
    Number(&'static str),
    /// Where the guest wants pointer and length of bytes of the host's.
    OutData(&'static str),
    /// Where the guest wants a number of 64 bits.
    OutNumber(&'static str),
}

/// What is returned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Results {
    None,
    Number(&'static str),
    /// Pointer and length.
    Data(&'static str),
}

impl Part {
    /// How many parameters of the wasm function it is.
    pub(super) const fn width(self) -> usize {
        match self {
            Self::Data(_) | Self::OutData(_) => 2,
            Self::Number(_) | Self::OutNumber(_) => 1,
        }
    }
}

use Part::{Data, Number, OutData, OutNumber};

macro_rules! shapes {
    ($($name:literal: [$($part:expr),*] => $results:expr;)*) => {
        /// The shape of a function, by its import name.
        pub(super) fn of(function: &str) -> Option<&'static Shape> {
            Some(match function {
                $($name => &Shape { params: &[$($part),*], results: $results },)*
                _ => return None,
            })
        }
    };
}

const STATUS: Results = Results::Number("done");
const RESULT: Results = Results::Data("result");

shapes! {
    "activity_record": [Data("activity")] => STATUS;
    "cache_delete": [Data("key")] => STATUS;
    "cache_get": [Data("key"), OutData("value")] => Results::None;
    "cache_set": [Data("key"), Data("value"), Number("ttl_seconds")] => STATUS;
    "config_get": [Data("key"), OutData("value")] => Results::None;
    "db_exec": [Data("sql"), Data("params"), OutNumber("affected"), OutData("error")] => Results::None;
    "db_query": [Data("sql"), Data("params"), OutData("result")] => Results::None;
    "db_query2": [Data("sql"), Data("params"), OutData("result"), OutData("error")] => Results::None;
    "db_tx_begin": [] => STATUS;
    "db_tx_commit": [] => STATUS;
    "db_tx_rollback": [] => STATUS;
    "event_emit": [Data("topic"), Data("payload")] => STATUS;
    "event_subscribe": [Data("topic")] => STATUS;
    "fetch": [Data("request"), OutData("response")] => Results::None;
    "http_caller_identity": [] => RESULT;
    "http_request_body": [] => RESULT;
    "http_request_headers": [] => RESULT;
    "http_respond": [Number("status"), Data("body")] => Results::None;
    "log": [Number("level"), Data("message")] => Results::None;
    "members_list": [Data("project_id")] => RESULT;
    "password_set_token_issue": [Data("request"), OutData("response")] => Results::None;
    "permission_check": [Data("permission")] => Results::Number("holds");
    "project_get": [Data("project_id")] => RESULT;
    "send_email": [Data("request"), OutData("response")] => Results::None;
    "settings_get": [OutData("result")] => Results::None;
    "storage_delete": [Data("key")] => STATUS;
    "storage_get": [Data("key"), OutData("value")] => Results::None;
    "storage_set": [Data("key"), Data("value")] => STATUS;
    "task_get": [Data("task_id")] => RESULT;
    "tasks_list": [Data("project_id")] => RESULT;
}

#[cfg(test)]
mod tests {
    use contract::abi::{HOST_FUNCTIONS, ValType};

    use super::*;

    #[test]
    fn every_function_has_a_shape_of_its_type() {
        for function in HOST_FUNCTIONS {
            let shape = of(function.name).unwrap_or_else(|| panic!("no shape: {}", function.name));
            let width: usize = shape.params.iter().map(|part| part.width()).sum();
            assert_eq!(width, function.signature.params.len(), "{}", function.name);
            let results: &[ValType] = match shape.results {
                Results::None => &[],
                Results::Number(_) => &[ValType::I32],
                Results::Data(_) => &[ValType::I64, ValType::I64],
            };
            assert_eq!(function.signature.results, results, "{}", function.name);
        }
        assert!(of("db_drop").is_none());
    }
}
