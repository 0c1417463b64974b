//! Plugins' files, in folders and in a bucket: the same promises.

use std::path::Path;

use contract::name::PluginName;
use futures_util::TryStreamExt as _;
use s3_server::{BUCKET, S3Server};
use storage::plugin_artifacts::{
    ArtifactStore, ArtifactStoreConfig, Keep, OpenFile, Part, Release, Tree,
};
use tempfile::TempDir;
use uuid::Uuid;

/// A store and what it lives on.
struct Scene {
    store: ArtifactStore,
    folder: TempDir,
    server: Option<S3Server>,
}

const PLUGIN: &str = "com.example.a";
const FIRST: Uuid = Uuid::from_u128(1);
const SECOND: Uuid = Uuid::from_u128(2);

fn plugin() -> PluginName {
    PluginName::parse(PLUGIN).unwrap()
}

impl Scene {
    async fn folders() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = |name: &str| folder.path().join("store").join(name);
        let config = ArtifactStoreConfig::Folders {
            backend: root("backend"),
            frontend: root("frontend"),
            mcp: root("mcp"),
        };
        let store = ArtifactStore::open(config).await.unwrap();
        Self { store, folder, server: None }
    }

    async fn bucket() -> Self {
        let server = S3Server::start().await.unwrap();
        let store = ArtifactStore::open(bucket(&server)).await.unwrap();
        Self { store, folder: tempfile::tempdir().unwrap(), server: Some(server) }
    }

    /// Both kinds, for tests that hold for either.
    async fn both() -> [Self; 2] {
        [Self::folders().await, Self::bucket().await]
    }

    /// Where the store's files are on this machine.
    fn files(&self) -> std::path::PathBuf {
        match &self.server {
            Some(server) => server.objects().join("a/prefix"),
            None => self.folder.path().join("store"),
        }
    }

    async fn put(&self, tree: Tree, release: Uuid, files: &[(&str, &str)]) {
        let from = tempfile::tempdir_in(self.folder.path()).unwrap();
        for (path, text) in files {
            write(&from.path().join(path), text);
        }
        let name = plugin();
        let release = Release { plugin: &name, id: Some(release) };
        self.store.put(tree, release, from.path()).await.unwrap();
    }

    async fn text(&self, release: Option<Uuid>, path: &[&str]) -> Option<String> {
        let name = plugin();
        let read = self.store.read(Tree::Frontend, Release { plugin: &name, id: release }, path);
        read.await.unwrap().map(|bytes| String::from_utf8(bytes.into()).unwrap())
    }

    async fn open(&self, path: &[&str], part: Part) -> Option<OpenFile> {
        let name = plugin();
        let release = Release { plugin: &name, id: Some(FIRST) };
        self.store.open_file(Tree::Frontend, release, path, part).await.unwrap()
    }
}

