//! `golden record`.

use anyhow::Result;
use clap::Args;
use golden::Kit;
use golden::record::record;

use super::{Exit, Wasm, Which, runtime};

#[derive(Debug, Args)]
pub(super) struct Record {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    wasm: Wasm,
}

impl Record {
    pub(super) fn run(self) -> Result<Exit> {
        let kit = Kit::new()?;
        let runtime = runtime()?;
        for path in &self.which.paths {
            let wasm = self.wasm.wasm.as_deref();
            let recorded = runtime.block_on(record(&kit, path, wasm, &self.which.filters, |it| {
                match &it.file {
                    Some(file) => {
                        println!("{}: {} answer(s) in {file}", it.scenario, it.answers);
                    }
                    None => println!("{}: asks the database nothing", it.scenario),
                }
                for failure in &it.failures {
                    println!("  {failure}");
                }
            }));
            if let Err(error) = recorded {
                if error.is_unavailable() {
                    eprintln!("golden: {:#}", anyhow::Error::from(error));
                    return Ok(Exit::Unavailable);
                }
                return Err(error.into());
            }
        }
        println!("next: golden test");
        Ok(Exit::Passed)
    }
}
