//! Which calls a fault meets, and which faults make no sense.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use framekey_catalog::{Operation, Service};
use serde::{Deserialize, Serialize};

use super::{Fault, GoAway};
use crate::draw::Draw;
use crate::near::nearest;

/// A body of `size` bytes is not larger than this.
const LARGEST: u64 = 1 << 30;

/// A pattern is not longer than this: no id is half as long.
const LONGEST_PATTERN: usize = 100;

/// What the names of requests to the second origin begin with: `files.put`.
const FILES: &str = "files.";

/// A fault and how often it was met.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Planted {
    pub(crate) fault: Arc<Fault>,
    /// Calls that it could have met.
    pub(crate) seen: u64,
    /// Calls that it met.
    pub(crate) met: u64,
    draw: Draw,
}

impl Planted {
    pub(crate) fn new(fault: Fault, draw: Draw) -> Self {
        Planted { fault: Arc::new(fault), seen: 0, met: 0, draw }
    }

    /// Counts a call of an operation, and says whether it is met.
    pub(crate) fn meets(&mut self, operation: &Operation) -> bool {
        let pattern = &self.fault.operation;
        let is_named = pattern.is_empty() || glob(pattern, operation.id);
        is_named && self.meets_one_of(Some(operation.service))
    }

    /// The same for a request to the second origin, which is met by its name only.
    pub(crate) fn meets_file(&mut self, service: Option<Service>, name: &str) -> bool {
        let pattern = &self.fault.operation;
        pattern.starts_with(FILES) && glob(pattern, name) && self.meets_one_of(service)
    }

    fn meets_one_of(&mut self, called: Option<Service>) -> bool {
        let fault = &*self.fault;
        if fault.service.is_some() && fault.service != called {
            return false;
        }
        self.seen += 1;
        let seen = self.seen;
        let meets = fault.times.is_none_or(|times| self.met < times)
            && (fault.calls.is_empty() || fault.calls.contains(&seen))
            && fault.every.is_none_or(|every| seen.is_multiple_of(every))
            && fault.probability.is_none_or(|share| self.draw.fraction() < share);
        self.met += u64::from(meets);
        meets
    }
}

/// Whether a pattern with `*` fits the whole of a text.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let text = text.strip_prefix(head).and_then(|text| text.strip_suffix(tail));
    let Some(text) = text else { return false };
    // Each piece at its first place: a later one would leave less to the others.
    let left = middle
        .split('*')
        .try_fold(text, |text, piece| text.split_once(piece).map(|(_, left)| left));
    left.is_some()
}

/// Whether a pattern is that of an operation; what was meant where it is not.
pub(crate) fn check_pattern(service: Option<Service>, pattern: &str) -> Result<(), String> {
    if pattern.len() > LONGEST_PATTERN {
        return Err(format!("operation: at most {LONGEST_PATTERN} bytes"));
    }
    let rows = || {
        framekey_catalog::all().filter(|row| service.is_none_or(|service| service == row.service))
    };
    if rows().any(|row| glob(pattern, row.id)) {
        return Ok(());
    }
    let names = rows().flat_map(|row| [row.id.to_owned(), format!("{}.*", row.resource)]);
    let names: Vec<String> = names.collect();
    let near = nearest(pattern, names.iter().map(String::as_str));
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Err(format!("operation: no operation is called `{pattern}`{hint}"))
}

