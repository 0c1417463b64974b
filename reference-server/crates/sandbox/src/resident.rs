//! Memory of plugins that nobody calls.
//!
//! A compiled module is a file, mapped: its pages are in memory because somebody ran them, and can be
//! read again. The kernel takes such pages when memory is short. With a thousand plugins, of which a
//! hundred are called, that is late: what nobody runs is given back before.

use wasmtime::Module;

/// Gives a module's pages back. Whoever runs it next reads them again; whoever runs it now, too.
#[cfg(target_os = "linux")]
pub(crate) fn give_back(module: &Module) {
    let image = module.image_range();
    let bytes = image.end.addr() - image.start.addr();
    #[expect(unsafe_code, reason = "wasmtime gives the range for just this, and not the call")]
    // SAFETY: the range is mapped for as long as the module lives, which is borrowed. The advice
    // changes no contents: pages that are as the file has them are dropped, others are kept or go to
    // swap. Where the kernel does not know it or another process uses the pages, nothing happens.
    let advised =
        unsafe { libc::madvise(image.start.cast_mut().cast(), bytes, libc::MADV_PAGEOUT) };
    if advised != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "code stays in memory");
    }
}

/// Nothing: the kernel does it when memory is short.
#[cfg(not(target_os = "linux"))]
pub(crate) fn give_back(_module: &Module) {}
