//! A secret does not turn into a text by itself.

use framekey_runtime::Secret;

fn main() {
    fn log(_: &str) {}
    log(&Secret::new("k"));
}
