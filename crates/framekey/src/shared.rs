//! One access token for the clients of one process that have the same key.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use framekey_auth::{
    Credential, DisposableTokenCredential, GivenSession, HeldKey, Provenance, Renewal,
};
use framekey_catalog::Scheme;
use framekey_runtime::{
    Applied, BaseUrl, BoxFuture, CredentialKind, Error, Repair, Secret, Session,
};

/// The access tokens that clients built with [`ClientBuilder::shared`] have in common. Clones are the
/// same list.
///
/// Such clients share a token, one exchange, its failure and what follows a 401, if they have the same
/// base URL and renew in the same way the same key: one that was given as text or in the environment;
/// one of the same file or profile; the same session as it was first given. All else, and what goes
/// through a token store or has a `ca_bundle` of its own, is not shared. The exchange is sent by the
/// client that came first, with its time limit, and that one's notices tell of renewals; it need not
/// live on.
///
/// A token ends with the last client that has it. No secret is kept here.
///
/// [`ClientBuilder::shared`]: crate::ClientBuilder::shared
#[derive(Clone, Default)]
pub struct SharedTokens(Arc<Mutex<Vec<Weak<Common>>>>);

impl SharedTokens {
    /// The credential of a client that lives and has the same origin, else what `make` gives.
    pub(crate) fn find_or(
        &self,
        base: &BaseUrl,
        origin: Origin,
        make: impl FnOnce(&Origin) -> Result<DisposableTokenCredential, Error>,
    ) -> Result<Shared, Error> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        list.retain(|entry| {
            let Some(common) = entry.upgrade() else { return false };
            if common.base == *base && common.origin.is(&origin) {
                found = Some(common);
            }
            true
        });
        if let Some(common) = found {
            return Ok(Shared(common));
        }
        let credential = make(&origin)?;
        let common = Arc::new(Common { base: base.clone(), origin, credential });
        list.push(Arc::downgrade(&common));
        Ok(Shared(common))
    }
}

impl fmt::Debug for SharedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("SharedTokens").field("held", &held).finish()
    }
}

/// What an access token is made from.
pub(crate) enum Origin {
    Key(HeldKey, Renewal),
    Session(GivenSession, Provenance),
}

impl Origin {
    /// The credential that makes it.
    pub(crate) fn credential(&self, bare: Session) -> DisposableTokenCredential {
        match self {
            Origin::Key(key, renewal) => {
                DisposableTokenCredential::new(key.clone(), *renewal, bare)
            }
            Origin::Session(GivenSession { access_token, expires_in, refresh_token }, from) => {
                let copy = |token: &Option<Secret>| token.as_ref().map(Secret::duplicate);
                let given = GivenSession {
                    access_token: copy(access_token),
                    expires_in: *expires_in,
                    refresh_token: copy(refresh_token),
                };
                DisposableTokenCredential::from_session(given, from.clone(), bare)
            }
        }
    }

    fn is(&self, other: &Origin) -> bool {
        match (self, other) {
            (Origin::Key(mine, my_renewal), Origin::Key(others, renewal)) => {
                my_renewal == renewal && is_same_key(mine, others)
            }
            (Origin::Session(mine, _), Origin::Session(others, _)) => {
                is_same(mine.access_token.as_ref(), others.access_token.as_ref())
                    && is_same(mine.refresh_token.as_ref(), others.refresh_token.as_ref())
            }
            _ => false,
        }
    }
}

/// Whether they are one key, and will be after a rotation.
fn is_same_key(one: &HeldKey, other: &HeldKey) -> bool {
    let fixed =
        |from: &Provenance| matches!(from, Provenance::Option(_) | Provenance::Environment(_));
    let place = match (one.provenance(), other.provenance()) {
        (one, other) if fixed(&one) => fixed(&other),
        // Two callbacks, commands or keyrings may be different ones by the same name.
        #[cfg(feature = "native")]
        (one @ (Provenance::File(_) | Provenance::Profile { .. }), other) => one == other,
        _ => false,
    };
    let (Some(one), Some(other)) = (one.current(), other.current()) else { return false };
    place && is_same(Some(&one.secret), Some(&other.secret))
}

fn is_same(one: Option<&Secret>, other: Option<&Secret>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.matches(other.expose().as_bytes()),
        (None, None) => true,
        _ => false,
    }
}

struct Common {
    base: BaseUrl,
    origin: Origin,
    credential: DisposableTokenCredential,
}

/// One client's hold on a credential that others may hold too.
pub(crate) struct Shared(Arc<Common>);

impl Credential for Shared {
    fn kind(&self) -> CredentialKind {
        self.0.credential.kind()
    }

    fn provenance(&self) -> Provenance {
        self.0.credential.provenance()
    }

    fn fits(&self, scheme: Scheme) -> bool {
        self.0.credential.fits(scheme)
    }

    fn apply(&self, scheme: Scheme) -> BoxFuture<'_, Result<Applied, Error>> {
        self.0.credential.apply(scheme)
    }

    fn rejected<'a>(&'a self, applied: &'a Applied) -> BoxFuture<'a, Repair> {
        self.0.credential.rejected(applied)
    }
}
