//! What the benches share: guests, hosts to run them, and a way to put two things into proportion.
//!
//! | module | what it is for |
//! |---|---|
//! | `question`, `ratio` | a question, asked as ratios, with their spread |
//! | `echo` | a guest that does nothing, and the least a host could do to call it |
//! | [`prompt`], [`host_calls`] | a sandbox whose services answer at once, and guests that call them |
//! | [`store`] | a plugin's tables in a real Postgres |
//! | [`served`] | a whole host in this process, and a bare axum router that does the same JSON work |
//! | [`load`] | requests over loopback, and how long their answers took |
//!
//! Absolute times say more about a machine than about the code. Every question here is therefore
//! asked as a ratio to the least that could have been done instead, measured in the same run.

mod echo;
pub mod host_calls;
pub mod load;
pub mod prompt;
mod question;
mod ratio;
pub mod served;
pub mod store;

pub use echo::{ECHO, RawEcho, envelope};
pub use question::{ANSWERS_VARIABLE, Answer, Asked, Point, Question};
pub use ratio::{Ratio, ratio};

/// A bench of one function, measured as criterion measures here. The verdicts are the ratios; its times
/// are there to look at, and a second for each is enough for that.
#[macro_export]
macro_rules! bench {
    ($function:ident) => {
        criterion::criterion_group!(
            name = benches;
            config = criterion::Criterion::default()
                .sample_size(20)
                .warm_up_time(std::time::Duration::from_millis(300))
                .measurement_time(std::time::Duration::from_secs(1));
            targets = $function
        );
        criterion::criterion_main!(benches);
    };
}

/// The runtime of benches that wait for something.
///
/// # Panics
/// The system gives no runtime; a bench that cannot be set up has nothing to say.
pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}
