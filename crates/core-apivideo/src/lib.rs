//! The typed client of api.video: generated methods over [`framekey_runtime::Session`], arguments by
//! position. People use it through `framekey`, which has builders and clients with credentials.
#![forbid(unsafe_code)]

#[rustfmt::skip]
#[allow(clippy::all, missing_docs)]
mod generated;

#[cfg(feature = "by-id")]
pub use generated::by_id::call_by_id;
pub use generated::{Client, types};
