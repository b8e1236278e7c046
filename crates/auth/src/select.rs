//! The choice: which of the configured credentials goes on an operation.

use framekey_catalog::{Bearer, Operation, Scheme, Scope, Service};
use framekey_runtime::encode::add_item;
use framekey_runtime::{
    Anonymous, Applied, BoxFuture, CredentialKind, Credentials, Error, ErrorKind, Repair, Secret,
};

use crate::Credential;

/// The credentials of one client, in the order in which they are preferred.
pub struct CredentialSet {
    service: Service,
    /// How to configure what is missing: option and environment names.
    hint: String,
    held: Vec<Box<dyn Credential>>,
    /// What the API key may do, where that is known.
    scopes: Vec<Scope>,
    /// A call that needs more than that is not sent.
    strict: bool,
}

impl CredentialSet {
    /// A set for `service`. `hint` is the advice for a missing credential.
    #[must_use]
    pub fn new(service: Service, held: Vec<Box<dyn Credential>>, hint: String) -> Self {
        CredentialSet { service, hint, held, scopes: Vec::new(), strict: false }
    }

    /// Says what the API key may do, to explain a 403; if `strict`, also to refuse an operation that
    /// is listed as needing more, with `auth.scope` and before it is sent.
    #[must_use]
    pub fn scoped(self, scopes: Vec<Scope>, strict: bool) -> Self {
        CredentialSet { scopes, strict, ..self }
    }

    /// Whether it holds no credential at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The first credential that fills an accepted scheme: exactly one kind is ever sent, and a
    /// refused one is not replaced by another.
    fn choose(&self, operation: &'static Operation) -> Result<(&dyn Credential, Scheme), Error> {
        let fitting = self.held.iter().find_map(|credential| {
            let scheme =
                operation.security.iter().copied().find(|scheme| credential.fits(*scheme))?;
            Some((credential.as_ref(), scheme))
        });
        fitting.ok_or_else(|| self.refuse(operation))
    }

    fn refuse(&self, operation: &'static Operation) -> Error {
        let mut accepted = String::new();
        for scheme in operation.security {
            add_item(&mut accepted, " or ", describe(self.service, *scheme));
        }
        if self.held.is_empty() {
            return Error::new(
                ErrorKind::Credential,
                "auth.missing",
                format!("it needs {accepted}; none is configured. {}", self.hint),
            );
        }
        let mut found = String::new();
        for held in &self.held {
            let one = format!("{} from {}", held.kind().title(), held.provenance());
            add_item(&mut found, " and ", &one);
        }
        let mut message = format!("it accepts only {accepted}; configured is {found}.");
        let next = match (self.service, operation.security) {
            (Service::VideoVector, [Scheme::Bearer(Bearer::User)]) => {
                " Pass the JWT of a signed-in user (option `jwt`)."
            }
            (Service::ApiVideo, [Scheme::ApiKeyQuery(_)]) => {
                " Make an upload token with `upload_tokens.create` and pass it (option `upload_token`)."
            }
            (Service::ApiVideo, _) => {
                " An upload token opens `videos.upload_with_token` and nothing else. Pass an API key (option `api_key`)."
            }
            _ => " Pass an API key (option `api_key`).",
        };
        message.push_str(next);
        Error::new(ErrorKind::Credential, "auth.wrong_kind", message)
    }

    /// Each scope holds the ones before it.
    fn keeps_back(&self, operation: &'static Operation, credential: &dyn Credential) -> bool {
        self.strict
            && credential.kind() == CredentialKind::ApiKey
            && self.scopes.iter().copied().max() < operation.scope
    }

    fn held(&self, kind: CredentialKind) -> Option<&dyn Credential> {
        self.held.iter().find(|held| held.kind() == kind).map(AsRef::as_ref)
    }
}

fn describe(service: Service, scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Basic => "an API key as HTTP basic",
        Scheme::Bearer(Bearer::Any) if service == Service::ApiVideo => {
            "an access token (made from an API key)"
        }
        Scheme::Bearer(Bearer::Any) => "a JWT",
        Scheme::Bearer(Bearer::User) => "a user's JWT",
        Scheme::Bearer(Bearer::NotOAuth) => "a user's JWT (not an OAuth token)",
        Scheme::ApiKeyHeader(_) => "an API key",
        Scheme::ApiKeyQuery(_) => "an upload token",
    }
}

impl Credentials for CredentialSet {
    fn apply<'a>(&'a self, operation: &'static Operation) -> BoxFuture<'a, Result<Applied, Error>> {
        if operation.security.is_empty() {
            return Box::pin(std::future::ready(Ok(Applied::nothing())));
        }
        match self.choose(operation) {
            Ok((credential, _)) if self.keeps_back(operation, credential) => {
                let scope = operation.scope.map_or("", Scope::as_str);
                let text = format!(
                    "the operation is listed as needing the scope `{scope}`, and {}; not sent (option `strict_scopes`)",
                    rights(&self.scopes, None)
                );
                let error = Error::new(ErrorKind::PermissionDenied, "auth.scope", text);
                Box::pin(std::future::ready(Err(error)))
            }
            Ok((credential, scheme)) => credential.apply(scheme),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn rejected<'a>(
        &'a self,
        operation: &'static Operation,
        applied: &'a Applied,
    ) -> BoxFuture<'a, Repair> {
        match self.held(applied.kind) {
            Some(credential) => credential.rejected(applied),
            None => Anonymous.rejected(operation, applied),
        }
    }

    fn rights(&self, applied: &Applied) -> Option<String> {
        let key = applied.headers.first().map(|(_, key)| key);
        (!self.scopes.is_empty()).then(|| rights(&self.scopes, key))
    }
}

/// `the key, 3f9a1c02, has read and search`. A browser's build has no fingerprints.
fn rights(scopes: &[Scope], key: Option<&Secret>) -> String {
    let mut names = String::new();
    for scope in scopes {
        add_item(&mut names, ", ", scope.as_str());
    }
    #[cfg(feature = "native")]
    let mark = key.map(|key| format!(" {}", crate::fingerprint(key))).unwrap_or_default();
    #[cfg(not(feature = "native"))]
    let mark = key.map(|_| "").unwrap_or_default();
    format!("the API key{mark} has {names} by what the client was told")
}

impl std::fmt::Debug for CredentialSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.held.iter().map(|held| (held.kind(), held.provenance())))
            .finish()
    }
}
