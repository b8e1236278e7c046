//! What only HTTP/2 says: a connection that takes no more requests, and codes of errors.

use serde::{Deserialize, Serialize};

/// How a server takes leave of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoAway {
    /// What has come is answered.
    Graceful,
    /// Nothing more is answered.
    Abrupt,
}

/// An error code of HTTP/2 (RFC 9113, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the standard's")]
#[repr(u32)]
pub enum Code {
    NoError,
    ProtocolError,
    InternalError,
    FlowControlError,
    SettingsTimeout,
    StreamClosed,
    FrameSizeError,
    RefusedStream,
    Cancel,
    CompressionError,
    ConnectError,
    EnhanceYourCalm,
    InadequateSecurity,
    #[serde(rename = "http_1_1_required")]
    Http11Required,
}

impl Code {
    /// As it is on the wire: the codes are numbered in this order, from 0.
    pub(crate) const fn number(self) -> u32 {
        self as u32
    }

    pub(crate) fn reason(self) -> h2::Reason {
        self.number().into()
    }
}
