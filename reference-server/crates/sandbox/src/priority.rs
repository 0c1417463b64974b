//! Threads that step back when others have work.

/// How far: a thread of this niceness gets about a tenth of what a normal one gets when both want
/// the same core, and all of it when nobody else does.
#[cfg(target_os = "linux")]
const NICENESS: libc::c_int = 10;

/// Lowers the current thread's priority for good. Where that is not to be had per thread, nothing
/// happens.
pub(crate) fn lower() {
    #[cfg(target_os = "linux")]
    {
        #[expect(
            unsafe_code,
            reason = "a system call on plain numbers, with no safe wrapper in std"
        )]
        // SAFETY: no memory is involved. On Linux, 0 means the calling thread.
        let outcome = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
        if outcome != 0 {
            let error = std::io::Error::last_os_error();
            tracing::debug!(%error, "the thread keeps its priority");
        }
    }
}
