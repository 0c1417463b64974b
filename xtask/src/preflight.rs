//! What has to be on the machine before a long build begins, checked before it begins.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

/// Postgres's grammar is compiled in by `pg_query`, whose build reads C headers with libclang. Without
/// it the build fails after minutes, with a message that names neither the reason nor the remedy.
pub(crate) fn libclang() -> Result<()> {
    if folders().iter().any(|folder| holds_libclang(folder)) {
        return Ok(());
    }
    bail!(
        "libclang is missing: the host's SQL guard compiles Postgres's own grammar, and that needs it.\n\
         Install it (Debian: apt-get install libclang-dev), or set LIBCLANG_PATH to its folder."
    )
}

/// Where `clang-sys` will look, in its order.
fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        env::var_os("LIBCLANG_PATH").into_iter().map(Into::into).collect();
    let asked = Command::new("llvm-config").arg("--libdir").output();
    if let Ok(answer) = asked {
        folders.push(String::from_utf8_lossy(&answer.stdout).trim().into());
    }
    for pattern in ["/usr/lib", "/usr/local", "/opt"] {
        let Ok(entries) = Path::new(pattern).read_dir() else { continue };
        let entries = entries.flatten().map(|entry| entry.path());
        // /usr/lib/llvm-14/lib, /usr/lib/x86_64-linux-gnu, /opt/homebrew/opt/llvm/lib
        folders
            .extend(entries.flat_map(|path| [path.join("lib"), path.join("opt/llvm/lib"), path]));
    }
    folders.extend(["/usr/lib64", "/usr/lib", "/usr/local/lib", "/lib64"].map(PathBuf::from));
    folders.push("/Library/Developer/CommandLineTools/usr/lib".into());
    folders
}

fn holds_libclang(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // libclang.so, libclang-14.so.1, libclang.dylib; not libclang-cpp.so or libclangBasic.a.
        name.strip_prefix("libclang").is_some_and(|rest| {
            let version =
                rest.trim_start_matches(|c: char| c == '-' || c == '.' || c.is_ascii_digit());
            version.starts_with("so") && rest != "so" || rest == ".dylib"
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libclang_is_told_from_its_neighbours() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let touch = |name| std::fs::write(folder.path().join(name), "").expect("an empty file");
        for name in ["libclangBasic.a", "libclang-cpp.so.14", "libclang_rt.so", "clang.so"] {
            touch(name);
        }
        assert!(!holds_libclang(folder.path()));
        touch("libclang-14.so.1");
        assert!(holds_libclang(folder.path()));
    }
}
