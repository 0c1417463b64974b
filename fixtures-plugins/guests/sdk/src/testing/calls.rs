//! The transcript of host calls.

use std::cell::RefCell;

#[derive(Default)]
pub(super) struct Calls(RefCell<Vec<String>>);

impl Calls {
    pub(super) fn note(&self, function: &str, arguments: &[&[u8]]) {
        let arguments: Vec<_> =
            arguments.iter().map(|text| format!("{:?}", String::from_utf8_lossy(text))).collect();
        self.0.borrow_mut().push(format!("{function}({})", arguments.join(", ")));
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.borrow().clone()
    }
}
