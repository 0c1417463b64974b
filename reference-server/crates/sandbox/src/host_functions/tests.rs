//! The linker against the ABI's table.

#![expect(clippy::unwrap_used, reason = "tests")]

use contract::abi::{HOST_FUNCTIONS, MODULE, ValType};
use wasmtime::{Engine, Module};

use super::link;

#[test]
fn every_function_of_the_abi_is_linked_with_its_exact_type() {
    let list = |keyword: &str, types: &[ValType]| {
        let types: Vec<_> = types
            .iter()
            .map(|ty| match ty {
                ValType::I32 => format!("({keyword} i32)"),
                ValType::I64 => format!("({keyword} i64)"),
            })
            .collect();
        types.join(" ")
    };
    let imports: Vec<_> = HOST_FUNCTIONS
        .iter()
        .map(|function| {
            let params = list("param", function.signature.params);
            let results = list("result", function.signature.results);
            format!("(import \"{MODULE}\" \"{}\" (func {params} {results}))", function.name)
        })
        .collect();
    let imports = imports.join("\n");
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(format!("(module {imports})")).unwrap());

    let linked = link(&engine).unwrap().instantiate_pre(&module.unwrap());

    assert!(linked.is_ok(), "{:?}", linked.err());
}
