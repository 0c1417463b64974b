//! Does a module keep to the ABI? Every problem at once, each naming what was expected
//! (decisions A1, A7, A9).

use std::fmt;

use contract::abi::{self, Signature};
use contract::manifest::Manifest;
use wasmtime::{ExternType, FuncType, MemoryType, Module, ValType};

use crate::wasi;

/// One way in which a module departs from the ABI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AbiProblem {
    /// An import that this host does not offer.
    #[error("imports '{module}.{name}', which this host does not offer")]
    UnknownImport {
        /// The module it is imported from.
        module: String,
        /// Its name.
        name: String,
    },
    /// A host function imported with another type, or as something that is no function.
    #[error("imports '{module}.{name}' as {found}, expected {expected}")]
    ImportType {
        /// The module it is imported from.
        module: String,
        /// Its name.
        name: String,
        /// The type in the module.
        found: String,
        /// The type this host offers.
        expected: String,
    },
    /// An export with a type that the host cannot call.
    #[error("exports '{name}' as {found}, expected {expected}")]
    ExportType {
        /// Its name.
        name: &'static str,
        /// The type in the module.
        found: String,
        /// The types that would do.
        expected: String,
    },
    /// Something that must be exported is not.
    #[error("exports no {expected}, which {needed_for} needs")]
    MissingExport {
        /// What is missing.
        expected: &'static str,
        /// Why it is needed.
        needed_for: &'static str,
    },
    /// The memory's declared minimum exceeds the limit.
    #[error("declares a memory of {pages} pages of 64 KiB, {limit} are allowed")]
    MemoryTooLarge {
        /// The declared minimum.
        pages: u64,
        /// The limit.
        limit: u32,
    },
    /// A memory that is not a plain 32-bit one.
    #[error("exports a shared or 64-bit memory, expected a plain 32-bit one")]
    MemoryKind,
}

/// What a module that keeps to the ABI exports.
#[expect(clippy::struct_excessive_bools, reason = "each is the presence of one export")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuestShape {
    /// The allocator's name, when there is one.
    pub(crate) allocator: Option<&'static str>,
    /// Whether `_initialize` is there.
    pub(crate) initialize: bool,
    /// How `Init` is called, when it is there.
    pub(crate) init: Option<InitShape>,
    /// Whether `HandleRequest` is there.
    pub(crate) handle_request: bool,
    /// How `HandleEvent` is called, when it is there.
    pub(crate) handle_event: Option<EventShape>,
    /// Whether `Shutdown` is there.
    pub(crate) shutdown: bool,
    /// Whether `ResetAllocator` is there.
    pub(crate) reset_allocator: bool,
}

/// The two shapes of `Init`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InitShape {
    /// An i32, where 0 is success.
    Status,
    /// Nothing; returning at all is success.
    Silent,
}

/// The two shapes of `HandleEvent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventShape {
    /// Four i32: topic and payload.
    TopicAndPayload,
    /// Two i32: one JSON object.
    OneObject,
}

/// Checks imports, exports and memory, and says how the exports are to be called.
pub(crate) fn check(
    module: &Module,
    manifest: &Manifest,
    memory_pages: u32,
    wasi: &wasi::Signatures,
) -> Result<GuestShape, Vec<AbiProblem>> {
    let mut problems = Vec::new();
    check_imports(module, wasi, &mut problems);
    check_memory(module, memory_pages, &mut problems);
    let mut exports = Exports { module, problems: &mut problems };
    let shape = GuestShape {
        allocator: abi::ALLOCATORS.into_iter().find(|name| exports.accepted(name).is_some()),
        initialize: exports.accepted(abi::INITIALIZE).is_some(),
        init: exports.accepted(abi::INIT).map(|signature| {
            if signature.results.is_empty() { InitShape::Silent } else { InitShape::Status }
        }),
        handle_request: exports.accepted(abi::HANDLE_REQUEST).is_some(),
        handle_event: exports.accepted(abi::HANDLE_EVENT).map(|signature| {
            if signature.params.len() == 4 {
                EventShape::TopicAndPayload
            } else {
                EventShape::OneObject
            }
        }),
        shutdown: exports.accepted(abi::SHUTDOWN).is_some(),
        reset_allocator: exports.accepted(abi::RESET_ALLOCATOR).is_some(),
    };
    check_completeness(module, manifest, &mut problems);
    if problems.is_empty() { Ok(shape) } else { Err(problems) }
}

