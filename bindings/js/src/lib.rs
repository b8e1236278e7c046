//! The wasm half of the npm package framekey: the dynamic door of the Rust core over what the host
//! has, fetch, clock and randomness. Private; the package's JavaScript half is what users see.
#![cfg(target_arch = "wasm32")]

mod asked;
mod client;
mod host;
mod json;
mod platform;

/// A quarter of the size of the standard library's.
#[global_allocator]
static MEMORY: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

pub use client::Client;
pub use host::Host;
