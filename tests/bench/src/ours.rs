//! framekey's credential in the form of the other shapes.

use std::sync::Arc;

use framekey_auth::{Credential as _, DisposableTokenCredential, HeldKey, Provenance, Renewal};
use framekey_catalog::{Bearer, Scheme};
use framekey_runtime::native::{SystemRandom, TokioSpawn};
use framekey_runtime::{Applied, BaseUrl, Error, Platform, Secret, Session};

use crate::{Service, Shape, ShiftedClock, Wire};

/// The credential, asked as a call asks it.
pub struct Ours(pub DisposableTokenCredential);

impl Shape for Ours {
    type Receipt = Applied;

    fn over(service: Arc<Service>, clock: Arc<ShiftedClock>) -> Result<Self, Error> {
        let platform = Platform {
            transport: Arc::new(Wire(service)),
            clock,
            spawn: Arc::new(TokioSpawn),
            random: Arc::new(SystemRandom),
            json: Arc::new(framekey_runtime::SerdeJson),
        };
        let base = BaseUrl::parse("https://service.example")?;
        let service = framekey_catalog::Service::ApiVideo;
        let bare = Session::builder(service, base, platform).build();
        let from = Provenance::Option("api_key");
        let key = HeldKey::fixed(Secret::new("key"), from);
        Ok(Ours(DisposableTokenCredential::new(key, Renewal::Exchange, bare)))
    }

    async fn token(&self) -> Result<(u64, Applied), ()> {
        let applied = self.0.apply(Scheme::Bearer(Bearer::Any)).await.map_err(|_| ())?;
        let text = applied.headers.first().map(|(_, header)| header.expose()).unwrap_or_default();
        Ok((text.trim_start_matches("Bearer ").parse().unwrap_or(0), applied))
    }

    async fn refused(&self, applied: Applied) {
        self.0.rejected(&applied).await;
    }
}
