//! The seam to JSON text: serde_json on an operating system, the host's own reader and writer in a
//! browser, whose module then need not bring a second one.

use crate::{MaybeSend, Value};

/// Reads and writes JSON text (RFC 8259).
pub trait Json: MaybeSend {
    /// The one value that `text` holds; `None` where it is not JSON.
    fn read(&self, text: &[u8]) -> Option<Value>;
    /// The shortest text of `value`.
    fn write(&self, value: &Value) -> String;
}

/// JSON by serde_json.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct SerdeJson;

#[cfg(not(target_arch = "wasm32"))]
impl Json for SerdeJson {
    fn read(&self, text: &[u8]) -> Option<Value> {
        serde_json::from_slice(text).ok()
    }

    fn write(&self, value: &Value) -> String {
        value.to_string()
    }
}
