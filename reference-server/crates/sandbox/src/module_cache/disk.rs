//! Compiled modules on disk: for the next start, and for the other hosts of the machine.
//!
//! A file is named by what was compiled, for which engine, and by the digest of what is in it:
//! `{module}-{engine}-{contents}.cwasm`. It is written under another name and renamed, so nobody sees
//! half of one, and never changed. Before it is used its contents are held against its name: what a
//! disk or a crash made of it is thrown away, and the module compiled anew. That is no protection
//! against somebody who may write here: the files are native code, whoever can replace them owns the
//! host, and so a folder that everybody may write to is refused.
//!
//! Hosts that share the folder map the same files, whose pages the kernel has once for all of them. A
//! lock keeps them from compiling the same module at the same time. When the files are more than they
//! may be, those that were not loaded for the longest time go; who has one mapped keeps it.

use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, Module};

use super::Digest;

/// What compiled modules end with.
const COMPILED: &str = ".cwasm";

/// What a file ends with while it is written.
const UNFINISHED: &str = ".part";

/// After this long, whoever was writing a file does not any more.
const ABANDONED: Duration = Duration::from_mins(10);

/// The folder of compiled modules.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
    /// Modules that other engines compiled are of no use to this one, and stay for theirs.
    engine: String,
    most_bytes: u64,
}

impl Disk {
    /// Makes the folder if need be, for this user alone.
    pub(super) fn open(folder: &Path, engine: &Engine, most_bytes: u64) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        create_private(&folder)?;
        create_private(&folder.join("locks"))?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = format!("{:016x}", hasher.finish());
        let disk = Self { folder, engine, most_bytes };
        disk.trim()?;
        Ok(disk)
    }

    /// The module that was compiled of these bytes, if it is here and whole.
    pub(super) fn load(&self, engine: &Engine, wasm: &Digest) -> Option<Module> {
        let prefix = self.prefix(wasm);
        // By names alone: nobody asks the system about files that are not meant.
        for name in
            fs::read_dir(&self.folder).ok()?.filter_map(|entry| Some(entry.ok()?.file_name()))
        {
            let contents = name.to_str().and_then(|name| name.strip_prefix(&prefix));
            let Some(contents) = contents.and_then(|name| name.strip_suffix(COMPILED)) else {
                continue;
            };
            let path = self.folder.join(&name);
            match read(engine, &path, contents) {
                Ok(module) => return Some(module),
                // Another host was quicker to throw it away.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let file = path.display();
                    tracing::warn!(%file, %error, "a compiled module cannot be used; it is removed");
                    let _ = fs::remove_file(&path);
                }
            }
        }
        None
    }

    /// Keeps a module for the next time, and throws others away if that makes too many.
    pub(super) fn store(&self, wasm: &Digest, module: &Module) -> io::Result<()> {
        let compiled = module.serialize().map_err(io::Error::other)?;
        if compiled.len() as u64 > self.most_bytes {
            return Ok(());
        }
        let contents = hex::encode(Sha256::digest(&compiled));
        let path = self.folder.join(format!("{}{contents}{COMPILED}", self.prefix(wasm)));
        let unfinished = self.folder.join(format!("{}{UNFINISHED}", uuid::Uuid::new_v4()));
        let written = private(OpenOptions::new().write(true).create_new(true))
            .open(&unfinished)
            .and_then(|mut file| file.write_all(&compiled))
            .and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written.and_then(|()| self.trim())
    }

    /// Waits until no host of this machine compiles this module, and keeps the others from it for as
    /// long as the file lives.
    pub(super) fn alone(&self, wasm: &Digest) -> io::Result<File> {
        // One of 256, so that they need not be removed: that two modules share one costs time only.
        let path = self.folder.join("locks").join(format!("{:02x}", wasm[0]));
        let file = private(OpenOptions::new().write(true).create(true)).open(path)?;
        file.lock()?;
        Ok(file)
    }

    /// Throws away what was not used for the longest time, until the rest is within bounds.
    fn trim(&self) -> io::Result<()> {
        let mut files: Vec<_> = self.files()?.collect();
        files.retain(|file| {
            let abandoned = file.unfinished && file.used.elapsed().is_ok_and(|age| age > ABANDONED);
            !(abandoned && fs::remove_file(&file.path).is_ok())
        });
        files.sort_by_key(|file| std::cmp::Reverse(file.used));
        let mut bytes = 0;
        for file in files.iter().filter(|file| !file.unfinished) {
            bytes += file.bytes;
            if bytes > self.most_bytes {
                bytes -= file.bytes;
                match fs::remove_file(&file.path) {
                    Ok(()) => {
                        let path = file.path.display();
                        tracing::debug!(%path, "a compiled module is dropped");
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn files(&self) -> io::Result<impl Iterator<Item = Stored>> {
        Ok(fs::read_dir(&self.folder)?.filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let unfinished = name.to_str()?.ends_with(UNFINISHED);
            if !unfinished && !name.to_str()?.ends_with(COMPILED) {
                return None;
            }
            // Gone meanwhile: another host throws away as well.
            let metadata = entry.metadata().ok()?;
            let used = metadata.modified().ok()?;
            Some(Stored { path: entry.path(), bytes: metadata.len(), used, unfinished })
        }))
    }

    fn prefix(&self, wasm: &Digest) -> String {
        format!("{}-{}-", hex::encode(wasm), self.engine)
    }
}

/// A file of the folder.
struct Stored {
    path: PathBuf,
    bytes: u64,
    /// Loading a file sets its time of modification: of all times it is the one that is kept on every
    /// file system.
    used: SystemTime,
    unfinished: bool,
}

/// Maps a file, if its contents are those of its name.
fn read(engine: &Engine, path: &Path, contents: &str) -> io::Result<Module> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut digest = Sha256::new();
    io::copy(&mut file, &mut digest)?;
    if hex::encode(digest.finalize()) != contents {
        return Err(io::Error::other("its contents are not those it was written with"));
    }
    let _ = file.set_modified(SystemTime::now());
    #[expect(unsafe_code, reason = "the one way to use a compiled module")]
    // SAFETY: the digest says that the file holds what `serialize` gave, to a host that could write
    // here, which nobody but the host's user can; and files are replaced, never changed.
    let module = unsafe { Module::deserialize_open_file(engine, file) };
    module.map_err(io::Error::other)
}

/// For the host's user alone, where files have an owner.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::mode(&fs::metadata(folder)?) & 0o002 != 0 {
        return Err(io::Error::other("everybody may write there, and what is there is run"));
    }
    Ok(())
}
