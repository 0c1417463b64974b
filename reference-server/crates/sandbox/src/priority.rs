//! Threads that step back when others have work.

/// How far: a thread of this niceness gets about a tenth of what a normal one gets when both want
/// the same core, and all of it when nobody else does.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lowers the current thread's priority for good. Where that is not to be had per thread, nothing
/// happens.
pub(crate) fn lower() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the thread keeps its priority");
    }
}
