//! Plugins' files: in folders of this machine, or in a bucket that many hosts share (decision L6).
//!
//! ```text
//! folders   {PLUGINS_WASM_DIR | PLUGINS_FRONTEND_DIR | PLUGINS_MCP_DIR}/{plugin}/{release}/…
//! S3        {STORAGE_BUCKET}/{PLUGINS_S3_PREFIX}/{backend | frontend | mcp}/{plugin}/{release}/…
//! ```
//!
//! A *release* is the files of one version of one plugin. It is written once, read as soon as the
//! plugin's row names it, and never changed. So no reader ever sees files of two versions, and a
//! change of version is the change of one value in one row. What no row names is removed by
//! [`ArtifactStore::keep_only`].
//!
//! Files that lie directly below `{plugin}/` were put there by an operator; a row without a release
//! means those.

mod open;

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use contract::name::PluginName;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutPayload};
use uuid::Uuid;

pub use open::ArtifactStoreConfig;

/// Files written or removed at a time.
const AT_A_TIME: usize = 8;

/// In the backend tree of every release.
pub const MANIFEST: &str = "plugin.json";

/// One of the trees a plugin's files are split over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tree {
    /// `backend.wasm`, `plugin.json`, `migrations/*.sql`. Never served.
    Backend,
    /// Served under `/plugins/{plugin}/`.
    Frontend,
    /// Served under `/plugins-mcp/{plugin}/`.
    Mcp,
}

impl Tree {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Backend, Self::Frontend, Self::Mcp];

    /// Its name, and that of its part of a bucket.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Frontend => "frontend",
            Self::Mcp => "mcp",
        }
    }
}

/// Which files of which plugin.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// The plugin.
    pub plugin: &'a PluginName,
    /// `None`: what an operator put in place.
    pub id: Option<Uuid>,
}

/// What of a plugin's files is to stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// This release and nothing else.
    Release(Uuid),
    /// What an operator put in place; no release.
    Placed,
    /// Nothing.
    Nothing,
}

/// A file, opened.
pub struct OpenFile {
    /// Its whole size in bytes.
    pub size: u64,
    /// Names its content, quoted as in an `ETag` header.
    pub etag: Option<String>,
    /// The bytes of it that follow.
    pub range: Range<u64>,
    /// Those bytes.
    pub bytes: BoxStream<'static, Result<Bytes, ArtifactError>>,
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFile").field("size", &self.size).finish_non_exhaustive()
    }
}

/// How much of a file is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All.
    Whole,
    /// Size and tag only.
    Nothing,
    /// These bytes, which the file has.
    Range(Range<u64>),
}

/// The store of artifacts failed. What it says is for the log.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing} {what}")]
pub struct ArtifactError {
    doing: &'static str,
    what: String,
    source: object_store::Error,
}

impl ArtifactError {
    fn at<E: Into<object_store::Error>>(
        doing: &'static str,
        what: impl fmt::Display,
    ) -> impl FnOnce(E) -> Self {
        let what = what.to_string();
        move |source| Self { doing, what, source: source.into() }
    }

    fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        let source =
            object_store::Error::Generic { store: open::FOLDERS, source: Box::new(source) };
        Self { doing, what: path.display().to_string(), source }
    }

    /// True when the store is away rather than the request wrong; a server answers 503.
    pub fn is_unavailable(&self) -> bool {
        matches!(&self.source, object_store::Error::Generic { store, .. } if *store == open::S3)
    }
}

/// The store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ArtifactStore {
    trees: Arc<[Root; 3]>,
}

/// Where one tree of every plugin is.
#[derive(Debug)]
struct Root {
    store: Box<dyn ObjectStore>,
    prefix: Key,
    /// The folder, where it is one.
    folder: Option<PathBuf>,
}

impl ArtifactStore {
    fn root(&self, tree: Tree) -> &Root {
        let [backend, frontend, mcp] = &*self.trees;
        match tree {
            Tree::Backend => backend,
            Tree::Frontend => frontend,
            Tree::Mcp => mcp,
        }
    }

