//! Secrets are not compared with `==`, which stops at the first difference.

use framekey_runtime::Secret;

fn main() {
    let secret = Secret::new("k");
    let _same = secret == Secret::new("k");
}
