//! The linker against the ABI's table.

#![expect(clippy::unwrap_used, reason = "tests")]

use contract::abi::{HOST_FUNCTIONS, MODULE};
use wasmtime::{Engine, Module};

use super::link;

#[test]
fn every_function_of_the_abi_is_linked_with_its_exact_type() {
    let imports: String = HOST_FUNCTIONS
        .iter()
        .map(|function| {
            let list = |keyword: &str, types: &[contract::abi::ValType]| {
                types
                    .iter()
                    .map(|ty| format!("({keyword} {})", format!("{ty:?}").to_lowercase()))
                    .collect::<String>()
            };
            format!(
                "(import \"{MODULE}\" \"{}\" (func {} {}))",
                function.name,
                list("param", function.signature.params),
                list("result", function.signature.results),
            )
        })
        .collect();
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(format!("(module {imports})")).unwrap());

    let linked = link(&engine).unwrap().instantiate_pre(&module.unwrap());

    assert!(linked.is_ok(), "{:?}", linked.err());
}
