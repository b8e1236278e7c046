//! Functions of the caller's that give a secret.

use std::time::Duration;

use framekey::Error;
use framekey::auth::{Found, Provenance, SecretSource, source_failed};
use framekey_runtime::{BoxFuture, Secret};
use wasm_bindgen::{JsCast, JsValue};

use crate::host::{Given, Host, Work};

/// A function, and the option that it was passed by.
pub(crate) struct Asked {
    pub(crate) host: Host,
    pub(crate) function: JsValue,
    pub(crate) option: &'static str,
    /// Whether what it gives without an end is kept until it is refused.
    pub(crate) lasts: bool,
}

impl SecretSource for Asked {
    fn provenance(&self) -> Provenance {
        Provenance::Callback(self.option)
    }

    fn read(&self) -> BoxFuture<'_, Result<Found, Error>> {
        let work = Work::new(self.host.ask(&self.function));
        Box::pin(async move {
            match work.await {
                Ok(given) => {
                    let given: Given = given.unchecked_into();
                    let end = given.end().map(|end| Duration::from_millis(end as u64));
                    Ok(Found { secret: Secret::new(given.secret()), expires_at: end })
                }
                // What it did instead, without its words.
                Err(did) => {
                    let did = did.as_string().unwrap_or_default();
                    Err(source_failed(&self.provenance(), &did))
                }
            }
        })
    }

    fn can_change(&self) -> bool {
        true
    }

    fn lasts(&self) -> bool {
        self.lasts
    }
}
