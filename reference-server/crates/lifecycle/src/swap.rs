//! The swap: a plugin's live directories and the staged ones change places, by renames alone.
//!
//! [`forward`] and [`back`] are inverses, and each may be run again after being cut short at any
//! point. For one tree there are these states, told apart by what exists:
//!
//! | incoming | outgoing | live | |
//! |---|---|---|---|
//! | yes | no | old or none | nothing done yet |
//! | yes | yes | none | old one moved out |
//! | no | yes | new | done, there was an old one |
//! | no | no | new | done, there was none |
//!
//! For a tree that the new version does not have, `incoming` is always absent and the old one is
//! only moved out.

use contract::name::PluginName;

use crate::files::{self, FileError};
use crate::layout::{Staging, Tree};

/// Makes the staged trees live and moves the old ones out.
pub(crate) fn forward(staging: &Staging, name: &PluginName, has: &[Tree]) -> Result<(), FileError> {
    for tree in Tree::ALL {
        let (live, incoming, outgoing) = places(staging, name, tree);
        if !has.contains(&tree) {
            move_out(&live, &outgoing)?;
        } else if files::exists(&incoming)? {
            move_out(&live, &outgoing)?;
            files::rename(&incoming, &live)?;
        }
    }
    Ok(())
}

/// Puts the old trees back and the new ones into staging.
pub(crate) fn back(staging: &Staging, name: &PluginName, has: &[Tree]) -> Result<(), FileError> {
    for tree in Tree::ALL {
        let (live, incoming, outgoing) = places(staging, name, tree);
        if has.contains(&tree) && !files::exists(&incoming)? {
            files::rename(&live, &incoming)?;
        }
        if files::exists(&outgoing)? {
            files::rename(&outgoing, &live)?;
        }
    }
    Ok(())
}

fn places(
    staging: &Staging,
    name: &PluginName,
    tree: Tree,
) -> (std::path::PathBuf, std::path::PathBuf, std::path::PathBuf) {
    (staging.layout().live(tree, name), staging.incoming(tree), staging.outgoing(tree))
}

fn move_out(live: &std::path::Path, outgoing: &std::path::Path) -> Result<(), FileError> {
    if files::exists(live)? { files::rename(live, outgoing) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

    use std::path::{Path, PathBuf};

    use uuid::Uuid;

    use super::*;
    use crate::layout::Layout;

    /// A plugin whose old version has a backend and a frontend, the new one a backend and mcp.
    struct Scene {
        _dir: tempfile::TempDir,
        staging: Staging,
        name: PluginName,
    }

    const HAS: [Tree; 2] = [Tree::Backend, Tree::Mcp];

    impl Scene {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let root = |name: &str| dir.path().join(name);
            let layout = Layout::new(&root("backend"), &root("frontend"), &root("mcp"));
            let staging = layout.staging(Uuid::from_u128(7));
            let name = PluginName::parse("com.example.x").unwrap();
            put(&layout.live(Tree::Backend, &name), "old");
            put(&layout.live(Tree::Frontend, &name), "old");
            put(&staging.incoming(Tree::Backend), "new");
            put(&staging.incoming(Tree::Mcp), "new");
            Self { _dir: dir, staging, name }
        }

        /// Every rename of the swap, in order.
        fn renames(&self) -> Vec<(PathBuf, PathBuf)> {
            let live = |tree| self.staging.layout().live(tree, &self.name);
            vec![
                (live(Tree::Backend), self.staging.outgoing(Tree::Backend)),
                (self.staging.incoming(Tree::Backend), live(Tree::Backend)),
                (live(Tree::Frontend), self.staging.outgoing(Tree::Frontend)),
                (self.staging.incoming(Tree::Mcp), live(Tree::Mcp)),
            ]
        }

        fn cut_after(&self, renames: usize) {
            for (from, to) in self.renames().into_iter().take(renames) {
                files::rename(&from, &to).unwrap();
            }
        }

        /// What is live and what is staged, per tree.
        fn state(&self) -> Vec<(Option<String>, Option<String>, Option<String>)> {
            let read = |dir: PathBuf| std::fs::read_to_string(dir.join("version")).ok();
            Tree::ALL
                .into_iter()
                .map(|tree| {
                    let (live, incoming, outgoing) = places(&self.staging, &self.name, tree);
                    (read(live), read(incoming), read(outgoing))
                })
                .collect()
        }
    }

    fn put(dir: &Path, version: &str) {
        std::fs::create_dir_all(dir).unwrap();
        std::fs::write(dir.join("version"), version).unwrap();
    }

    #[test]
    fn forward_completes_from_wherever_it_was_cut() {
        let (old, new) = (Some("old".to_owned()), Some("new".to_owned()));
        for cut in 0..=4 {
            let scene = Scene::new();
            scene.cut_after(cut);
            forward(&scene.staging, &scene.name, &HAS).unwrap();
            let done = vec![
                (new.clone(), None, old.clone()),
                (None, None, old.clone()),
                (new.clone(), None, None),
            ];
            assert_eq!(scene.state(), done, "cut after {cut}");
            forward(&scene.staging, &scene.name, &HAS).unwrap();
            assert_eq!(scene.state(), done, "twice, cut after {cut}");
        }
    }

    #[test]
    fn back_undoes_from_wherever_forward_was_cut() {
        for cut in 0..=4 {
            let scene = Scene::new();
            let before = scene.state();
            scene.cut_after(cut);
            back(&scene.staging, &scene.name, &HAS).unwrap();
            assert_eq!(scene.state(), before, "cut after {cut}");
            back(&scene.staging, &scene.name, &HAS).unwrap();
            assert_eq!(scene.state(), before, "twice, cut after {cut}");
        }
    }
}
