//! The dynamic door: any operation by its id, arguments as JSON. Python, JavaScript, the command
//! line and tests go this way; values pass untouched.

mod arguments;
mod client;
mod names;

pub use arguments::{File, request, wire_name};
pub use client::Client;
pub(crate) use names::{fold, nearest};
