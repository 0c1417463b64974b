//! `calls`: what a call into a guest costs, raw, by the sandbox and by Extism, as ratios of one run.
//!
//! All three call a guest that does nothing with the same 670 bytes, under the same limits where there
//! are any: memory of 1,024 pages, five seconds. Extism is asked twice: for a call into a plugin that
//! is there, which is how it reuses one, and for one into a plugin made for it from a compiled module.

// The measures are those of the benches, read from there: the package itself brings a whole host.
#[path = "../../../src/echo.rs"]
mod echo;
#[path = "../../../src/prompt.rs"]
mod prompt;
#[path = "../../../src/question.rs"]
#[expect(dead_code, reason = "only what calls need")]
mod question;
#[path = "../../../src/ratio.rs"]
mod ratio;

use std::hint::black_box;
use std::time::Duration;

use contract::envelope::ResponseEnvelope;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use sandbox::{RequestContext, SandboxConfig};

use crate::echo::{ECHO, RawEcho, envelope};
use crate::prompt::Error;
use crate::question::Question;
pub(crate) use crate::ratio::ratio;

/// The echo for Extism: its output is its input, which lies where the host has put it.
const EXTISM_ECHO: &str = r#"(module
  (import "extism:host/env" "input_offset" (func $offset (result i64)))
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "output_set" (func $set (param i64 i64)))
  (memory (export "memory") 2)
  (func (export "handle") (result i32)
    (call $set (call $offset) (call $length))
    i32.const 0))"#;

fn extism() -> Result<CompiledPlugin, Error> {
    let wasm = Wasm::data(wat::parse_str(EXTISM_ECHO)?);
    let manifest =
        Manifest::new([wasm]).with_memory_max(1024).with_timeout(Duration::from_secs(5));
    Ok(PluginBuilder::new(manifest).with_wasi(true).with_cache_disabled().compile()?)
}

fn call_extism(plugin: &mut Plugin, input: &[u8]) -> Vec<u8> {
    plugin.call::<&[u8], &[u8]>("handle", input).expect("an answer of Extism's plugin").to_vec()
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut raw = RawEcho::new()?;
    let plugins = [4, 0].map(|max_idle_instances| {
        let config = SandboxConfig { max_idle_instances, ..SandboxConfig::default() };
        let sandbox = prompt::sandbox(config)?;
        runtime.block_on(prompt::load(&sandbox, "com.example.echo", ECHO))
    });
    let [kept, fresh] = plugins;
    let (kept, fresh) = (kept?, fresh?);
    let compiled = extism()?;
    let mut reused = Plugin::new_from_compiled(&compiled)?;
    let encoded = envelope().encode();
    assert_eq!(call_extism(&mut reused, &encoded), encoded, "Extism's guest echoes");

    let context = RequestContext { envelope: envelope() };
    let call = |plugin: &sandbox::Plugin| {
        drop(runtime.block_on(plugin.handle_request(black_box(&context).clone())));
    };
    // What any host does around it: the envelope written, the answer read.
    let with_json = |answer: &dyn Fn(&[u8]) -> Vec<u8>| {
        let answer = answer(&black_box(&context).clone().envelope.encode());
        drop(ResponseEnvelope::decode(&answer));
    };
    let mut question = Question::new("peers");
    question.ask("Extism, reused / raw call", || drop(raw.call(&encoded)), || {
        drop(call_extism(&mut reused, &encoded));
    });
    let reused = std::cell::RefCell::new(reused);
    question.ask_at_least(
        5.0,
        "Extism, reused, with JSON / the sandbox's call",
        || call(&kept),
        || with_json(&|input| call_extism(&mut reused.borrow_mut(), input)),
    );
    question.ask(
        "Extism, new from compiled, with JSON / the sandbox's fresh",
        || call(&fresh),
        || {
            with_json(&|input| {
                let mut plugin = Plugin::new_from_compiled(&compiled).expect("a plugin");
                call_extism(&mut plugin, input)
            });
        },
    );
    question.answered()?;
    Ok(())
}
