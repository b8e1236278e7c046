//! A secret that was given once: in code, or by the environment.

use framekey_runtime::{BoxFuture, Error, Secret};

use super::{Found, SecretSource};
use crate::Provenance;

/// A secret that stays as it is.
pub(crate) struct Fixed {
    pub(crate) secret: Secret,
    pub(crate) from: Provenance,
}

impl SecretSource for Fixed {
    fn provenance(&self) -> Provenance {
        self.from.clone()
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        let found = Found { secret: self.secret.duplicate(), expires_at: None };
        Box::pin(std::future::ready(Ok(found)))
    }

    fn can_change(&self) -> bool {
        false
    }
}
