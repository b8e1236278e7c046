//! A secret is not copied in passing.

use framekey_runtime::Secret;

fn main() {
    let secret = Secret::new("k");
    let _copy = secret.clone();
}
