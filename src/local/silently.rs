//! Panics that are expected and answered: whoever reads standard error never sees them.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static IS_SILENT: Cell<bool> = const { Cell::new(false) };
}

/// What `work` returns; `None` when it panicked, of which nothing is printed. Panics of other threads
/// print as ever.
pub(super) fn catch_unwind<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |information| {
            if !IS_SILENT.get() {
                usual(information);
            }
        }));
    });
    IS_SILENT.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_SILENT.set(false);
    result.ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_nothing_and_a_value_is_itself() {
        assert_eq!(super::catch_unwind(|| 1), Some(1));
        assert_eq!(super::catch_unwind(|| -> u8 { panic!("nobody reads this") }), None);
    }
}
