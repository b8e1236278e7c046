//! A secret in hand, and the way to the next one where its source can give another.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use framekey_runtime::{Clock, Error, Secret};

use super::SecretSource;
use super::reader::Reader;
#[cfg(feature = "native")]
use crate::{KeyAges, Notices};
use crate::{KeyRule, Provenance};

/// A secret in hand.
#[derive(Debug)]
pub struct Held {
    /// Counts the values that the source gave, from 1.
    pub generation: u64,
    /// The secret, cleaned.
    pub secret: Secret,
    /// When it ends, since 1970 in UTC, where the source knows.
    pub expires_at: Option<Duration>,
    /// From this moment on the source is asked for the next one.
    pub(super) due: Option<Duration>,
}

/// A secret and where it comes from. Clones share it, and what its source gives next.
///
/// Reading what is in hand takes no lock. Callers who need the source share one read and its
/// result; when all of them give up, the read is dropped too.
#[derive(Clone)]
pub struct HeldKey {
    kind: Kind,
    #[cfg(feature = "native")]
    ages: Option<KeyAges>,
}

#[derive(Clone)]
enum Kind {
    /// Given once: in code, or by the environment.
    Fixed(Arc<Held>, Provenance),
    /// Read from a source that may give the next one.
    Read(Reader),
}

impl HeldKey {
    /// A secret that never changes, already cleaned.
    #[must_use]
    pub fn fixed(secret: Secret, from: Provenance) -> Self {
        let held = Held { generation: 1, secret, expires_at: None, due: None };
        HeldKey::of(Kind::Fixed(Arc::new(held), from))
    }

    fn of(kind: Kind) -> Self {
        HeldKey {
            kind,
            #[cfg(feature = "native")]
            ages: None,
        }
    }

    /// A secret of `source`, which is read at the first need, and cleaned and checked by `rule`.
    #[must_use]
    pub fn new(
        source: Arc<dyn SecretSource>,
        rule: KeyRule,
        clock: Arc<dyn Clock>,
        #[cfg(feature = "native")] notices: Notices,
    ) -> Self {
        HeldKey::of(Kind::Read(Reader::new(
            source,
            rule,
            clock,
            #[cfg(feature = "native")]
            notices,
        )))
    }

    /// Has `ages` kept of its keys, and warned of.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn aged(mut self, ages: KeyAges) -> Self {
        self.ages = Some(ages);
        self
    }

    /// The ages that are kept of its keys.
    #[cfg(feature = "native")]
    #[must_use]
    pub fn ages(&self) -> Option<&KeyAges> {
        self.ages.as_ref()
    }

    /// `TWELVE_LABS_API_KEY (3f9a1c02, first used 63 days ago)`: what an error may say of it.
    pub(crate) fn describe(&self) -> String {
        let from = self.provenance();
        #[cfg(feature = "native")]
        if let (Some(ages), Some(held)) = (&self.ages, self.current()) {
            return format!("{from} ({})", ages.tell(&held));
        }
        from.to_string()
    }

    /// Where it comes from.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        match &self.kind {
            Kind::Fixed(_, from) => from.clone(),
            Kind::Read(reader) => reader.provenance(),
        }
    }

    /// What is in hand, without asking the source.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Held>> {
        match &self.kind {
            Kind::Fixed(held, _) => Some(Arc::clone(held)),
            Kind::Read(reader) => reader.current(),
        }
    }

    /// The secret to use now. Asks the source if there is none in hand, if it is about to end, or
    /// if the source shows a sign of change; what is in hand serves to its end if that fails.
    ///
    /// # Errors
    /// The source's own, and `auth.malformed`.
    pub async fn get(&self) -> Result<Arc<Held>, Error> {
        let held = match &self.kind {
            Kind::Fixed(held, _) => Arc::clone(held),
            Kind::Read(reader) => reader.get().await?,
        };
        #[cfg(feature = "native")]
        if let Some(ages) = &self.ages {
            ages.used(&held, &self.provenance());
        }
        Ok(held)
    }

    /// Asks the source for a newer secret than the one of `generation`, which was refused. `None`:
    /// it still gives the same.
    ///
    /// # Errors
    /// The source's own, and `auth.malformed`.
    pub async fn reread(&self, generation: u64) -> Result<Option<Arc<Held>>, Error> {
        match &self.kind {
            Kind::Fixed(..) => Ok(None),
            Kind::Read(reader) => reader.reread(generation).await,
        }
    }
}

impl fmt::Debug for HeldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldKey").field("from", &self.provenance()).finish_non_exhaustive()
    }
}
