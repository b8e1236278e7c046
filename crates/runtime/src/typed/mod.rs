//! What the generated typed clients lean on, in place of a generator's own client library.

#[cfg(feature = "by-id")]
pub mod by_id;
mod events;
mod extra;
mod form;
mod open;
mod patch;
mod request;
mod response;
mod secret_text;

pub use events::{EventStream, Framing};
pub use extra::Extra;
pub use form::{File, Form};
pub use open::OpenEnum;
pub use patch::Patch;
pub use request::{RequestBuilder, encode_path};
pub use response::ResponseValue;
pub use secret_text::SecretText;

pub use serde;
