//! A secret lends its text by `expose` only.

use framekey_runtime::Secret;

fn main() {
    let secret = Secret::new("k");
    let _text: &str = secret.as_ref();
}