fn check_imports(module: &Module, wasi: &wasi::Signatures, problems: &mut Vec<AbiProblem>) {
    for import in module.imports() {
        let (from, name, found) = (import.module(), import.name(), import.ty());
        // Whether the type is as offered, and what is offered, in words; nothing where nothing is.
        let offered = match from {
            abi::MODULE => abi::host_function(name).map(|it| {
                let fits = found.func().is_some_and(|found| matches(found, &it.signature));
                (fits, it.signature.to_string())
            }),
            abi::WASI_MODULE => wasi.get(name).map(|it| {
                let fits = found.func().is_some_and(|found| FuncType::eq(found, it));
                (fits, describe(&ExternType::Func(it.clone())))
            }),
            _ => None,
        };
        let (module, name) = (from.to_owned(), name.to_owned());
        match offered {
            Some((true, _)) => {}
            Some((false, expected)) => {
                let found = describe(&found);
                problems.push(AbiProblem::ImportType { module, name, found, expected });
            }
            None => problems.push(AbiProblem::UnknownImport { module, name }),
        }
    }
}

fn check_memory(module: &Module, limit: u32, problems: &mut Vec<AbiProblem>) {
    match module.get_export(abi::MEMORY) {
        Some(ExternType::Memory(memory)) => {
            if !is_plain(&memory) {
                problems.push(AbiProblem::MemoryKind);
            } else if memory.minimum() > u64::from(limit) {
                problems.push(AbiProblem::MemoryTooLarge { pages: memory.minimum(), limit });
            }
        }
        _ => problems.push(AbiProblem::MissingExport {
            expected: "memory named 'memory'",
            needed_for: "every call",
        }),
    }
}

fn is_plain(memory: &MemoryType) -> bool {
    !memory.is_64() && !memory.is_shared()
}

/// What the exports there are, and the manifest, make necessary.
fn check_completeness(module: &Module, manifest: &Manifest, problems: &mut Vec<AbiProblem>) {
    let exports = |name| module.get_export(name).is_some();
    let declares_routes = manifest.backend.as_ref().is_some_and(|it| !it.routes.is_empty());
    if declares_routes && !exports(abi::HANDLE_REQUEST) {
        problems.push(AbiProblem::MissingExport {
            expected: "function 'HandleRequest' as (i32, i32) -> (i64)",
            needed_for: "a manifest with routes",
        });
    }
    let is_handed_data = exports(abi::HANDLE_REQUEST) || exports(abi::HANDLE_EVENT);
    if is_handed_data && !abi::ALLOCATORS.into_iter().any(exports) {
        problems.push(AbiProblem::MissingExport {
            expected: "allocator, 'paca_malloc' or 'malloc' as (i32) -> (i32)",
            needed_for: "a module that is handed requests or events",
        });
    }
}

struct Exports<'a> {
    module: &'a Module,
    problems: &'a mut Vec<AbiProblem>,
}

impl Exports<'_> {
    /// The accepted signature that an export has; `None` when there is no such export, or when it
    /// has another shape, which is noted as a problem.
    fn accepted(&mut self, name: &str) -> Option<&'static Signature> {
        let known = abi::guest_export(name)?;
        let found = self.module.get_export(name)?;
        let accepted = found
            .func()
            .and_then(|found| known.signatures.iter().find(|signature| matches(found, signature)));
        if accepted.is_none() {
            self.problems.push(AbiProblem::ExportType {
                name: known.name,
                found: describe(&found),
                expected: known
                    .signatures
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" or "),
            });
        }
        accepted
    }
}

fn matches(found: &FuncType, expected: &Signature) -> bool {
    same_types(found.params(), expected.params) && same_types(found.results(), expected.results)
}

fn same_types(mut found: impl Iterator<Item = ValType>, expected: &[abi::ValType]) -> bool {
    expected.iter().all(|expected| {
        matches!(
            (found.next(), expected),
            (Some(ValType::I32), abi::ValType::I32) | (Some(ValType::I64), abi::ValType::I64)
        )
    }) && found.next().is_none()
}

fn describe(found: &ExternType) -> String {
    match found {
        ExternType::Func(function) => {
            format!("({}) -> ({})", join(function.params()), join(function.results()))
        }
        ExternType::Global(_) => "a global".to_owned(),
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        ExternType::Tag(_) => "a tag".to_owned(),
    }
}

fn join(types: impl Iterator<Item = impl fmt::Display>) -> String {
    types.map(|it| it.to_string()).collect::<Vec<_>>().join(", ")
}