fn bucket(server: &S3Server) -> ArtifactStoreConfig {
    ArtifactStoreConfig::S3 {
        bucket: BUCKET.to_owned(),
        prefix: "/a/prefix/".to_owned(),
        variables: server.variables(),
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

async fn bytes(file: OpenFile) -> String {
    let chunks: Vec<_> = file.bytes.try_collect().await.unwrap();
    String::from_utf8(chunks.concat()).unwrap()
}

/// Relative paths of all files below a folder.
fn walk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(walk(&path).into_iter().map(|below| format!("{name}/{below}")));
        } else if !name.starts_with(".bucket-") && !name.starts_with(".upload") {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn what_was_put_is_read_and_what_was_not_is_absent() {
    for scene in Scene::both().await {
        let files = [("a.js", "a"), ("assets/b c~#é.css", "b"), ("empty", "")];
        scene.put(Tree::Frontend, FIRST, &files).await;
        assert_eq!(scene.text(Some(FIRST), &["a.js"]).await.as_deref(), Some("a"));
        let odd = scene.text(Some(FIRST), &["assets", "b c~#é.css"]).await;
        assert_eq!(odd.as_deref(), Some("b"));
        assert_eq!(scene.text(Some(FIRST), &["empty"]).await.as_deref(), Some(""));
        // The server of these tests keeps objects as files, and fails where a key is a folder.
        let folder: &[&str] = if scene.server.is_some() { &["nowhere"] } else { &["assets"] };
        for absent in [
            folder,
            &["a.js", "a.js"],
            &["assets/b c~#é.css"],
            &["..", "1", "a.js"],
            &["."],
            &["nothing"],
            &[&"x".repeat(300)],
        ] {
            assert_eq!(scene.text(Some(FIRST), absent).await, None, "{absent:?}");
        }
        assert_eq!(scene.text(Some(SECOND), &["a.js"]).await, None);
        assert_eq!(scene.text(None, &["a.js"]).await, None);
    }
}

#[tokio::test]
async fn a_folder_is_listed_by_the_names_that_were_put() {
    for scene in Scene::both().await {
        let files =
            [("migrations/0002~x.sql", ""), ("migrations/0001.sql", ""), ("plugin.json", "")];
        scene.put(Tree::Backend, FIRST, &files).await;
        let name = plugin();
        let release = Release { plugin: &name, id: Some(FIRST) };
        let listed = scene.store.list(Tree::Backend, release, "migrations").await.unwrap();
        assert_eq!(listed.into_iter().collect::<Vec<_>>(), ["0001.sql", "0002~x.sql"]);
        assert!(scene.store.list(Tree::Backend, release, "nothing").await.unwrap().is_empty());
        assert!(scene.store.has(release).await.unwrap());
        let other = Release { plugin: &name, id: Some(SECOND) };
        assert!(!scene.store.has(other).await.unwrap());
    }
}

#[tokio::test]
async fn a_file_is_opened_whole_in_part_or_not_at_all() {
    for scene in Scene::both().await {
        scene.put(Tree::Frontend, FIRST, &[("a.js", "0123456789")]).await;
        let whole = scene.open(&["a.js"], Part::Whole).await.unwrap();
        let etag = whole.etag.clone().unwrap();
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "{etag}");
        assert_eq!((whole.size, whole.range.clone()), (10, 0..10));
        assert_eq!(bytes(whole).await, "0123456789");

        let part = scene.open(&["a.js"], Part::Range(2..5)).await.unwrap();
        assert_eq!((part.size, part.range.clone()), (10, 2..5));
        assert_eq!(part.etag.as_ref(), Some(&etag));
        assert_eq!(bytes(part).await, "234");

        let head = scene.open(&["a.js"], Part::Nothing).await.unwrap();
        assert_eq!((head.size, head.etag), (10, Some(etag)));
        assert!(scene.open(&["b.js"], Part::Whole).await.is_none());
    }
}

#[tokio::test]
async fn only_what_is_to_stay_stays() {
    for scene in Scene::both().await {
        for tree in Tree::ALL {
            scene.put(tree, FIRST, &[("x", "first")]).await;
            scene.put(tree, SECOND, &[("x", "second"), ("deep/y", "")]).await;
            write(&scene.files().join(tree.as_str()).join(PLUGIN).join("placed.js"), "placed");
            // A plugin whose name begins like this one's.
            write(&scene.files().join(tree.as_str()).join("com.example.ab").join("x"), "other");
        }
        let name = plugin();
        let state = || {
            let mut found = walk(&scene.files());
            found.retain(|path| !path.contains("com.example.ab"));
            found.iter().map(|path| path.replace(PLUGIN, "P")).collect::<Vec<_>>()
        };
        scene.store.keep_only(&name, Keep::Release(SECOND)).await.unwrap();
        let kept: Vec<String> = ["backend", "frontend", "mcp"]
            .iter()
            .flat_map(|tree| ["deep/y", "x"].map(|file| format!("{tree}/P/{SECOND}/{file}")))
            .collect();
        assert_eq!(state(), kept);

        write(&scene.files().join("frontend").join(PLUGIN).join("placed.js"), "placed");
        scene.store.keep_only(&name, Keep::Placed).await.unwrap();
        assert_eq!(state(), ["frontend/P/placed.js"]);
        assert_eq!(scene.text(None, &["placed.js"]).await.as_deref(), Some("placed"));

        scene.store.keep_only(&name, Keep::Nothing).await.unwrap();
        assert_eq!(state(), [""; 0]);
        // Again, with nothing there.
        scene.store.keep_only(&name, Keep::Nothing).await.unwrap();
        assert_eq!(walk(&scene.files()).len(), 3, "the neighbour's");
    }
}

#[tokio::test]
async fn a_write_that_was_cut_short_is_removed_with_its_release() {
    let scene = Scene::folders().await;
    let folder = scene.files().join("frontend").join(PLUGIN).join(FIRST.to_string());
    // As the store leaves it when its process dies.
    write(&folder.join("a.js#1"), "half");
    std::fs::create_dir_all(folder.join("empty")).unwrap();
    scene.store.keep_only(&plugin(), Keep::Release(SECOND)).await.unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_bucket_that_is_away_is_said_to_be_and_comes_back() {
    let Scene { store, mut server, .. } = Scene::bucket().await;
    let server = server.as_mut().unwrap();
    let name = plugin();
    let release = Release { plugin: &name, id: Some(FIRST) };
    server.stop();
    let error = store.read(Tree::Frontend, release, &["a.js"]).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(store.keep_only(&name, Keep::Nothing).await.unwrap_err().is_unavailable());
    server.start_again().await.unwrap();
    assert_eq!(store.read(Tree::Frontend, release, &["a.js"]).await.unwrap(), None);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_or_refuses_the_key_is_an_error() {
    let server = S3Server::start().await.unwrap();
    let name = plugin();
    let release = Release { plugin: &name, id: Some(FIRST) };
    let mut variables = server.variables();
    for (name, value) in &mut variables {
        if name == "AWS_SECRET_ACCESS_KEY" {
            value.push('x');
        }
    }
    let config =
        ArtifactStoreConfig::S3 { bucket: BUCKET.to_owned(), prefix: String::new(), variables };
    let store = ArtifactStore::open(config).await.unwrap();
    store.read(Tree::Frontend, release, &["a.js"]).await.unwrap_err();
}

#[tokio::test]
async fn two_trees_in_one_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = |name: &str| folder.path().join(name);
    let config = ArtifactStoreConfig::Folders {
        backend: root("one"),
        frontend: root("two"),
        mcp: root("one/../one"),
    };
    ArtifactStore::open(config).await.unwrap_err();
}

#[test]
fn credentials_are_not_printed() {
    let config = ArtifactStoreConfig::S3 {
        bucket: "b".to_owned(),
        prefix: "p".to_owned(),
        variables: vec![("AWS_SECRET_ACCESS_KEY".to_owned(), "hush".to_owned())],
    };
    assert!(!format!("{config:?}").contains("hush"));
}
