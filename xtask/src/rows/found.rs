//! The tests of the work tree whose names say which rows they prove.

/// A test that bears the ids of rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) file: String,
    /// As it is written: a function's name, or a title.
    pub(crate) name: String,
    /// `tk_01_`, in the order of the name.
    pub(crate) prefixes: Vec<String>,
}

/// The tests of one file.
pub(crate) fn in_file(file: &str, text: &str) -> Vec<Found> {
    let starts: &[&str] = match file.rsplit('.').next() {
        Some("rs") => &["fn "],
        Some("py") => &["def test_"],
        Some("mjs" | "cjs" | "js" | "ts") => &["test(\"", "it(\"", "test('", "it('"],
        _ => return Vec::new(),
    };
    text.lines()
        .filter_map(|line| {
            let rest = starts.iter().find_map(|start| after(line, start))?;
            let end = rest.find(['(', '<', '"', '\'']).unwrap_or(rest.len());
            let name = rest.get(..end)?.to_owned();
            let prefixes = prefixes(&name);
            (!prefixes.is_empty()).then(|| Found { file: file.to_owned(), name, prefixes })
        })
        .collect()
}

/// What follows `start`, which begins a line or stands after a blank.
fn after<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    let at = line.find(start)?;
    let before = line.get(..at)?;
    (before.is_empty() || before.ends_with(' ')).then(|| line.get(at + start.len()..)).flatten()
}

/// The ids that a name begins with: `tk_01_`, `e33_`; in titles also `TK-01: ` and the like.
fn prefixes(name: &str) -> Vec<String> {
    let name = name.to_lowercase().replace(['-', ' '], "_").replace(':', "");
    let mut words = name.split('_');
    let mut found = Vec::new();
    loop {
        let word = words.next().unwrap_or_default();
        let need = word.strip_prefix('e').filter(|number| is_number(number));
        if let Some(number) = need {
            found.push(format!("e{number}_"));
            continue;
        }
        let number = words.next().unwrap_or_default();
        let is_kind = word.len() == 2 && word.chars().all(|letter| letter.is_ascii_lowercase());
        if !is_kind || !is_number(number) {
            return found;
        }
        found.push(format!("{word}_{number}_"));
    }
}

fn is_number(text: &str) -> bool {
    text.len() == 2 && text.chars().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(file: &str, text: &str) -> Vec<(String, Vec<String>)> {
        in_file(file, text).into_iter().map(|found| (found.name, found.prefixes)).collect()
    }

    #[test]
    fn tests_of_three_languages_are_found_by_their_ids() {
        let rust = "#[test]\nfn tk_01_one() {}\n    async fn e08_mp_03_two() {}\nfn helper() {}\nfn e_12() {}";
        let expected = [
            ("tk_01_one".to_owned(), vec!["tk_01_".to_owned()]),
            ("e08_mp_03_two".to_owned(), vec!["e08_".to_owned(), "mp_03_".to_owned()]),
        ];
        assert_eq!(names("a.rs", rust), expected);
        let python = names("a.py", "async def test_rd_01_sink(x: int) -> None:\ndef rd_02_no():\n");
        assert_eq!(python, [("rd_01_sink".to_owned(), vec!["rd_01_".to_owned()])]);
        let script = names("a.mjs", "  test(\"RD-01: no byte\", () => {});\ntest('E33 keys', f);");
        assert_eq!(script[0].1, ["rd_01_"]);
        assert_eq!(script[1].1, ["e33_"]);
        assert!(names("a.toml", rust).is_empty());
    }

    #[test]
    fn other_names_are_left_alone() {
        for name in ["fn sha256_hex()", "fn a_1_b()", "fn tk_1_x()", "fn f64_max()"] {
            let found = names("a.rs", name);
            assert!(found.is_empty(), "{found:?}");
        }
    }
}
