//! A field that may be left out: null is not absence, in requests and in answers.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::OpenEnum;

/// An optional field of an object: absent, null, or a value.
///
/// In a request, an absent field leaves things as they are and null clears them. In an answer, both
/// are kept apart, so that what was read can be written back unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// The field is not there.
    #[default]
    Absent,
    /// The field is there and null.
    Null,
    /// The field has a value.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether the field is not there.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Patch::Absent)
    }

    /// Whether the field is there and null.
    pub const fn is_null(&self) -> bool {
        matches!(self, Patch::Null)
    }

    /// The value, if there is one.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => None,
        }
    }

    /// The value to be changed in place, if there is one.
    pub const fn get_mut(&mut self) -> Option<&mut T> {
        match self {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => None,
        }
    }

    /// The value by its borrowed form: `&str` of a `String`.
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: std::ops::Deref,
    {
        self.get().map(|value| &**value)
    }

    /// The value; absence and null become `None`.
    pub fn into_option(self) -> Option<T> {
        match self {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => None,
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Patch::Value(value)
    }
}

/// `None` is absence; for null say [`Patch::Null`].
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Patch::Absent, Patch::Value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Patch::Value(value.to_owned())
    }
}

impl<T: OpenEnum> From<&str> for Patch<T> {
    fn from(value: &str) -> Self {
        Patch::Value(T::of(value))
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Patch::Null, Patch::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::Patch;

    #[derive(serde::Serialize, serde::Deserialize)]
    struct Change {
        #[serde(default, skip_serializing_if = "Patch::is_absent")]
        title: Patch<String>,
        #[serde(default, skip_serializing_if = "Patch::is_absent")]
        tags: Patch<Vec<String>>,
    }

    #[test]
    fn e38_absent_null_and_empty_stay_apart() {
        for text in
            ["{}", r#"{"title":null}"#, r#"{"title":"","tags":[]}"#, r#"{"title":"x","tags":null}"#]
        {
            let change: Change = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&change).unwrap(), text);
        }
    }

    #[test]
    fn values_texts_and_options_become_fields() {
        let texts: [Patch<String>; 3] = ["x".into(), Some("x".to_owned()).into(), None.into()];
        assert_eq!(texts.each_ref().map(Patch::as_deref), [Some("x"), Some("x"), None]);
        assert!(texts[2].is_absent());
    }
}
