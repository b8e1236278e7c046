//! Planted faults: an operation that fails, or whose answer is changed, on purpose.

use std::sync::Mutex;

use framekey_catalog::{Operation, Service, find};
use serde_json::{Map, Value};

use crate::answer::{Answer, Content};
use crate::lock;

/// A fault in one operation, at its nth call from now or at every call.
#[derive(Clone, Debug)]
pub struct Fault {
    operation: &'static Operation,
    nth: Option<u64>,
    action: Action,
}

#[derive(Clone, Debug)]
enum Action {
    /// The operation does not happen; this is the answer.
    Answer { status: u16, headers: Vec<(String, String)>, body: Value },
    /// The operation happens, and this value (by JSON pointer) is put into its answer.
    Set { pointer: String, value: Value },
}

impl Fault {
    /// The operation does not happen; it is answered with `status` and the JSON `body` (null: none).
    #[must_use]
    pub const fn answer(operation: &'static Operation, status: u16, body: Value) -> Self {
        Fault { operation, nth: None, action: Action::Answer { status, headers: Vec::new(), body } }
    }

    /// The operation happens, and `value` replaces what is at `pointer` (`/data/0/title`) of its
    /// JSON answer, or is added to the object that the pointer leads to.
    #[must_use]
    pub fn set(operation: &'static Operation, pointer: impl Into<String>, value: Value) -> Self {
        Fault { operation, nth: None, action: Action::Set { pointer: pointer.into(), value } }
    }

    /// Only the nth call from now, counted from 1; without this, every call.
    #[must_use]
    pub const fn nth(mut self, nth: u64) -> Self {
        self.nth = Some(nth);
        self
    }

    /// A header of the answer; without effect on [`Fault::set`].
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Action::Answer { headers, .. } = &mut self.action {
            headers.push((name.into(), value.into()));
        }
        self
    }

    /// Reads `{"service", "operation", "nth"?, "status", "headers"?, "body"?}` or
    /// `{"service", "operation", "nth"?, "pointer", "value"}`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_json(json: &Value) -> Result<Self, String> {
        const KNOWN: [&str; 8] =
            ["service", "operation", "nth", "status", "headers", "body", "pointer", "value"];
        let object = json.as_object().ok_or("a fault is a JSON object")?;
        if let Some(odd) = object.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(format!("a fault has no \"{odd}\"; it may have {}", KNOWN.join(", ")));
        }
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let slug = text("service").ok_or("a fault needs \"service\"")?;
        let service = Service::from_slug(slug)
            .ok_or_else(|| format!("\"{slug}\" is no service; use api-video, twelve-labs or videovector"))?;
        let id = text("operation").ok_or("a fault needs \"operation\"")?;
        let operation = find(service, id).ok_or_else(|| format!("{slug} has no operation \"{id}\""))?;
        let fault = match (object.get("status"), text("pointer")) {
            (Some(status), None) => Self::read_answer(operation, status, object)?,
            (None, Some(pointer)) => {
                Fault::set(operation, pointer, object.get("value").cloned().unwrap_or_default())
            }
            _ => return Err("a fault needs either \"status\" or \"pointer\" and \"value\"".to_owned()),
        };
        match object.get("nth") {
            None | Some(Value::Null) => Ok(fault),
            Some(nth) => match nth.as_u64() {
                Some(nth) if nth > 0 => Ok(fault.nth(nth)),
                _ => Err(format!("\"nth\" counts from 1, not {nth}")),
            },
        }
    }

    fn read_answer(
        operation: &'static Operation,
        status: &Value,
        object: &Map<String, Value>,
    ) -> Result<Self, String> {
        let status = status.as_u64().and_then(|code| u16::try_from(code).ok());
        let status = status
            .filter(|code| (200..=599).contains(code))
            .ok_or("\"status\" is a number from 200 to 599")?;
        let mut fault =
            Fault::answer(operation, status, object.get("body").cloned().unwrap_or_default());
        if let Some(headers) = object.get("headers") {
            for (name, value) in headers.as_object().ok_or("\"headers\" is an object of texts")? {
                let value = value.as_str().ok_or_else(|| format!("header \"{name}\" is no text"))?;
                fault = fault.header(name, value);
            }
        }
        Ok(fault)
    }
}

