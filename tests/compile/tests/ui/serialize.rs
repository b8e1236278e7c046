//! A secret is not serialised.

use framekey_runtime::Secret;

fn main() {
    let _json = serde_json::to_string(&Secret::new("k"));
}
