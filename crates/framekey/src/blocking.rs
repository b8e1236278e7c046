//! The same clients for threads: what async code awaits, a thread waits for.
//!
//! There is no second client. [`Wait`] adds [`wait`](Wait::wait) to every call, every upload and
//! every other future of this crate that ends in a `Result`; [`each`] goes through a stream.
//! Clones of a client share their token whichever way they are used, and the blocking ones their
//! connections.
//!
//! ```
//! use framekey::blocking::Wait as _;
//! use framekey::{ApiVideo, Error};
//!
//! fn newest(key: &str, base_url: &str) -> Result<String, Error> {
//!     let av = ApiVideo::builder().api_key(key).base_url(base_url).build()?;
//!     av.videos().create("Holiday").wait()?;
//!     let page = av.videos().list().page_size(50).wait()?;
//!     Ok(page.data[0].title.clone().into_option().unwrap_or_default())
//! }
//! # let tokio = tokio::runtime::Runtime::new()?;
//! # let emulator = tokio.block_on(framekey_emulator::Emulator::start(Default::default()))?;
//! # let key = &emulator.credentials().api_video_key;
//! # assert_eq!(newest(key, &emulator.base_url(framekey::Service::ApiVideo))?, "Holiday");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Threads
//!
//! A call runs on the thread that waits for it. Its connections and token renewals are looked after
//! by two threads of the process, which the first call starts.
//!
//! Inside a tokio runtime `wait` works as well, but it holds the thread that runs tasks: there,
//! `.await` is right, or a thread of its own (`spawn_blocking`).

use framekey_runtime::{Error, ErrorKind, native};
use futures_util::{Stream, StreamExt as _};
use tokio::runtime::Handle;

/// Waits for the end of whatever could be awaited for a `Result`.
pub trait Wait<T>: IntoFuture<Output = Result<T, Error>> + Sized {
    /// Sends the call and waits for its answer on this thread.
    ///
    /// # Errors
    /// Those of the call, and `internal` where the operating system gives no threads.
    fn wait(self) -> Result<T, Error>;
}

impl<F, T> Wait<T> for F
where
    F: IntoFuture<Output = Result<T, Error>, IntoFuture: Send>,
    T: Send,
{
    fn wait(self) -> Result<T, Error> {
        run(self.into_future())?
    }
}

/// The values of a stream, one by one; each `next` waits for one.
pub fn each<S, T>(stream: S) -> Each<S>
where
    S: Stream<Item = Result<T, Error>> + Send + Unpin,
    T: Send,
{
    Each { stream }
}

/// See [`each`].
#[derive(Debug)]
pub struct Each<S> {
    stream: S,
}

impl<S, T> Iterator for Each<S>
where
    S: Stream<Item = Result<T, Error>> + Send + Unpin,
    T: Send,
{
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        run(self.stream.next()).unwrap_or_else(|error| Some(Err(error)))
    }
}

fn run<F: Future<Output: Send> + Send>(work: F) -> Result<F::Output, Error> {
    let runtime = native::background().map_err(|error| {
        let what = format!("no threads could be started: {error}");
        Error::new(ErrorKind::Internal, "internal", what)
    })?;
    if Handle::try_current().is_err() {
        return Ok(runtime.block_on(work));
    }
    // This thread belongs to another runtime, where tokio refuses to block: one more does it.
    std::thread::scope(|scope| match scope.spawn(|| runtime.block_on(work)).join() {
        Ok(output) => Ok(output),
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
