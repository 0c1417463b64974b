//! Names and texts that a run makes up. They follow from the seed, the run's id and what they are for, and
//! from nothing else: a run with the same seed and id makes up the same ones, in whatever order its cases
//! come to be. The id is fresh unless it is given, since a host may still hold what an earlier run left.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const RUN_LENGTH: usize = 4;

/// What names of a run are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    seed: u64,
    run: String,
}

impl Naming {
    /// Names that no earlier run has.
    pub fn fresh(seed: u64) -> Self {
        Self { seed, run: text(&mut StdRng::from_rng(&mut rand::rng()), RUN_LENGTH) }
    }

    /// The names of the run with this id. The error says what an id is.
    pub fn of_run(seed: u64, run: &str) -> Result<Self, String> {
        let well_formed = run.len() == RUN_LENGTH && run.bytes().all(|b| ALPHABET.contains(&b));
        if well_formed {
            return Ok(Self { seed, run: run.to_owned() });
        }
        Err(format!("`{run}` is no id of a run: four of a–z and 2–9, without i, l and o"))
    }

    /// Four characters that name the run in everything it creates.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Text that occurs nowhere else, the same whenever it is asked for `what`.
    pub fn token(&self, what: &str) -> String {
        let seed = Sha256::digest(format!("{} {} {what}", self.seed, self.run));
        text(&mut StdRng::from_seed(seed.into()), 12)
    }
}

fn text(random: &mut StdRng, length: usize) -> String {
    (0..length).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}
