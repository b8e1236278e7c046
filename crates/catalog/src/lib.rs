//! The tables framekey is driven by: one row per operation of the three services, and nothing else.
//!
//! The rows are generated from `spec/` by `cargo xtask generate`; this crate has no code of any
//! service and no dependencies.
#![forbid(unsafe_code)]

#[rustfmt::skip]
mod generated;
mod operation;
#[cfg(any(test, target_arch = "wasm32"))]
mod packed;
mod service;

pub use generated::errors::{ERRORS, ErrorRow};
pub use generated::options::{OPTIONS, OptionKind, OptionRow};
#[cfg(feature = "schemas")]
pub use generated::schemas;
pub use generated::{api_video, twelve_labs, videovector};
pub use operation::{
    Bearer, Body, Field, FieldKind, Method, Operation, Page, Param, Place, Retry, Scheme, Scope,
    Stream, StreamKind, Style,
};
pub use service::Service;

/// The row of one operation, by service and id (`"videos.list"`).
#[must_use]
pub fn find(service: Service, id: &str) -> Option<&'static Operation> {
    let rows = operations(service);
    rows.binary_search_by(|row| row.id.cmp(id)).ok().map(|at| &rows[at])
}

/// All rows of one service, sorted by id.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn operations(service: Service) -> &'static [Operation] {
    match service {
        Service::ApiVideo => api_video::OPERATIONS,
        Service::TwelveLabs => twelve_labs::OPERATIONS,
        Service::VideoVector => videovector::OPERATIONS,
    }
}

/// All rows of one service, sorted by id.
#[cfg(target_arch = "wasm32")]
#[must_use]
pub fn operations(service: Service) -> &'static [Operation] {
    use std::sync::OnceLock;
    static TABLES: [OnceLock<Vec<Operation>>; 3] = [const { OnceLock::new() }; 3];
    TABLES[service as usize].get_or_init(|| packed::read(service, generated::packed(service)))
}

/// All rows of the three services.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    Service::ALL.into_iter().flat_map(operations)
}
