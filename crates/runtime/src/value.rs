//! JSON values. They are serde_json's; a browser has their like without the code of a tree and of
//! numbers, which would be a fortieth of its module.

#[cfg(not(target_arch = "wasm32"))]
pub use serde_json::Value;

/// A JSON object, sorted by names.
#[cfg(not(target_arch = "wasm32"))]
pub type Object = serde_json::Map<String, Value>;

#[cfg(any(test, target_arch = "wasm32"))]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, unreachable_pub, reason = "only tested"))]
mod small;
#[cfg(target_arch = "wasm32")]
pub use small::{Number, Object, Value};
