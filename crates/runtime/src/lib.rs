//! What the typed clients, the credentials and the bindings lean on: the [`Session`] that every
//! call passes, the one [`Error`], [`Secret`], and the seams to HTTP, time, tasks and randomness.
#![forbid(unsafe_code)]

mod base_url;
mod body;
mod check;
mod credentials;
pub mod encode;
mod error;
mod headers;
mod json;
mod mask;
mod message;
#[cfg(feature = "native")]
pub mod native;
mod platform;
mod refusal;
mod seconds;
mod secret;
mod session;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "typed")]
pub mod typed;
mod value;

pub use base_url::BaseUrl;
pub use body::{Body, Multipart, Part, Source};
pub use credentials::{Anonymous, Applied, CredentialKind, Credentials, Repair};
pub use error::{Error, ErrorKind};
pub use headers::Headers;
pub use json::Json;
#[cfg(not(target_arch = "wasm32"))]
pub use json::SerdeJson;
pub use message::{Request, Response};
pub use platform::{
    BoxFuture, BoxStream, Clock, HttpRequest, HttpResponse, MaybeSend, Platform, Random, Spawn,
    Stage, Time, Transport, TransportError,
};
pub use refusal::ServerError;
pub use seconds::Seconds;
pub use secret::Secret;
pub use session::{CallOptions, Session, SessionBuilder};

#[cfg(target_arch = "wasm32")]
pub use value::Number;
pub use value::{Object, Value};

pub use bytes::Bytes;
pub use framekey_catalog as catalog;
