//! The plugins: many that echo, no two of them with the same bytes, and a large one.

use std::fs;

use anyhow::Result;

use crate::{catalog::Catalog, workspace};

/// The name of a plugin that echoes.
pub(crate) fn name(number: usize) -> String {
    format!("com.hostproof.p{number}")
}

/// The path of its route; `{n}` takes the number, for `load`.
pub(crate) const PATH: &str = "/api/v1/plugins/com.hostproof.p{n}/echo";

/// The large plugin.
pub(crate) const LARGE: &str = "com.hostproof.large";
/// What an instance of it takes.
pub(crate) const LARGE_BYTES: u64 = 20 << 20;

/// Offers a plugin that echoes: the guest SDK's, as a plugin of its own has it. A section that says
/// nothing makes its bytes differ from everybody else's, so that it is compiled and kept by itself.
pub(crate) fn publish(catalog: &Catalog, number: usize) -> Result<()> {
    let mut wasm = fs::read(workspace::root().join("fixtures-plugins/artifacts/minimal.wasm"))?;
    let text = format!("{number:08}");
    let section =
        wasm_encoder::CustomSection { name: "number".into(), data: text.as_bytes().into() };
    wasm_encoder::Section::append_to(&section, &mut wasm);
    catalog.offer(&name(number), &wasm)
}

/// Offers the large one.
pub(crate) fn publish_large(catalog: &Catalog) -> Result<()> {
    let pages = LARGE_BYTES / (64 << 10);
    // Touches every page of the system's in every call: what an instance declares it also takes. An
    // envelope of a request reads as that of an answer with the same body.
    let text = format!(
        r#"(module
             (memory (export "memory") {pages})
             (func (export "paca_malloc") (param i32) (result i32) i32.const 1024)
             (func (export "HandleRequest") (param $at i32) (param $n i32) (result i64)
               (local $page i32)
               (local.set $page (i32.const 65536))
               (loop $next
                 (i32.store (local.get $page) (i32.const 1))
                 (local.set $page (i32.add (local.get $page) (i32.const 4096)))
                 (br_if $next (i32.lt_u (local.get $page) (i32.const {LARGE_BYTES}))))
               (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
                 (i64.extend_i32_u (local.get $n)))))"#
    );
    catalog.offer(LARGE, &wat::parse_str(text)?)
}
