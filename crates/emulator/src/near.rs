//! What somebody may have meant who mistyped a name.

/// A name that is longer is no slip, and would take its time.
const LONGEST: usize = 100;

/// The known name that is nearest, if one is near at all.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let near = known
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4);
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// A message of serde's with the nearest of the names that it lists: ``unknown field `sed`, expected
/// one of `about`, `seed` ``.
pub(crate) fn hinted(message: String) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let is_name = message.contains("unknown field") || message.contains("unknown variant");
    let near = quoted.next().filter(|_| is_name).and_then(|name| nearest(name, quoted));
    match near {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message,
    }
}

/// A message of serde's without the names of our types: `expected struct Switches` is an object.
pub(crate) fn plain(message: &str) -> String {
    let Some((said, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let (kind, rest) = expected.split_once(' ').unwrap_or((expected, ""));
    let (kind, rest) = match kind {
        "struct" => ("an object", rest.split_once(' ').map_or("", |(_, rest)| rest)),
        "u16" | "u64" | "usize" => ("a whole number from 0", rest),
        "f64" => ("a number", rest),
        kind => (kind, rest),
    };
    format!("{said}, expected {kind} {rest}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{hinted, plain};

    #[test]
    fn types_are_told_in_words() {
        for (said, told) in [
            ("a: b, expected struct Switches at line 1", "a: b, expected an object at line 1"),
            ("a: b, expected u64", "a: b, expected a whole number from 0"),
            ("a: b, expected a boolean", "a: b, expected a boolean"),
            ("EOF at line 1", "EOF at line 1"),
        ] {
            assert_eq!(plain(said), told);
        }
    }

    #[test]
    fn a_name_that_is_near_is_told() {
        let told =
            |text: &str| hinted(text.to_owned()).split_once("; ").map(|(_, hint)| hint.to_owned());
        let near = told("a: unknown field `sed`, expected one of `about`, `seed` at line 1");
        assert_eq!(near.as_deref(), Some("did you mean `seed`?"));
        assert_eq!(told("unknown field `x`, expected one of `about`, `clock`"), None);
        assert_eq!(told("unknown field `x`, there are no fields"), None);
        assert_eq!(told("`yesterday` is not a time, but `yesterdaz` is"), None);
    }
}
