//! JSON by the host. A value crosses as a list of texts, each with a mark before it: `json.js` of
//! the npm package is the other half.

use framekey_runtime::{Json, Number, Object, Value};
use js_sys::Array;
use wasm_bindgen::JsValue;

use crate::host::Host;

/// The host's reader and writer.
pub(crate) struct HostJson(pub(crate) Host);

impl Json for HostJson {
    fn read(&self, text: &[u8]) -> Option<Value> {
        take(&mut self.0.read_json(text)?.into_iter())
    }

    fn write(&self, value: &Value) -> String {
        let list = Array::new();
        put(&list, value);
        self.0.write_json(list)
    }
}

fn take(list: &mut std::vec::IntoIter<String>) -> Option<Value> {
    let text = list.next()?;
    let (mark, rest) = text.split_at_checked(1)?;
    Some(match mark {
        "n" => Value::Null,
        "t" => Value::Bool(true),
        "f" => Value::Bool(false),
        "#" => Value::Number(Number(rest.to_owned())),
        "\"" => Value::String(rest.to_owned()),
        "[" => {
            let mut items = Vec::new();
            for _ in 0..rest.parse::<usize>().ok()? {
                items.push(take(list)?);
            }
            Value::Array(items)
        }
        "{" => {
            let mut fields = Object::new();
            for _ in 0..rest.parse::<usize>().ok()? {
                let name = list.next()?;
                fields.insert(name, take(list)?);
            }
            Value::Object(fields)
        }
        _ => return None,
    })
}

fn put(list: &Array, value: &Value) {
    let text = |mark: &str, rest: &str| list.push(&JsValue::from_str(&[mark, rest].concat()));
    match value {
        Value::Null => text("n", ""),
        Value::Bool(true) => text("t", ""),
        Value::Bool(false) => text("f", ""),
        Value::Number(number) => text("#", &number.0),
        Value::String(string) => text("\"", string),
        Value::Array(items) => {
            text("[", &items.len().to_string());
            items.iter().for_each(|item| put(list, item));
            0
        }
        Value::Object(fields) => {
            text("{", &fields.len().to_string());
            for (name, value) in fields.iter() {
                text("", name);
                put(list, value);
            }
            0
        }
    };
}
