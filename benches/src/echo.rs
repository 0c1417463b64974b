//! The echo guest, and the least a host could do to call it.

use std::collections::BTreeMap;

use contract::envelope::RequestEnvelope;
use wasmtime::{Config, Engine, Instance, Memory, Module, Store, TypedFunc};

/// Answers with the request envelope itself, which read as a response has the request's body. Does
/// no work of its own, so that what is measured is the way there and back.
pub const ECHO: &str = include_str!("echo.wat");

/// A request as a browser would cause it: 670 bytes of JSON.
pub fn envelope() -> RequestEnvelope {
    let headers = [
        ("Accept", "application/json, text/plain, */*"),
        ("Accept-Encoding", "gzip, deflate, br"),
        ("Accept-Language", "en-GB,en;q=0.9"),
        ("Content-Type", "application/json"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
        ("X-Request-Id", "0d9e3ae7-9bd1-4e43-8cb1-7f1f43c0a0f5"),
    ];
    RequestEnvelope {
        method: "POST".to_owned(),
        path: "projects/7c1f/tasks/9a2e/items".to_owned(),
        query: BTreeMap::from([("page".to_owned(), "1".to_owned())]),
        user_id: "5f0c2c7e-3f5c-4c0e-9f7e-1d2b3c4d5e6f".to_owned(),
        caller_role: "USER".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: br#"{"title":"Write the benches","done":false}"#.to_vec(),
        ..RequestEnvelope::default()
    }
}

/// The least a host could do: allocate in the guest, copy in, call, copy out, empty the buffer.
pub struct RawEcho {
    store: Store<()>,
    memory: Memory,
    malloc: TypedFunc<i32, i32>,
    handle: TypedFunc<(i32, i32), i64>,
    reset: TypedFunc<(), ()>,
}

impl RawEcho {
    /// Instantiates the guest without limits, deadline or host functions.
    pub fn new() -> wasmtime::Result<Self> {
        let engine = Engine::new(&Config::new())?;
        let wasm = wat::parse_str(ECHO).map_err(wasmtime::Error::new)?;
        let module = Module::new(&engine, wasm)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| wasmtime::format_err!("the guest exports no memory"))?;
        Ok(Self {
            memory,
            malloc: instance.get_typed_func(&mut store, "paca_malloc")?,
            handle: instance.get_typed_func(&mut store, "HandleRequest")?,
            reset: instance.get_typed_func(&mut store, "ResetAllocator")?,
            store,
        })
    }

    /// One call with the envelope's text; returns the answer's.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "the guest's memory is 128 KiB"
    )]
    pub fn call(&mut self, request: &[u8]) -> wasmtime::Result<Vec<u8>> {
        let at = self.malloc.call(&mut self.store, request.len() as i32)?;
        self.memory.write(&mut self.store, at as usize, request)?;
        let packed = self.handle.call(&mut self.store, (at, request.len() as i32))?;
        let mut answer = vec![0; packed as u32 as usize];
        self.memory.read(&self.store, (packed >> 32) as u32 as usize, &mut answer)?;
        self.reset.call(&mut self.store, ())?;
        Ok(answer)
    }
}

impl std::fmt::Debug for RawEcho {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawEcho").finish_non_exhaustive()
    }
}
