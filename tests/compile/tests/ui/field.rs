//! The field of a secret is out of reach.

use framekey_runtime::Secret;

fn main() {
    let secret = Secret::new("k");
    let _text = secret.0;
}
