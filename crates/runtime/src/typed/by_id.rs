//! The typed methods by operation id, arguments and answers as JSON: for tests that compare doors.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use framekey_catalog::{Body, Operation};

use super::{EventStream, File};
use crate::{Error, ErrorKind};

/// Arguments by name.
pub struct Given(Map<String, Value>);

impl Given {
    /// Takes an object of arguments.
    ///
    /// # Errors
    /// `usage.bad_value` for anything but an object.
    pub fn new(arguments: Value) -> Result<Self, Error> {
        match arguments {
            Value::Object(arguments) => Ok(Given(arguments)),
            _ => Err(bad("the arguments are not an object".to_owned())),
        }
    }

    /// An argument that may be left out; null is taken for absence.
    ///
    /// # Errors
    /// `usage.bad_value` for a value that does not fit the type.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Error> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(name, value).map(Some),
        }
    }

    /// An argument that must be there.
    ///
    /// # Errors
    /// `usage.missing_argument`, and as [`optional`](Given::optional).
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Error> {
        self.optional(name)?.ok_or_else(|| missing(name))
    }

    /// The files of an argument: `{"$bytes": "text"}` or a list of such.
    ///
    /// # Errors
    /// `usage.bad_value` for anything else.
    pub fn files(&mut self, name: &str) -> Result<Vec<File>, Error> {
        let given = match self.0.remove(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items,
            Some(item) => vec![item],
        };
        let file = |item: Value| match item.get("$bytes").and_then(Value::as_str) {
            Some(text) => Ok(File::bytes(text.to_owned())),
            None => Err(bad(format!("`{name}` takes {{\"$bytes\": \"text\"}}"))),
        };
        given.into_iter().map(file).collect()
    }

    /// One file.
    ///
    /// # Errors
    /// `usage.missing_argument`, and as [`files`](Given::files).
    pub fn file(&mut self, name: &str) -> Result<File, Error> {
        self.files(name)?.pop().ok_or_else(|| missing(name))
    }

    /// The fields of a JSON body, or the whole of it as `body`.
    ///
    /// # Errors
    /// `usage.bad_value` where they do not fit the body's type.
    pub fn body<T: DeserializeOwned>(&mut self, operation: &'static Operation) -> Result<T, Error> {
        if let Some(whole) = self.0.remove("body") {
            return read("body", whole);
        }
        let mut body = Map::new();
        if let Body::Json { fields, .. } = &operation.body {
            for field in *fields {
                if let Some(value) = self.0.remove(field.name) {
                    body.insert(field.wire.to_owned(), value);
                }
            }
        }
        read("body", Value::Object(body))
    }

    /// Checks that every argument was taken.
    ///
    /// # Errors
    /// `usage.unknown_argument`.
    pub fn finish(&self) -> Result<(), Error> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::new(
                ErrorKind::Usage,
                "usage.unknown_argument",
                format!("unknown argument `{name}`"),
            )),
        }
    }
}

/// A typed answer as JSON again.
///
/// # Errors
/// `internal` where it cannot be written.
pub fn answer(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|fault| {
        Error::new(
            ErrorKind::Internal,
            "internal",
            format!("the answer cannot be written: {fault}"),
        )
    })
}

/// All values of a stream as a list.
///
/// # Errors
/// The first error of the stream.
pub async fn collect<T: Serialize + DeserializeOwned>(
    stream: EventStream<T>,
) -> Result<Value, Error> {
    use futures_util::TryStreamExt;
    let values: Vec<T> = stream.try_collect().await?;
    answer(&values)
}

/// An id that no operation has.
#[must_use]
pub fn unknown(id: &str) -> Error {
    Error::new(ErrorKind::Usage, "usage.unknown_operation", format!("there is no operation `{id}`"))
}

fn read<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|fault| bad(format!("`{name}`: {fault}")))
}

fn missing(name: &str) -> Error {
    Error::new(ErrorKind::Usage, "usage.missing_argument", format!("argument `{name}` missing"))
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::Usage, "usage.bad_value", message)
}
