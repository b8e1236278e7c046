//! Secrets are not sorted.

use framekey_runtime::Secret;

fn main() {
    let mut secrets = vec![Secret::new("a"), Secret::new("b")];
    secrets.sort();
}
