//! Files that are made once, by whoever comes first.

use std::io;
use std::path::Path;

/// Who may read a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Access {
    /// Whoever made it.
    Owner,
    /// Everybody, a host under another account included.
    All,
}

/// The text of a file, or what `make` made of it. Whole or not at all, and never over what another
/// process has put there meanwhile.
pub(super) fn read_or_create<E>(
    path: &Path,
    access: Access,
    make: impl FnOnce() -> Result<String, E>,
) -> io::Result<Result<(String, bool), E>> {
    match std::fs::read_to_string(path) {
        Ok(text) => return Ok(Ok((text, false))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let text = match make() {
        Ok(text) => text,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    write(Path::new(&draft), access, &text)?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(Ok((text, true))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(Ok((std::fs::read_to_string(path)?, false)))
        }
        Err(error) => Err(error),
    }
}

fn write(path: &Path, access: Access, text: &str) -> io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(
        &mut options,
        match access {
            Access::Owner => 0o600,
            Access::All => 0o644,
        },
    );
    #[cfg(not(unix))]
    let _ = access;
    options.open(path)?.write_all(text.as_bytes())
}
