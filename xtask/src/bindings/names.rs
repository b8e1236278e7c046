//! Short names between the module and its glue: wasm-bindgen's are long, and gzip cannot shorten
//! the numbers in them.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// What wasm-opt says that it renamed.
#[derive(Deserialize)]
struct Renamed {
    /// Module, old name, new name.
    imports: Vec<(String, String, String)>,
    /// Old name, new name.
    exports: Vec<(String, String)>,
}

/// What wasm-opt calls the one module that everything is imported from.
const MODULE: &str = "a";

/// The glue with the names that wasm-opt has given; `said` is what it printed.
pub(super) fn shorten(glue: &str, said: &str) -> Result<String> {
    let mut renamed: Renamed =
        serde_json::from_str(said).context("wasm-opt does not say what it renamed")?;
    let mut glue = glue.to_owned();
    for (module, old, new) in &renamed.imports {
        once(
            &mut glue,
            &format!("\n        {old}: function"),
            &format!("\n        {new}: function"),
        )?;
        let (long, short) = (format!("\"{module}\": import"), format!("\"{MODULE}\": import"));
        if !glue.contains(&short) {
            once(&mut glue, &long, &short)?;
        }
    }
    // Longest first: one name may begin another.
    renamed.exports.sort_by_key(|(old, _)| std::cmp::Reverse(old.len()));
    for (old, new) in &renamed.exports {
        glue = glue.replace(&format!("wasm.{old}"), &format!("wasm.{new}"));
    }
    Ok(glue)
}

fn once(glue: &mut String, old: &str, new: &str) -> Result<()> {
    let found = glue.matches(old).count();
    ensure!(found == 1, "the glue has {old:?} {found} times, and was to have it once");
    *glue = glue.replace(old, new);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::shorten;

    const SAID: &str = r#"{ "imports": [["./g.js", "__wbg_then_1", "a"], ["./g.js", "__wbg_wall_2", "b"]],
        "exports": [["client", "c"], ["client_call", "d"]] }"#;

    #[test]
    fn both_sides_have_the_same_names() {
        let glue = "{\n        __wbg_then_1: function() { wasm.client(); },\n        __wbg_wall_2: function() {},\n}\n\"./g.js\": import0; wasm.client_call(1)";
        assert_eq!(
            shorten(glue, SAID).unwrap(),
            "{\n        a: function() { wasm.c(); },\n        b: function() {},\n}\n\"a\": import0; wasm.d(1)"
        );
    }

    #[test]
    fn a_glue_of_another_shape_is_refused() {
        assert!(shorten("wasm.client()", SAID).is_err());
        assert!(shorten("", "no JSON").is_err());
    }
}
