//! What the cell is held together by: a lock and an atomic pointer. For the crate `tests/models`
//! both are places where a scheduler may let another thread run.

#[cfg(all(not(feature = "model"), not(target_arch = "wasm32")))]
pub(super) use arc_swap::ArcSwapOption;
#[cfg(target_arch = "wasm32")]
pub(crate) use single::ArcSwapOption;
#[cfg(not(feature = "model"))]
pub(super) use std::sync::{Mutex, MutexGuard};

#[cfg(feature = "model")]
pub(super) use model::{ArcSwapOption, Mutex};
#[cfg(feature = "model")]
pub(super) use shuttle::sync::MutexGuard;

/// Where there is one thread, nothing has to be atomic.
#[cfg(target_arch = "wasm32")]
mod single {
    use std::cell::RefCell;
    use std::sync::Arc;

    pub(crate) struct ArcSwapOption<T>(RefCell<Option<Arc<T>>>);

    impl<T> ArcSwapOption<T> {
        pub(crate) fn empty() -> Self {
            ArcSwapOption(RefCell::new(None))
        }

        pub(crate) fn load(&self) -> Option<Arc<T>> {
            self.0.borrow().clone()
        }

        pub(crate) fn load_full(&self) -> Option<Arc<T>> {
            self.load()
        }

        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            drop(self.swap(value));
        }

        pub(crate) fn swap(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
            self.0.replace(value)
        }
    }
}

#[cfg(feature = "model")]
pub(super) mod model {
    use std::cell::Cell;
    use std::sync::{Arc, LockResult};

    use shuttle::sync::MutexGuard;
    use shuttle::sync::atomic::{AtomicBool, Ordering::SeqCst};

    thread_local! {
        static LOCKED: Cell<u64> = const { Cell::new(0) };
    }

    /// How often cells were locked in the schedules that ran on this thread, which is one test's alone.
    pub fn locked() -> u64 {
        LOCKED.get()
    }

    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Mutex(shuttle::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            LOCKED.set(LOCKED.get() + 1);
            self.0.lock()
        }
    }

    pub(crate) struct ArcSwapOption<T> {
        inner: arc_swap::ArcSwapOption<T>,
        point: AtomicBool,
    }

    impl<T> ArcSwapOption<T> {
        pub(crate) fn empty() -> Self {
            ArcSwapOption { inner: arc_swap::ArcSwapOption::empty(), point: AtomicBool::new(false) }
        }

        pub(crate) fn load(&self) -> arc_swap::Guard<Option<Arc<T>>> {
            self.point.load(SeqCst);
            self.inner.load()
        }

        pub(crate) fn load_full(&self) -> Option<Arc<T>> {
            self.point.load(SeqCst);
            self.inner.load_full()
        }

        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            self.point.store(true, SeqCst);
            self.inner.store(value);
        }

        pub(crate) fn swap(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
            self.point.swap(true, SeqCst);
            self.inner.swap(value)
        }
    }
}
