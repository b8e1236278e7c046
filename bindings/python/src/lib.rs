//! The native half of the Python package framekey: the dynamic door of the Rust core, for threads
//! that wait and for event loops. Private; the package's Python half is what users see.

mod asyncio;
mod bridge;
mod client;
mod errors;
mod process;

/// `framekey._native`.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use super::asyncio::{Completions, Running};
    #[pymodule_export]
    use super::client::Client;
}
