//! A secret is no text by a call.

use framekey_runtime::Secret;

fn main() {
    let secret = Secret::new("k");
    let _text = secret.to_string();
}
