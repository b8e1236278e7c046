//! A secret is not written into a text.

use framekey_runtime::Secret;

fn main() {
    let secret = Secret::new("k");
    let _text = format!("{secret}");
}
