//! What is stripped, what is refused, what is only odd.

use framekey_catalog::Service;

use super::{KeyRule, Slot};
use crate::{Notice, Provenance};

const FROM: Provenance = Provenance::Environment("SOME_KEY");
const VECTOR: &str = concat!("sk_live", "_", "0123456789abcdef0123456789abcdef0123456789abcdef");

fn rule(service: Service, slot: Slot) -> KeyRule {
    KeyRule::new(service, slot)
}

#[test]
fn e33_what_copying_leaves_around_a_key_is_stripped_with_one_warning() {
    let key = rule(Service::TwelveLabs, Slot::ApiKey);
    let padded =
        [" tlk_1\n", "tlk_1\n", "\u{feff}tlk_1\r\n", "\"tlk_1\"", "' tlk_1 '", "\t\"tlk_1\" "];
    for text in padded {
        let (secret, notices) = key.check(text, &FROM).unwrap();
        assert_eq!(secret.expose(), "tlk_1", "{text:?}");
        assert!(matches!(notices[..], [Notice::Cleaned { what: "API key", .. }]), "{text:?}");
    }
    assert!(key.check("tlk_1", &FROM).unwrap().1.is_empty());
    // The newline at the end of a file is no surprise; anything else is.
    let file = Provenance::File("/run/key".into());
    for (text, warnings) in [("tlk_1\n", 0), ("tlk_1\r\n", 0), ("tlk_1", 0), ("tlk_1\n\n", 1)] {
        assert_eq!(key.check(text, &file).unwrap().1.len(), warnings, "{text:?}");
    }
}

#[test]
fn e33_a_bad_character_inside_is_named_by_place_and_not_shown() {
    let key = rule(Service::ApiVideo, Slot::ApiKey);
    for (text, place) in [
        ("canary\ncanary", "a control character at byte 7 of 13"),
        ("canary\0x", "a control character at byte 7 of 8"),
        ("canary\u{7f}x", "a control character at byte 7 of 8"),
        (" can ary", "a space at byte 5 of 8"),
        ("\"can ary\"", "a space at byte 5 of 9"),
        ("bearer can", "a space at byte 7 of 10; leave out `Bearer`"),
        ("canäry", "a character outside ASCII at byte 4 of 7"),
        ("can\u{feff}ary", "a character outside ASCII at byte 4 of 9"),
    ] {
        let error = key.check(text, &FROM).unwrap_err();
        assert_eq!(error.code(), "auth.malformed");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(place) && shown.contains("SOME_KEY"), "{text:?}: {shown}");
        assert!(!shown.contains("can"), "{shown}");
    }
    for empty in ["", " \n", "\"\"", "\u{feff}", "' '"] {
        let error = key.check(empty, &FROM).unwrap_err();
        assert!(error.message().contains("is empty"), "{empty:?}");
    }
}

#[test]
fn e33_every_byte_that_no_key_has_is_refused_in_every_slot() {
    let slots = [Slot::ApiKey, Slot::BasicKey, Slot::Jwt, Slot::AccessToken, Slot::RefreshToken];
    for slot in slots.into_iter().chain([Slot::UploadToken]) {
        for byte in 0..=255_u8 {
            let text = format!("left{}right", char::from(byte));
            let good = (0x21..0x7f).contains(&byte) && !(slot == Slot::BasicKey && byte == b':');
            let outcome = rule(Service::ApiVideo, slot).check(&text, &FROM);
            assert_eq!(outcome.is_ok(), good, "{slot:?} {byte:#x}");
        }
    }
}

#[test]
fn e33_a_key_of_another_service_is_refused() {
    for (service, key, owner) in [
        (Service::ApiVideo, VECTOR, "VideoVector"),
        (Service::ApiVideo, "tlk_0ABC", "Twelve Labs"),
        (Service::TwelveLabs, VECTOR, "VideoVector"),
        (Service::VideoVector, "tlk_0ABC", "Twelve Labs"),
    ] {
        let error = rule(service, Slot::ApiKey).check(key, &FROM).unwrap_err();
        assert_eq!(error.code(), "auth.malformed");
        let text = error.to_string();
        let wanted = format!("is a key of {owner}; give {} a key", service.title());
        assert!(text.contains(&wanted) && !text.contains(key), "{text}");
    }
}

#[test]
fn e33_an_odd_shape_of_the_right_service_is_a_warning() {
    let odd = |service, slot, text: &str| {
        let (_, notices) = rule(service, slot).check(text, &FROM).unwrap();
        assert!(notices.len() <= 1 && !format!("{notices:?}").contains(text));
        notices.first().map(ToString::to_string)
    };
    let vector = |text: &str| odd(Service::VideoVector, Slot::ApiKey, text);
    assert_eq!(vector(VECTOR), None);
    assert_eq!(vector(&VECTOR.replace("live", "test")), None);
    for text in ["sk_live_0123", &VECTOR.to_uppercase(), &VECTOR.replace('f', "g")] {
        let warning = vector(text).unwrap();
        assert!(warning.contains("does not look like `sk_live_` and 48"), "{warning}");
    }
    assert_eq!(odd(Service::TwelveLabs, Slot::ApiKey, "tlk_1"), None);
    assert!(odd(Service::TwelveLabs, Slot::ApiKey, "canary").is_some());
    assert_eq!(odd(Service::ApiVideo, Slot::ApiKey, "canary"), None);
    assert_eq!(odd(Service::VideoVector, Slot::Jwt, "eyJh.eyJi.c2ln_-"), None);
    for text in ["eyJh.eyJi", "a.b.c.d", "a..c", VECTOR] {
        assert!(odd(Service::VideoVector, Slot::Jwt, text).is_some(), "{text}");
    }
}