impl Fault {
    /// What is wrong with it: the field, and what it should be.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.operation.is_empty() && !self.operation.starts_with(FILES) {
            check_pattern(self.service, &self.operation)?;
        }
        if self.calls.contains(&0) {
            return Err("calls: counted from 1".to_owned());
        }
        if self.every == Some(0) {
            return Err("every: a number from 1".to_owned());
        }
        if self.probability.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return Err("probability: a number from 0 to 1".to_owned());
        }
        if self.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("status: a number from 200 to 599".to_owned());
        }
        if self.bodies() > 1 {
            return Err("body: one of body, text, base64 and size".to_owned());
        }
        if self.base64.as_ref().is_some_and(|text| BASE64_STANDARD.decode(text).is_err()) {
            return Err("base64: bytes in base64".to_owned());
        }
        if self.size.is_some_and(|size| size > LARGEST) {
            return Err("size: at most 1 GiB".to_owned());
        }
        let pointers = self.set.keys().chain(&self.remove);
        if let Some(wrong) = pointers.into_iter().find(|pointer| !pointer.starts_with('/')) {
            return Err(format!("set, remove: `{wrong}` is not a JSON pointer: /data/0/title"));
        }
        // A location may be relative.
        let is_location = |to: &String| !to.is_empty() && to.bytes().all(|b| b.is_ascii_graphic());
        if !self.redirect.iter().all(is_location) {
            return Err("redirect: a URL, without blanks".to_owned());
        }
        let is_origin = |to: &String| {
            let uri = to.parse::<hyper::Uri>().ok();
            uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")))
        };
        if !self.rebase.iter().all(is_origin) {
            return Err("rebase: an origin: http://127.0.0.1:8080".to_owned());
        }
        self.check_headers()?;
        let (delay, drip) = (self.delay.unwrap_or(0.0), self.drip.map_or(0.0, |drip| drip.seconds));
        if !(0.0..=86_400.0).contains(&delay) || !(0.0..=86_400.0).contains(&drip) {
            return Err("delay, drip.seconds: seconds from 0 to 86400".to_owned());
        }
        if self.drip.is_some_and(|drip| drip.bytes == 0) {
            return Err("drip.bytes: a number from 1".to_owned());
        }
        self.check_action()
    }

    fn check_headers(&self) -> Result<(), String> {
        let bad = self.headers.iter().find(|(name, value)| {
            hyper::header::HeaderName::try_from(name.as_str()).is_err()
                || hyper::header::HeaderValue::try_from(value.as_str()).is_err()
        });
        bad.map_or(Ok(()), |(name, _)| Err(format!("headers.{name}: not a header")))
    }

    fn check_action(&self) -> Result<(), String> {
        let instead = [self.raw.is_some(), self.reset, self.stall, self.goaway.is_some()];
        if instead.into_iter().filter(|set| *set).count() > 1
            || (self.raw.is_some() && self.answers())
            || (self.breaks() && self.cut.is_none() && self.answers())
        {
            return Err(
                "one of reset, stall, goaway, raw and an answer (status, redirect, a body); \
                        with `cut`, reset, stall and goaway come after so many bytes of the answer"
                    .to_owned(),
            );
        }
        if self.code.is_some() && !self.reset && self.goaway != Some(GoAway::Abrupt) {
            return Err("code: the code of a reset or an abrupt goaway".to_owned());
        }
        let alters = !self.headers.is_empty()
            || self.delay.is_some()
            || self.cut.is_some()
            || self.drip.is_some()
            || !self.set.is_empty()
            || !self.remove.is_empty()
            || self.rebase.is_some()
            || self.goaway.is_some();
        if alters || self.replaces() {
            return Ok(());
        }
        Err("nothing goes wrong: give status, redirect, a body, reset, stall, goaway, raw, headers, \
             delay, cut, drip, set, remove or rebase"
            .to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("videos.list", "videos.list", true),
            ("videos.*", "videos.list", true),
            ("*.list", "videos.list", true),
            ("*", "videos.list", true),
            ("v*s.*t", "videos.list", true),
            ("videos", "videos.list", false),
            ("*.get", "videos.list", false),
            ("*s*.*s*", "videos.list", true),
            ("*s*s*s*s*", "videos.list", false),
            ("videos.l*list", "videos.list", false),
            ("**", "", true),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        assert!(!glob(&format!("{}z", "*".repeat(90)), &"a".repeat(100_000)));
        assert!(!glob(&"*a".repeat(45), &format!("{}b", "a".repeat(100_000))));
        let long = Fault { operation: "*".repeat(101), status: Some(500), ..Fault::default() };
        assert_eq!(long.check().unwrap_err(), "operation: at most 100 bytes");
    }

    #[test]
    fn rules_count_the_calls_they_could_meet() {
        let list = framekey_catalog::find(framekey_catalog::Service::ApiVideo, "videos.list");
        let list = list.unwrap();
        let play = |fault: Fault| {
            let mut planted = Planted::new(fault, Draw::new(7));
            (0..10).map(|_| u8::from(planted.meets(list))).collect::<Vec<u8>>()
        };
        let of = || Fault { operation: "videos.*".to_owned(), ..Fault::default() };
        assert_eq!(play(Fault { calls: vec![2, 4], ..of() }), [0, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(play(Fault { every: Some(3), ..of() }), [0, 0, 1, 0, 0, 1, 0, 0, 1, 0]);
        let both = Fault { every: Some(3), times: Some(2), ..of() };
        assert_eq!(play(both), [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]);
        let half = Fault { probability: Some(0.5), ..of() };
        let (first, second) = (play(half.clone()), play(half));
        assert!(first == second && (2..9).contains(&first.iter().sum::<u8>()), "{first:?}");
        assert_eq!(play(Fault { operation: "players.*".to_owned(), ..of() }), [0; 10]);
    }
}