/// The faults planted in one emulator.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<(Fault, u64)>>);

/// What a request meets.
pub(crate) enum Met {
    Nothing,
    Answer(Answer),
    Set(Vec<(String, Value)>),
}

impl Faults {
    pub(crate) fn plant(&self, fault: Fault) {
        lock(&self.0).push((fault, 0));
    }

    pub(crate) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// Counts the call. An answer wins over changes, the first planted over later ones.
    pub(crate) fn meet(&self, operation: &'static Operation) -> Met {
        let mut faults = lock(&self.0);
        let mut answer = None;
        let mut changes = Vec::new();
        for (fault, calls) in faults.iter_mut() {
            if !std::ptr::eq(fault.operation, operation) {
                continue;
            }
            *calls += 1;
            if fault.nth.is_some_and(|nth| nth != *calls) {
                continue;
            }
            match &fault.action {
                Action::Answer { status, headers, body } => {
                    let content = match body {
                        Value::Null => Content::Empty,
                        body => Content::Json(body.clone()),
                    };
                    answer.get_or_insert(Answer {
                        status: *status,
                        headers: headers.clone(),
                        content,
                    });
                }
                Action::Set { pointer, value } => changes.push((pointer.clone(), value.clone())),
            }
        }
        match answer {
            Some(answer) => Met::Answer(answer),
            None if changes.is_empty() => Met::Nothing,
            None => Met::Set(changes),
        }
    }
}

/// Puts values into a JSON answer; other answers stay as they are.
pub(crate) fn change(answer: &mut Answer, changes: Vec<(String, Value)>) {
    let Content::Json(body) = &mut answer.content else { return };
    for (pointer, value) in changes {
        if let Some(place) = body.pointer_mut(&pointer) {
            *place = value;
        } else if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(Value::Object(parent)) = body.pointer_mut(parent)
        {
            parent.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use framekey_catalog::api_video::VIDEOS_LIST;
    use serde_json::json;

    use super::{Answer, Content, Fault, Faults, Met, change};

    #[test]
    fn the_nth_call_meets_the_fault_and_no_other_does() {
        let faults = Faults::default();
        faults.plant(Fault::answer(VIDEOS_LIST, 503, json!({})).nth(2));
        let met = || matches!(faults.meet(VIDEOS_LIST), Met::Answer(Answer { status: 503, .. }));
        assert_eq!([met(), met(), met()], [false, true, false]);
    }

    #[test]
    fn a_change_replaces_or_adds_a_value() {
        let mut answer = Answer::json(200, json!({ "data": [{ "title": "a" }] }));
        let changes = vec![("/data/0/title".to_owned(), json!("b")), ("/new".to_owned(), json!(1))];
        change(&mut answer, changes);
        let Content::Json(body) = answer.content else { panic!("no JSON") };
        assert_eq!(body, json!({ "data": [{ "title": "b" }], "new": 1 }));
    }

    #[test]
    fn a_fault_that_cannot_be_read_says_why() {
        let read = |json| Fault::from_json(&json).map(|_| ()).unwrap_err();
        let with = |name: &str, value| {
            let mut fault = json!({ "service": "api-video", "operation": "videos.list", "status": 500 });
            fault[name] = value;
            fault
        };
        assert!(Fault::from_json(&with("nth", json!(1))).is_ok());
        assert!(read(json!([])).contains("object"));
        assert!(read(with("service", json!("vimeo"))).contains("vimeo"));
        assert!(read(with("operation", json!("videos.burn"))).contains("videos.burn"));
        assert!(read(with("status", json!(99))).contains("200 to 599"));
        assert!(read(with("nth", json!(0))).contains("from 1"));
        assert!(read(with("pointer", json!("/a"))).contains("either"));
        assert!(read(with("colour", json!("red"))).contains("colour"));
    }
}