    /// Copies a folder into a release. Files only: a store knows no empty folders.
    pub async fn put(
        &self,
        tree: Tree,
        release: Release<'_>,
        from: &Path,
    ) -> Result<(), ArtifactError> {
        let root = self.root(tree);
        let files = files_below(from).await?;
        futures_util::stream::iter(files)
            .map(Ok)
            .try_for_each_concurrent(AT_A_TIME, async |segments| {
                let path = segments.iter().fold(from.to_owned(), |path, part| path.join(part));
                let content = tokio::fs::read(&path).await;
                let content = content.map_err(|error| ArtifactError::io("read", &path, error))?;
                let key = root.key(release, segments.iter().map(String::as_str));
                let written = root.store.put(&key, PutPayload::from(content)).await;
                written.map(drop).map_err(ArtifactError::at("write", &key))
            })
            .await
    }

    /// A file's content; `None` when there is no such file.
    pub async fn read(
        &self,
        tree: Tree,
        release: Release<'_>,
        path: &[&str],
    ) -> Result<Option<Bytes>, ArtifactError> {
        let root = self.root(tree);
        let key = root.key(release, path.iter().copied());
        match root.store.get(&key).await {
            Ok(found) => found.bytes().await.map(Some).map_err(ArtifactError::at("read", &key)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(ArtifactError::at("read", &key)(error)),
        }
    }

    /// Opens a file for sending; `None` when there is no such file.
    pub async fn open_file(
        &self,
        tree: Tree,
        release: Release<'_>,
        path: &[&str],
        part: Part,
    ) -> Result<Option<OpenFile>, ArtifactError> {
        let root = self.root(tree);
        let key = root.key(release, path.iter().copied());
        let options = GetOptions {
            head: part == Part::Nothing,
            range: match part {
                Part::Range(range) => Some(GetRange::Bounded(range)),
                _ => None,
            },
            ..GetOptions::default()
        };
        match root.store.get_opts(&key, options).await {
            Ok(found) => {
                let (size, etag, range) =
                    (found.meta.size, found.meta.e_tag.clone(), found.range.clone());
                let bytes = found.into_stream().map_err(ArtifactError::at_each("read", &key));
                Ok(Some(OpenFile { size, etag, range, bytes: bytes.boxed() }))
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(ArtifactError::at("open", &key)(error)),
        }
    }

    /// The names of the files directly in a folder, in lexical order; none when it is not there.
    pub async fn list(
        &self,
        tree: Tree,
        release: Release<'_>,
        folder: &str,
    ) -> Result<BTreeSet<String>, ArtifactError> {
        let root = self.root(tree);
        let key = root.key(release, [folder]);
        let found = root.store.list_with_delimiter(Some(&key)).await;
        let found = found.map_err(ArtifactError::at("list", &key))?;
        let name = |file: &object_store::ObjectMeta| {
            let name = percent_encoding::percent_decode_str(file.location.filename()?);
            Some(name.decode_utf8_lossy().into_owned())
        };
        Ok(found.objects.iter().filter_map(name).collect())
    }

    /// Whether a release is there. One that is not was removed, because the row names another.
    pub async fn has(&self, release: Release<'_>) -> Result<bool, ArtifactError> {
        let found = self.open_file(Tree::Backend, release, &[MANIFEST], Part::Nothing).await?;
        Ok(found.is_some())
    }

    /// Removes of a plugin's files all that are not to stay.
    pub async fn keep_only(&self, plugin: &PluginName, keep: Keep) -> Result<(), ArtifactError> {
        for tree in Tree::ALL {
            let root = self.root(tree);
            match &root.folder {
                Some(folder) => clean_folder(folder.join(plugin.as_str()), keep).await?,
                None => root.clean(plugin, keep).await?,
            }
        }
        Ok(())
    }
}

impl ArtifactError {
    fn at_each(doing: &'static str, what: &Key) -> impl FnMut(object_store::Error) -> Self + use<> {
        let what = what.to_string();
        move |source| Self { doing, what: what.clone(), source }
    }
}

impl Root {
    /// Where a file is. Segments come from archives and URLs; what no store can name is encoded, and
    /// no segment climbs.
    fn key<'p>(&self, release: Release<'_>, path: impl IntoIterator<Item = &'p str>) -> Key {
        let id = release.id.map(|id| id.to_string());
        let head = [release.plugin.as_str()].into_iter().chain(id.as_deref());
        let mut key = self.prefix.clone();
        key.extend(head);
        key.extend(path);
        key
    }

    async fn clean(&self, plugin: &PluginName, keep: Keep) -> Result<(), ArtifactError> {
        let all = self.key(Release { plugin, id: None }, []);
        let depth = all.parts().count();
        let listed = self.store.list(Some(&all)).try_collect::<Vec<_>>().await;
        let doomed =
            listed.map_err(ArtifactError::at("list", &all))?.into_iter().filter(move |file| {
                let first = file.location.parts().nth(depth);
                !stays(first.as_ref().map_or("", AsRef::as_ref), keep)
            });
        let keys = futures_util::stream::iter(doomed.map(|file| Ok(file.location))).boxed();
        let removed = self.store.delete_stream(keys).try_collect::<Vec<_>>().await;
        removed.map(drop).map_err(ArtifactError::at("remove files of", &all))
    }
}

/// Whether what lies directly below a plugin's own key is to stay.
fn stays(name: &str, keep: Keep) -> bool {
    let release = Uuid::parse_str(name).ok();
    match keep {
        Keep::Release(kept) => release == Some(kept),
        Keep::Placed => release.is_none(),
        Keep::Nothing => false,
    }
}

/// Nothing is there, be it for a key that no file can have, a folder where a file was meant, or the
/// other way round.
fn is_absent(error: &object_store::Error) -> bool {
    use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    match error {
        object_store::Error::NotFound { .. } | object_store::Error::InvalidPath { .. } => true,
        error => {
            let first = Some(error as &(dyn std::error::Error + 'static));
            std::iter::successors(first, |error| error.source())
                .filter_map(|error| error.downcast_ref::<std::io::Error>())
                .any(|error| matches!(error.kind(), NotFound | NotADirectory | InvalidFilename))
        }
    }
}

/// The same for folders, which a store of objects knows nothing of: they would stay, and so would
/// what a write that was cut short left in them.
async fn clean_folder(folder: PathBuf, keep: Keep) -> Result<(), ArtifactError> {
    let work = move || -> Result<(), (PathBuf, std::io::Error)> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| (path, error)
        };
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err((folder, error)),
        };
        let mut emptied = true;
        for entry in entries {
            let entry = entry.map_err(at(&folder))?;
            if stays(&entry.file_name().to_string_lossy(), keep) {
                emptied = false;
                continue;
            }
            let path = entry.path();
            let is_folder = entry.file_type().map_err(at(&path))?.is_dir();
            let removed = if is_folder {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            };
            ignore_absent(removed).map_err(at(&path))?;
        }
        // An empty one is no loss, and a file may have come meanwhile.
        if emptied {
            ignore_absent(std::fs::remove_dir(&folder)).map_err(at(&folder))
        } else {
            Ok(())
        }
    };
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.map_err(ArtifactError::at("remove", "files of a plugin"))?;
    done.map_err(|(path, error)| ArtifactError::io("remove", &path, error))
}

fn ignore_absent(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The paths of all files below a folder, as segments.
async fn files_below(folder: &Path) -> Result<Vec<Vec<String>>, ArtifactError> {
    fn walk(folder: &Path, above: &[String], found: &mut Vec<Vec<String>>) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let segments = [above, &[name]].concat();
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &segments, found)?;
            } else {
                found.push(segments);
            }
        }
        Ok(())
    }
    let owned = folder.to_owned();
    let work = move || {
        let mut found = Vec::new();
        walk(&owned, &[], &mut found).map(|()| found)
    };
    let found = tokio::task::spawn_blocking(work).await;
    let found = found.map_err(ArtifactError::at("list", folder.display()))?;
    found.map_err(|error| ArtifactError::io("list", folder, error))
}
