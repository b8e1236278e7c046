//! The shapes that token caches commonly have, written as well as they can be.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use framekey_runtime::{Clock as _, Error, Time};
use tokio::sync::{Mutex, OnceCell};

use crate::{Service, ShiftedClock};

const LIFE: Duration = Duration::from_secs(3600);

/// A token and when it ends.
struct Token {
    number: u64,
    given: Time,
}

/// Something that callers get a token from.
pub trait Shape: Sized {
    /// What tells the shape which token was refused.
    type Receipt;
    /// A shape over a service, with nothing in it.
    ///
    /// # Errors
    /// Those of framekey's session; the others have none.
    fn over(service: Arc<Service>, clock: Arc<ShiftedClock>) -> Result<Self, Error>;
    /// A good token.
    ///
    /// # Errors
    /// When the exchange fails.
    fn token(&self) -> impl Future<Output = Result<(u64, Self::Receipt), ()>>;
    /// The service refused a token.
    fn refused(&self, receipt: Self::Receipt) -> impl Future<Output = ()>;
}

fn is_good(token: &Token, now: Time) -> bool {
    now.monotonic.saturating_sub(token.given.monotonic) < LIFE
}

/// A mutex that is held while the token is fetched.
pub struct HeldMutex {
    service: Arc<Service>,
    clock: Arc<ShiftedClock>,
    slot: Mutex<Option<Token>>,
}

impl Shape for HeldMutex {
    type Receipt = ();

    fn over(service: Arc<Service>, clock: Arc<ShiftedClock>) -> Result<Self, Error> {
        Ok(HeldMutex { service, clock, slot: Mutex::default() })
    }

    async fn token(&self) -> Result<(u64, ()), ()> {
        let mut slot = self.slot.lock().await;
        let now = self.clock.now();
        if let Some(token) = slot.as_ref().filter(|token| is_good(token, now)) {
            return Ok((token.number, ()));
        }
        let number = self.service.exchange().await?;
        *slot = Some(Token { number, given: now });
        Ok((number, ()))
    }

    async fn refused(&self, (): ()) {
        *self.slot.lock().await = None;
    }
}

/// A cell that is filled once and replaced when the token has ended.
pub struct OnceCellShape {
    service: Arc<Service>,
    clock: Arc<ShiftedClock>,
    cell: RwLock<Arc<OnceCell<Token>>>,
}

impl Shape for OnceCellShape {
    type Receipt = ();

    fn over(service: Arc<Service>, clock: Arc<ShiftedClock>) -> Result<Self, Error> {
        Ok(OnceCellShape { service, clock, cell: RwLock::default() })
    }

    async fn token(&self) -> Result<(u64, ()), ()> {
        loop {
            let cell = Arc::clone(&self.cell.read().unwrap_or_else(PoisonError::into_inner));
            let now = self.clock.now();
            let fill =
                || async { Ok(Token { number: self.service.exchange().await?, given: now }) };
            let token = cell.get_or_try_init(fill).await?;
            if is_good(token, now) {
                return Ok((token.number, ()));
            }
            let mut slot = self.cell.write().unwrap_or_else(PoisonError::into_inner);
            // Another caller may have replaced it meanwhile.
            if Arc::ptr_eq(&slot, &cell) {
                *slot = Arc::default();
            }
        }
    }

    async fn refused(&self, (): ()) {
        *self.cell.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}
