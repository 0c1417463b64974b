//! A host in memory, to test a plugin's handlers natively.
//!
//! It does what the manifest says and no more: it calls the plugin for declared routes and subscriptions, reads
//! the configuration that is allowed, fetches from the domains that are listed, and emits and caches with the
//! permission to. Key-value storage and cache are real, transactions included. There is no database: statements
//! are answered as the test says ([`TestHost::on_sql`]), and so are outbound requests ([`TestHost::on_fetch`]).
//! One that no answer was given for ends the test and says what it was.
//!
//! What a host decides about SQL, about middlewares and about time takes a host: that is what golden tests of
//! the built module are for.

mod calls;
mod host;
mod manifest;
mod request;
mod script;

use std::cell::Cell;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use crate::raw::with_host;
use crate::{Error, Plugin};

use host::MemoryHost;
use manifest::Manifest;

pub use request::TestRequest;
pub use script::{FetchScript, SqlScript};

/// A host with one plugin in it.
///
/// ```
/// use hostproof_guest::{Error, Json, Path, Plugin, Route, db, testing::TestHost};
/// use serde_json::json;
///
/// struct Tasks;
///
/// impl Plugin for Tasks {
///     const ROUTES: &[Route] = &[Route::get("/tasks/:id/title", title)];
/// }
///
/// fn title(Path(id): Path<String>) -> Result<Json<String>, Error> {
///     let title = db::query_opt("SELECT title FROM titles WHERE task_id = $1", (id,))?;
///     title.map(Json).ok_or_else(|| Error::not_found("task"))
/// }
///
/// let host = TestHost::<Tasks>::new(
///     r#"{"backend": {"routes": [{"method": "GET", "path": "/tasks/:id/title"}]}}"#,
/// );
/// host.on_sql("SELECT title FROM titles").with(("t1",)).rows([("Write tests",)]);
/// host.on_sql("SELECT title FROM titles").rows([(); 0]);
///
/// assert_eq!(host.get("/tasks/t1/title").send().body(), br#""Write tests""#);
/// assert_eq!(host.get("/tasks/t2/title").send().status(), 404);
/// assert_eq!(host.calls().len(), 2);
/// ```
pub struct TestHost<P> {
    memory: Rc<MemoryHost>,
    ready: Cell<bool>,
    plugin: PhantomData<P>,
}

impl<P> Debug for TestHost<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestHost").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

impl<P: Plugin> TestHost<P> {
    /// A host that loaded the plugin with this manifest, normally `include_str!("../plugin.json")`.
    ///
    /// # Panics
    /// When the manifest is not JSON, or the plugin has a route or a subscription that is not in it, or it has
    /// one that the plugin has not: they are two lists of the same things.
    pub fn new(manifest: &str) -> Self {
        let manifest = Manifest::read(manifest);
        manifest.require_agreement::<P>();
        let memory = Rc::new(MemoryHost::new(manifest));
        Self { memory, ready: Cell::new(false), plugin: PhantomData }
    }

    /// Loads the plugin, which otherwise its first call does.
    pub fn init(&self) -> Result<(), Error> {
        self.ready.set(true);
        self.within(P::init)
    }

    /// A GET of a path below the plugin's own, with or without a query.
    pub fn get(&self, path: &str) -> TestRequest<'_, P> {
        self.request("GET", path)
    }

    /// A POST.
    pub fn post(&self, path: &str) -> TestRequest<'_, P> {
        self.request("POST", path)
    }

    /// A PUT.
    pub fn put(&self, path: &str) -> TestRequest<'_, P> {
        self.request("PUT", path)
    }

    /// A PATCH.
    pub fn patch(&self, path: &str) -> TestRequest<'_, P> {
        self.request("PATCH", path)
    }

    /// A DELETE.
    pub fn delete(&self, path: &str) -> TestRequest<'_, P> {
        self.request("DELETE", path)
    }

    /// A request of any method.
    pub fn request(&self, method: &str, path: &str) -> TestRequest<'_, P> {
        TestRequest::new(self, method, path)
    }

    /// Gives the plugin an event. An error is what makes a host give it again.
    ///
    /// # Panics
    /// When the manifest does not subscribe to the topic.
    pub fn deliver(&self, topic: &str, payload: &impl Serialize) -> Result<(), Error> {
        assert!(
            self.memory.manifest.subscribes(topic),
            "plugin.json does not subscribe to `{topic}`: a host does not give the event to the plugin"
        );
        let payload = script::value(payload).to_string();
        self.load();
        self.within(|| P::event(topic, payload.as_bytes()))
    }

    fn load(&self) {
        if !self.ready.get()
            && let Err(error) = self.init()
        {
            panic!("the plugin does not load: {error}");
        }
    }

    fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let done = with_host(self.memory.clone(), work);
        self.memory.call_ended();
        done
    }
}

/// What the host has.
impl<P> TestHost<P> {
    /// Sets a value of the configuration. The plugin sees it if its manifest lists the key.
    pub fn config(&self, key: &str, value: &str) -> &Self {
        self.memory.config.borrow_mut().insert(key.to_owned(), value.to_owned());
        self
    }

    /// Gives whoever is signed in a permission.
    pub fn permit(&self, permission: &str) -> &Self {
        self.memory.permissions.borrow_mut().insert(permission.to_owned());
        self
    }

    /// Puts a value into key-value storage.
    pub fn store(&self, key: &str, value: &str) -> &Self {
        self.memory.storage.borrow_mut().insert(key.into(), value.into());
        self
    }

    /// What key-value storage has under a key, as text.
    pub fn stored(&self, key: &str) -> Option<String> {
        let storage = self.memory.storage.borrow();
        storage.get(key.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// What the cache has under a key, as text, and for how many seconds.
    pub fn cached(&self, key: &str) -> Option<(String, i32)> {
        let cache = self.memory.cache.borrow();
        let (value, seconds) = cache.get(key.as_bytes())?;
        Some((String::from_utf8_lossy(value).into_owned(), *seconds))
    }

    /// Says how statements are answered that contain this text, however either is spaced and broken into lines.
    /// Of several that fit a statement, the one that was said first answers.
    pub fn on_sql(&self, text: &str) -> SqlScript<'_> {
        SqlScript::new(&self.memory.sql, text)
    }

    /// Says how requests to this URL are answered.
    pub fn on_fetch(&self, method: &str, url: &str) -> FetchScript<'_> {
        FetchScript::new(&self.memory.fetches, method, url)
    }

    /// Makes a host function fail from now on, by its import name: as it does when what is behind it is away.
    pub fn failing(&self, function: &str) -> &Self {
        self.memory.failing.borrow_mut().insert(function.to_owned());
        self
    }
}

/// What the plugin did.
impl<P> TestHost<P> {
    /// The host calls so far, in order, as in `storage_set("visits", "1")`.
    pub fn calls(&self) -> Vec<String> {
        self.memory.calls.all()
    }

    /// The events it emitted: topic and payload.
    pub fn emitted(&self) -> Vec<(String, Value)> {
        self.memory.emitted.borrow().clone()
    }

    /// The activities it recorded.
    pub fn activities(&self) -> Vec<Value> {
        self.memory.activities.borrow().clone()
    }

    /// The requests it made to other servers: `{"method", "url", "headers", "body"}`.
    pub fn fetched(&self) -> Vec<Value> {
        self.memory.fetched.borrow().clone()
    }

    /// The lines it wrote to the log, as in `info: 3 items removed`.
    pub fn logged(&self) -> Vec<String> {
        self.memory.logged.borrow().clone()
    }
}
