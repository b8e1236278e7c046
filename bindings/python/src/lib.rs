//! The native half of the Python package framekey: the dynamic door of the Rust core, for callers
//! that wait. Private; the package's Python half is what users see.

mod bridge;
mod client;
mod errors;

/// `framekey._native`.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use super::client::Client;
}
