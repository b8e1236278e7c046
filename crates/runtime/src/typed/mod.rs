//! What generated typed clients lean on.
