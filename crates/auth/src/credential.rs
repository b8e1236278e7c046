//! What every strategy offers.

use framekey_catalog::Scheme;
use framekey_runtime::{Applied, BoxFuture, CredentialKind, Error, MaybeSend, Repair};

use crate::Provenance;

/// One way to prove who is calling.
pub trait Credential: MaybeSend {
    /// Its kind, for errors and journals.
    fn kind(&self) -> CredentialKind;

    /// Where it came from.
    fn provenance(&self) -> Provenance;

    /// Whether it can fill a scheme that an operation accepts.
    fn fits(&self, scheme: Scheme) -> bool;

    /// The headers or query parameters that fill `scheme`.
    fn apply(&self, scheme: Scheme) -> BoxFuture<'_, Result<Applied, Error>>;

    /// The service answered 401 to `applied`.
    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair>;
}
