//! Two lanes for guests, so that one which computes without end slows nobody down.
//!
//! Every call begins on the async threads, where it costs nothing to start and most calls end
//! before anybody could notice. One that has computed there for longer than
//! [`Limits::prompt_duration`](policy::Limits::prompt_duration) goes on in a thread of its own with
//! low priority: the operating system then prefers the threads that serve everybody. Only time
//! spent computing counts; a call that waits for a host function occupies no thread at all.
//!
//! A call of a plugin whose last one did not end in order (it trapped, or ran out of time) begins in
//! the second lane: what traps again and again costs an instance each time, and those who serve should
//! not pay for it. One call that ends in order lifts that.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use policy::Limits;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tracing::Instrument as _;

use crate::error::{CallError, Overload};
use crate::priority;

/// Where a call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// On the threads that serve everybody.
    Prompt,
    /// In a thread of its own.
    Slow,
}

/// Where guests run.
#[derive(Debug)]
pub(crate) struct Lanes {
    prompt: Duration,
    /// Of a call that has begun.
    patience: Duration,
    /// Of one that has not.
    patience_before: Duration,
    slow: Arc<Semaphore>,
}

impl Lanes {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            prompt: limits.prompt_duration,
            patience: limits.call_duration,
            patience_before: limits.queue_duration,
            slow: Arc::new(Semaphore::new(limits.slow_calls)),
        }
    }

    /// Runs a call to its end. Dropping the returned future ends the call.
    pub(crate) async fn run<T, F>(&self, begin: Lane, call: F) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        // The span is the current thread's affair, and the thread may change.
        let mut call = Box::pin(call.in_current_span());
        if begin == Lane::Prompt
            && let Some(done) = self.promptly(call.as_mut()).await
        {
            return Ok(done);
        }
        self.slowly(call, begin).await
    }

    /// Polls until the call is done, or has computed for too long.
    async fn promptly<T>(&self, mut call: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        let mut computed = Duration::ZERO;
        std::future::poll_fn(|context| {
            let began = Instant::now();
            if let Poll::Ready(done) = call.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            computed += began.elapsed();
            if computed < self.prompt { Poll::Pending } else { Poll::Ready(None) }
        })
        .await
    }

    /// Goes on in a thread of its own. The runtime is still what wakes the call: its sockets and
    /// timers belong to threads that no guest occupies.
    async fn slowly<T, F>(&self, call: Pin<Box<F>>, begin: Lane) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let waited = match begin {
            Lane::Prompt => self.patience,
            Lane::Slow => self.patience_before,
        };
        let permit = tokio::time::timeout(waited, Arc::clone(&self.slow).acquire_owned());
        let Ok(Ok(permit)) = permit.await else {
            return Err(match begin {
                Lane::Prompt => CallError::Crowded { waited },
                Lane::Slow => CallError::Overloaded(Overload::NoThread { waited }),
            });
        };
        let runtime = Handle::current();
        let (mut answer, answered) = oneshot::channel();
        std::thread::Builder::new()
            .name("slow-guest".to_owned())
            .spawn(move || {
                priority::lower();
                runtime.block_on(async {
                    tokio::select! {
                        // Whoever waited is gone: so is the call.
                        () = answer.closed() => {}
                        done = call => drop(answer.send(done)),
                    }
                });
                drop(permit);
            })
            .map_err(CallError::NoThread)?;
        answered.await.map_err(|_| CallError::Died)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::thread;

    use super::*;

    fn lanes(slow_calls: usize) -> Lanes {
        let prompt_duration = Duration::from_millis(1);
        let call_duration = Duration::from_millis(200);
        Lanes::new(&Limits { prompt_duration, slow_calls, call_duration, ..Limits::default() })
    }

    /// Computes for as long as `more` says, yielding after every step, as a guest does.
    async fn compute(mut more: impl FnMut() -> bool) -> Option<String> {
        while more() {
            let until = Instant::now() + Duration::from_millis(2);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            tokio::task::yield_now().await;
        }
        thread::current().name().map(str::to_owned)
    }

    #[tokio::test]
    async fn a_short_call_stays_and_a_long_one_moves() {
        let here = thread::current().name().map(str::to_owned);
        assert_eq!(lanes(1).run(Lane::Prompt, compute(|| false)).await.unwrap(), here);
        let mut steps = 3;
        let three = move || {
            steps -= 1;
            steps > 0
        };
        let there = lanes(1).run(Lane::Prompt, compute(three)).await.unwrap();
        assert_eq!(there.as_deref(), Some("slow-guest"));
    }

    #[tokio::test]
    async fn a_call_may_begin_in_a_thread_of_its_own() {
        let there = lanes(1).run(Lane::Slow, compute(|| false)).await.unwrap();
        assert_eq!(there.as_deref(), Some("slow-guest"));
    }

    #[tokio::test]
    async fn waiting_is_not_computing() {
        let here = thread::current().name().map(str::to_owned);
        let waits = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            thread::current().name().map(str::to_owned)
        };
        assert_eq!(lanes(1).run(Lane::Prompt, waits).await.unwrap(), here);
    }

    #[tokio::test]
    async fn there_are_only_so_many_slow_calls_at_a_time() {
        let lanes = Arc::new(lanes(1));
        let (stop, mut stopped) = oneshot::channel::<()>();
        let endless =
            compute(move || stopped.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        let first = tokio::spawn({
            let lanes = Arc::clone(&lanes);
            async move { lanes.run(Lane::Prompt, endless).await }
        });
        while lanes.slow.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let second = lanes.run(Lane::Prompt, compute(|| true)).await;
        assert!(matches!(second, Err(CallError::Crowded { .. })), "{second:?}");
        drop(stop);
        assert!(first.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_call_that_nobody_waits_for_ends() {
        let lanes = lanes(1);
        let endless = lanes.run(Lane::Prompt, compute(|| true));
        assert!(tokio::time::timeout(Duration::from_millis(50), endless).await.is_err());
        // Its thread gives the permit back.
        let _permit = lanes.slow.acquire().await.unwrap();
    }
}
