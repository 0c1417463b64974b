//! `cargo xtask tidy`: the rules of the house that no compiler checks. Also a test.

mod arrows;
mod manifests;
mod mutants;
mod sources;

use anyhow::{Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::workspace;

/// Prints every violation at once; one at a time would be a waste of a person's afternoon.
pub(crate) fn run() -> Result<()> {
    let violations = violations()?;
    for violation in &violations {
        eprintln!("tidy: {violation}");
    }
    match violations.len() {
        0 => Ok(()),
        count => bail!("{count} rule(s) of the house broken"),
    }
}

fn violations() -> Result<Vec<String>> {
    let metadata = metadata()?;
    let mut violations = arrows::check(&metadata);
    violations.extend(manifests::check(&metadata)?);
    violations.extend(sources::check(workspace::root())?);
    violations.extend(mutants::check(workspace::root())?);
    Ok(violations)
}

fn metadata() -> Result<Metadata> {
    // Members only: what they say of their dependencies is enough, and in a fresh clone the others
    // are not there yet.
    let mut command = MetadataCommand::new();
    command.cargo_path(workspace::cargo()).current_dir(workspace::root()).no_deps();
    Ok(command.exec()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_house_is_tidy() {
        let violations = super::violations().expect("the workspace can be read");
        assert!(violations.is_empty(), "{}", violations.join("\n"));
    }
}
