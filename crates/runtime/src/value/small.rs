//! The JSON values of a browser: as much of serde_json's as is used there, by the same names.

use std::fmt;

/// A JSON value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

/// A number as it is written: nothing is lost, and nothing reads or writes floats.
#[derive(Clone, Debug)]
pub struct Number(pub String);

/// An object: a list that is sorted by names, since objects are small and the code of a tree is not.
#[derive(Clone, Debug, Default)]
pub struct Object(Vec<(String, Value)>);

impl Value {
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The text that it is.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The list that it is.
    #[must_use]
    pub fn as_array(&self) -> Option<&Vec<Value>> {
        match self {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Takes it out, and leaves `null`.
    #[must_use]
    pub fn take(&mut self) -> Value {
        std::mem::replace(self, Value::Null)
    }

    /// What an object has by this name, for writing.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match self {
            Value::Object(fields) => fields.place(name).ok().map(|at| &mut fields.0[at].1),
            _ => None,
        }
    }

    /// What an object has by this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(fields) => fields.get(name),
            _ => None,
        }
    }
}

impl Object {
    /// Without fields.
    #[must_use]
    pub const fn new() -> Self {
        Object(Vec::new())
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| held.as_str().cmp(name))
    }

    /// Sets a field.
    pub fn insert(&mut self, name: String, value: Value) {
        match self.place(&name) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.place(name).ok().map(|at| &self.0[at].1)
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl IntoIterator for Object {
    type Item = (String, Value);
    type IntoIter = std::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Object, Value};

    #[test]
    fn objects_are_sorted_and_the_last_value_of_a_name_stays_as_in_serde_json() {
        let (mut small, mut large) = (Object::new(), serde_json::Map::new());
        for (name, number) in [("b", 1), ("a", 2), ("B", 3), ("ä", 4), ("b", 5)] {
            small.insert(name.to_owned(), Value::Number(Number(number.to_string())));
            large.insert(name.to_owned(), serde_json::json!(number));
        }
        assert_eq!((small.len(), small.is_empty()), (large.len(), false));
        for name in ["a", "b", "B", "ä"] {
            let small = small.get(name).map(|value| match value {
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            });
            assert_eq!(small, large.get(name).map(ToString::to_string), "{name}");
        }
        assert!(small.get("c").is_none());
        let names: Vec<&String> = small.iter().map(|(name, _)| name).collect();
        assert_eq!(names, large.keys().collect::<Vec<_>>());
        let names: Vec<String> = small.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, large.keys().cloned().collect::<Vec<_>>());
    }
}
