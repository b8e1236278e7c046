//! The native half of the Python package framekey: the dynamic door of the Rust core, for threads
//! that wait and for event loops. Private; the package's Python half is what users see.

mod asyncio;
mod bridge;
mod callbacks;
mod client;
mod errors;
mod process;

use std::alloc::System;

use zeroizing_alloc::ZeroAlloc;

/// Memory of this module, not of the interpreter, is overwritten when it is freed: buffers of HTTP
/// and TLS hold keys too.
#[global_allocator]
static MEMORY: ZeroAlloc<System> = ZeroAlloc(System);

/// `framekey._native`.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use super::asyncio::{Completions, Running};
    #[pymodule_export]
    use super::callbacks::Answer;
    #[pymodule_export]
    use super::client::Client;
}
