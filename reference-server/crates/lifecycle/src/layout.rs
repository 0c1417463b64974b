//! Where a plugin's files live, and where they wait until they may live there.
//!
//! ```text
//! {PLUGINS_WASM_DIR}/{name}/{backend.wasm,plugin.json,migrations/*.sql}
//! {PLUGINS_FRONTEND_DIR}/{name}/…
//! {PLUGINS_MCP_DIR}/{name}/…
//! {each of the three}/.staging/{operation}/{incoming,outgoing,scratch}
//! ```
//!
//! Each root has a staging area of its own, since the three may be different file systems and only
//! a rename within one is atomic. No plugin name begins with a dot, so `.staging` collides with
//! none, and a server of static files that checks names never serves from it.

use std::path::{Path, PathBuf};

use contract::name::PluginName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One of the three directories a plugin's artifacts are split over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tree {
    Backend,
    Frontend,
    Mcp,
}

impl Tree {
    pub(crate) const ALL: [Self; 3] = [Self::Backend, Self::Frontend, Self::Mcp];
}

const STAGING: &str = ".staging";

/// The module within a backend tree.
pub(crate) const WASM: &str = "backend.wasm";
/// The manifest within a backend tree.
pub(crate) const MANIFEST: &str = "plugin.json";
/// The migrations within a backend tree.
pub(crate) const MIGRATIONS: &str = "migrations";

/// The three roots.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    backend: PathBuf,
    frontend: PathBuf,
    mcp: PathBuf,
}

impl Layout {
    pub(crate) fn new(backend: &Path, frontend: &Path, mcp: &Path) -> Self {
        Self { backend: backend.into(), frontend: frontend.into(), mcp: mcp.into() }
    }

    pub(crate) fn root(&self, tree: Tree) -> &Path {
        match tree {
            Tree::Backend => &self.backend,
            Tree::Frontend => &self.frontend,
            Tree::Mcp => &self.mcp,
        }
    }

    /// The directory that an installed plugin's artifacts of one kind are in.
    pub(crate) fn live(&self, tree: Tree, name: &PluginName) -> PathBuf {
        self.root(tree).join(name.as_str())
    }

    /// The directory whose entries are operations under way, or cut short.
    pub(crate) fn staging_root(&self, tree: Tree) -> PathBuf {
        self.root(tree).join(STAGING)
    }

    /// The staging area of one operation.
    pub(crate) fn staging(&self, operation: Uuid) -> Staging {
        Staging { layout: self.clone(), operation }
    }
}

/// What one operation has put beside the live directories.
#[derive(Clone, Debug)]
pub(crate) struct Staging {
    layout: Layout,
    operation: Uuid,
}

impl Staging {
    pub(crate) fn operation(&self) -> Uuid {
        self.operation
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// This operation's directory below one root.
    pub(crate) fn dir(&self, tree: Tree) -> PathBuf {
        self.layout.staging_root(tree).join(self.operation.to_string())
    }

    /// A tree that is complete and waits to become live.
    pub(crate) fn incoming(&self, tree: Tree) -> PathBuf {
        self.dir(tree).join("incoming")
    }

    /// A tree that was live and waits to be removed, or put back.
    pub(crate) fn outgoing(&self, tree: Tree) -> PathBuf {
        self.dir(tree).join("outgoing")
    }

    /// Room for downloads and for archives being unpacked, on the root's file system.
    pub(crate) fn scratch(&self, tree: Tree) -> PathBuf {
        self.dir(tree).join("scratch")
    }

    /// The journal record of this operation.
    pub(crate) fn journal(&self) -> PathBuf {
        self.dir(Tree::Backend).join("journal.json")
    }
}
