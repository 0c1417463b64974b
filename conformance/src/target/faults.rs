//! `[faults]`: how the suite takes a host's services away and brings them back.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::case::{Change, FaultSpec, Part};

/// Programs with their arguments, by what they change and how. Each ends when the change is made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Faults(BTreeMap<Part, BTreeMap<Change, Vec<String>>>);

impl Faults {
    /// The command for a change.
    pub fn command(&self, part: Part, change: Change) -> Option<&[String]> {
        self.0.get(&part)?.get(&change).map(Vec::as_slice)
    }

    /// What to write for a change that has no command, if it has none.
    pub fn lacks(&self, fault: &FaultSpec) -> Option<String> {
        let FaultSpec { part, change } = *fault;
        self.command(part, change).is_none().then(|| {
            format!(
                "[faults.{part}] of the target file has no `{change}`: a program with its arguments"
            )
        })
    }

    /// What is wrong with it: the suite takes nothing away that it cannot bring back.
    pub(super) fn check(&self) -> Result<(), String> {
        for (part, commands) in &self.0 {
            for (change, command) in commands {
                if command.first().is_none_or(String::is_empty) {
                    return Err(format!("[faults.{part}] {change}: a program and its arguments"));
                }
                if let Some(undo) = change.undone_by()
                    && !commands.contains_key(&undo)
                {
                    return Err(format!(
                        "[faults.{part}] has `{change}` and no `{undo}`: what is taken away has to come back"
                    ));
                }
            }
        }
        Ok(())
    }
}
