//! Tags in use, counted over the videos.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::list;
use crate::answer::Answer;
use crate::call::Call;

/// `tags.list`: the tags are those of all videos, as often as they are there.
pub(super) fn list<'a>(call: &Call, tags: impl Iterator<Item = &'a str>) -> Answer {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for tag in tags {
        *counts.entry(tag).or_default() += 1;
    }
    let wanted = call.query("value").map(plain);
    let fits = |tag: &str| wanted.as_ref().is_none_or(|wanted| plain(tag).contains(wanted));
    let mut counts: Vec<(&str, u64)> = counts.into_iter().filter(|(tag, _)| fits(tag)).collect();
    if call.query("sortBy") == Some("videoCount") {
        counts.sort_by_key(|(_, count)| *count);
    }
    // From A to Z when nothing is said, unlike the lists that begin with the newest.
    if call.query("sortOrder") == Some("desc") {
        counts.reverse();
    }
    let write =
        |(tag, count): (&str, u64)| -> Value { json!({ "value": tag, "videoCount": count }) };
    list::page(call, counts, write)
}

/// Without case, and without the accents of the Latin alphabets that Europe uses most.
fn plain(text: &str) -> String {
    let base = |letter: char| match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ì' | 'í' | 'î' | 'ï' | 'ī' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ș' | 'ş' => 's',
        'ť' | 'ț' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    };
    text.chars().flat_map(char::to_lowercase).map(base).collect()
}
