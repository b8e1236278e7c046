//! Credentials for the three services: one strategy a file, and the choice among them for each
//! operation by what the operation table says.
#![forbid(unsafe_code)]

mod api_key;
mod basic;
mod credential;
#[cfg(feature = "native")]
mod fail;
#[cfg(feature = "native")]
mod fingerprint;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz;
mod jwt;
#[cfg(feature = "native")]
mod key_age;
mod key_text;
#[cfg(feature = "native")]
mod notice;
#[cfg(feature = "native")]
mod private;
mod provenance;
#[cfg(feature = "native")]
mod seal;
mod select;
mod source;
#[cfg(feature = "native")]
pub mod store;
mod token;
#[cfg(feature = "native")]
mod token_provider;
mod upload_token;

pub use api_key::ApiKeyCredential;
pub use basic::BasicCredential;
pub use credential::Credential;
#[cfg(feature = "native")]
pub use fingerprint::fingerprint;
pub use jwt::{JwtCredential, JwtKind};
#[cfg(feature = "native")]
pub use key_age::{KeyAge, KeyAges};
pub use key_text::{KeyRule, Slot};
#[cfg(feature = "native")]
pub use notice::{Notice, NoticeWatch, Notices};
pub use provenance::Provenance;
pub use select::CredentialSet;
#[cfg(feature = "keyring")]
pub use source::SystemKeyring;
#[cfg(feature = "native")]
pub use source::{
    CallbackFailed, CommandSource, FileSource, FirstOf, KEYRING_SERVICE, KeyCallback, Keyring,
    KeyringSource, Pending, Profile, ProfileKey, Section,
};
pub use source::{Found, Held, HeldKey, SecretSource, source_failed};
#[cfg(feature = "model")]
#[doc(hidden)]
pub use token::locked;
pub use token::{AccessToken, DisposableTokenCredential, GivenSession, Renewal};
#[cfg(feature = "native")]
pub use token::{TokenEvent, TokenWatch};
#[cfg(feature = "native")]
pub use token_provider::{ProvidedTokenCredential, TokenProvider};
pub use upload_token::UploadTokenCredential;
