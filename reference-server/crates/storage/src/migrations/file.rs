//! Files of a plugin's `migrations` folder.

use sha2::{Digest as _, Sha256};

use super::error::MigrationError;

/// One file of a plugin's `migrations` folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationFile {
    /// The file's name, such as `0001_create_items.sql`; files run in the order of their names,
    /// compared byte by byte.
    pub name: String,
    /// Its text.
    pub sql: String,
}

impl MigrationFile {
    /// Whether the file undoes another one: `0001_create_items.down.sql`.
    pub fn is_down(&self) -> bool {
        self.name.ends_with(".down.sql")
    }

    pub(super) fn undoes(&self, up: &str) -> bool {
        let Some(stem) = self.name.strip_suffix(".down.sql") else { return false };
        up.strip_suffix(".sql").map(|up| up.strip_suffix(".up").unwrap_or(up)) == Some(stem)
    }

    /// SHA-256 of the text, in hex.
    pub(super) fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql.as_bytes()))
    }
}

/// Files in the order they run; two of one name are refused.
pub(super) fn sorted<'a>(
    files: impl Iterator<Item = &'a MigrationFile>,
) -> Result<Vec<&'a MigrationFile>, MigrationError> {
    let mut sorted: Vec<_> = files.collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    match sorted.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(MigrationError::duplicate(&pair[0].name)),
        None => Ok(sorted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> MigrationFile {
        MigrationFile { name: name.to_owned(), sql: String::new() }
    }

    #[test]
    fn a_down_file_undoes_the_file_of_its_stem() {
        let down = file("0001_a.down.sql");
        assert!(down.is_down() && down.undoes("0001_a.sql") && down.undoes("0001_a.up.sql"));
        assert!(!down.undoes("0001_ab.sql") && !down.undoes("0001_a.down.sql"));
        assert!(!file("0001_a.sql").is_down() && !file("0001_a.sql").undoes("0001_a.sql"));
    }

    #[test]
    fn files_run_in_the_order_of_their_names() {
        let files = [file("0010.sql"), file("0002.sql"), file("0001.sql")];
        let names: Vec<_> =
            sorted(files.iter()).expect("distinct").iter().map(|f| f.name.clone()).collect();
        assert_eq!(names, ["0001.sql", "0002.sql", "0010.sql"]);
        let twice = [file("a.sql"), file("a.sql")];
        assert_eq!(sorted(twice.iter()).expect_err("two").code, MigrationError::DUPLICATE);
    }
}
