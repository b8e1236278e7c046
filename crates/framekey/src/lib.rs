//! One client for three video APIs: api.video (hosting), Twelve Labs (video understanding) and
//! VideoVector (video search). The right credential goes on each call, is kept alive, and is never
//! shown.
//!
//! Not affiliated with any of the three services.
#![forbid(unsafe_code)]

#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
#[cfg(any(feature = "api-video", feature = "twelve-labs", feature = "videovector"))]
mod clients;
pub mod dynamic;
#[cfg(any(feature = "api-video", feature = "twelve-labs", feature = "videovector"))]
#[rustfmt::skip]
mod generated;
mod shared;
#[cfg(feature = "native")]
pub mod upload;

pub use builder::ClientBuilder;
#[cfg(feature = "native")]
pub use builder::{AuthStatus, CredentialStatus};
#[cfg(feature = "api-video")]
pub use clients::ApiVideo;
#[cfg(feature = "twelve-labs")]
pub use clients::TwelveLabs;
#[cfg(feature = "videovector")]
pub use clients::VideoVector;
#[cfg(feature = "api-video")]
pub use generated::api_video;
#[cfg(feature = "twelve-labs")]
pub use generated::twelve_labs;
#[cfg(feature = "videovector")]
pub use generated::videovector;

pub use shared::SharedTokens;

pub use framekey_auth as auth;
pub use framekey_catalog as catalog;
pub use framekey_catalog::Service;
pub use framekey_runtime as runtime;
pub use framekey_runtime::{CallOptions, Error, ErrorKind, Platform, Secret};
