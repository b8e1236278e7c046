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
pub use notice::{Notice, NoticeWatch, Notices};
pub use provenance::Provenance;
pub use select::CredentialSet;
#[cfg(feature = "keyring")]
pub use source::SystemKeyring;
pub use source::{CallbackFailed, Found, Held, HeldKey, KeyCallback, Pending, SecretSource};
#[cfg(feature = "native")]
pub use source::{
    CommandSource, FileSource, FirstOf, KEYRING_SERVICE, Keyring, KeyringSource, Profile,
    ProfileKey, Section,
};
#[cfg(feature = "model")]
#[doc(hidden)]
pub use token::locked;
pub use token::{DisposableTokenCredential, GivenSession, Renewal, TokenEvent, TokenWatch};
pub use token_provider::{ProvidedTokenCredential, TokenProvider};
pub use upload_token::UploadTokenCredential;
