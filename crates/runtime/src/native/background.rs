//! Tasks that must get on whoever waits for them, and the threads of ours that run them.

use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

use crate::{BoxFuture, Spawn};

/// One could wait for another; more would only take turns.
const THREADS: usize = 2;

/// Started at the first need, ended with the process.
static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);

/// The runtime of this process's own: two threads, started at the first need.
///
/// # Errors
/// Those of the operating system where it gives no threads.
pub fn background() -> io::Result<Handle> {
    let mut slot = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*slot {
        return Ok(runtime.handle().clone());
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(THREADS)
        .thread_name("framekey")
        .enable_all()
        .build()?;
    Ok(slot.insert(runtime).handle().clone())
}

/// Tasks on the tokio runtime that the caller is in, if it has threads of its own, else on that of
/// this process.
///
/// A runtime of one thread runs its tasks only while somebody is inside `block_on`. A renewal that
/// was begun there would hold up those who wait for it elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackgroundSpawn;

impl Spawn for BackgroundSpawn {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let current = Handle::try_current().ok();
        let driven = |runtime: &Handle| runtime.runtime_flavor() != RuntimeFlavor::CurrentThread;
        // Without threads of ours, the caller's is better than none. A task that is dropped is
        // noticed by those who wait for it.
        let runtime = match current {
            Some(runtime) if driven(&runtime) => Some(runtime),
            other => background().ok().or(other),
        };
        if let Some(runtime) = runtime {
            drop(runtime.spawn(task));
        }
    }
}
