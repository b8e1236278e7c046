//! The targets.

pub(crate) mod answer;
pub(crate) mod content_range;
pub(crate) mod document;
pub(crate) mod door;
pub(crate) mod key;
pub(crate) mod multipart;
pub(crate) mod profile;
pub(crate) mod store;
pub(crate) mod story;
pub(crate) mod token;
