//! Enumerations of an open world: a value that this version does not know is kept as it is.

/// A text of a known set, or another one. Made by the generator.
pub trait OpenEnum: Sized {
    /// The values that this version knows, as they are on the wire.
    const KNOWN: &'static [&'static str];

    /// Reads a text; an unknown one is kept.
    fn of(text: &str) -> Self;

    /// The text on the wire.
    fn as_str(&self) -> &str;
}

/// What every open enumeration can do, from its two functions.
#[macro_export]
macro_rules! open_enum {
    ($name:ident) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str($crate::typed::OpenEnum::as_str(self))
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                $crate::typed::OpenEnum::of(text)
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                $crate::typed::OpenEnum::of(&text)
            }
        }

        impl $crate::typed::serde::Serialize for $name {
            fn serialize<S: $crate::typed::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::typed::OpenEnum::as_str(self))
            }
        }

        impl<'de> $crate::typed::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::typed::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let text =
                    <::std::string::String as $crate::typed::serde::Deserialize>::deserialize(
                        deserializer,
                    )?;
                ::std::result::Result::Ok($crate::typed::OpenEnum::of(&text))
            }
        }
    };
}
