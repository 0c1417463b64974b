//! A request that is sent again and again while something else happens: at least once before it
//! begins, and once after it has ended. Every answer is judged.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::attempt::Attempt;
use super::judge::judge;
use super::step;
use crate::case::Step;
use crate::evidence::Fact;
use crate::expectation::with_default;
use crate::world::Trouble;

/// Does `action` while the request of `step` is repeated; facts are those of its last answer.
pub(super) async fn around<T>(
    attempt: &Attempt,
    step: &Step,
    label: &str,
    action: impl Future<Output = Result<T, Trouble>>,
) -> Result<(T, Vec<Fact>), Trouble> {
    let vars = attempt.vars();
    let request = step::request(attempt, step, &vars).await?;
    let expect = with_default(&step.action, &step.expect);
    let transcript = attempt.transcript.for_step(&format!("{label}, meanwhile")).repeated();
    let (answered, over) = (Notify::new(), AtomicBool::new(false));
    let asking = async {
        loop {
            let last = over.load(Ordering::Acquire);
            let answer = step::send(&attempt.world, &request, &transcript).await;
            let facts = answer.and_then(|answer| judge(&answer, &expect, &vars, None));
            // The action goes on whatever was answered: how it ends is judged, too.
            answered.notify_one();
            match facts {
                Ok(_) if !last => {}
                facts => return facts,
            }
        }
    };
    let acting = async {
        answered.notified().await;
        let result = action.await;
        over.store(true, Ordering::Release);
        result
    };
    let (facts, result) = tokio::join!(asking, acting);
    let facts = facts.map_err(|trouble| match trouble {
        Trouble::Failed(mut failure) => {
            failure.step = Some(format!("{label}, meanwhile"));
            Trouble::Failed(failure)
        }
        other => other,
    });
    Ok((result?, facts?))
}
