//! What the measurements share: a service that counts, a clock that can be set, and the shapes
//! that token caches commonly have.
#![forbid(unsafe_code)]

mod ours;
mod service;
mod shapes;

pub use ours::Ours;
pub use service::{Service, ShiftedClock, Wire};
pub use shapes::{HeldMutex, OnceCellShape, Shape};
