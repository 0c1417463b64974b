//! Running cases: which of them apply, side by side or alone, each with a deadline, and what their
//! outcomes mean together.

mod attempt;
mod background;
mod inject;
mod judge;
mod lanes;
mod meanwhile;
mod observe;
mod outbound;
mod plan;
mod request;
mod shard;
mod step;

pub use attempt::Variable;
pub use lanes::{Outcome, Progress, RunOptions, RunResult, run};
pub(crate) use plan::matches;
pub use plan::{Plan, PlanError, Selection, decided, inapplicable, plan, selected};
pub use shard::Shard;
