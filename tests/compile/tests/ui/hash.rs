//! A secret is no key of a map.

use framekey_runtime::Secret;

fn main() {
    let mut seen = std::collections::HashSet::new();
    seen.insert(Secret::new("k"));
}
