//! A `Content-Range`: what it is read as is read as the same when it is written anew.

use framekey_emulator::fuzz::content_range;

use crate::{Target, words};

pub(crate) const TARGET: Target =
    Target { name: "content_range", check, seeds, words: pieces, longest: 80 };

fn check(data: &[u8]) {
    let Some(read) = content_range(data) else { return };
    assert_eq!(content_range(read.as_bytes()).as_ref(), Some(&read));
    let numbers: Vec<u64> =
        read.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    match (read.split(' ').next(), &numbers[..]) {
        (Some("part"), [number]) => assert!(*number >= 1),
        (Some("part"), [number, total]) => assert!((1..=*total).contains(number)),
        (Some("bytes"), [from, to]) => assert!(from <= to),
        (Some("bytes"), [from, to, total]) => assert!(from <= to && to < total),
        _ => panic!("{read}"),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    words::inputs(&[
        "part 1/2",
        "part 1/*",
        "part 0/0",
        "bytes 0-5242879/10485760",
        "bytes 0-5242879/*",
        "bytes 0-18446744073709551615/*",
        " bytes 1-1/2 ",
        "bytes 2-1/3",
        "\u{e9} 1-2/3",
        "bytes */3",
    ])
}

fn pieces() -> Vec<String> {
    words::of(&["part ", "bytes ", "/*", "-", "+1", "18446744073709551615", "18446744073709551616"])
}
