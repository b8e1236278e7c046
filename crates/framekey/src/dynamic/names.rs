//! Names as people write them: `page_size`, `pageSize`.

/// A name without what languages write differently: case, underscores and dashes.
pub(crate) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for c in name.chars() {
        if !matches!(c, '_' | '-') {
            folded.push(c.to_ascii_lowercase());
        }
    }
    folded
}

/// The name that was perhaps meant.
pub(crate) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let name = fold(name);
    let mut best = None;
    for candidate in known {
        let distance = strsim::osa_distance(&name, &fold(candidate));
        if distance <= 1 + candidate.len() / 4 && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, *candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{fold, nearest};

    #[test]
    fn e41_one_name_in_every_case() {
        assert_eq!(fold("page_size"), fold("pageSize"));
        assert_eq!(nearest("pagesise", &["page_size", "sort_by"]), Some("page_size"));
        assert_eq!(nearest("colour", &["page_size", "sort_by"]), None);
    }
}
