//! A client of one service, by operation ids.

use framekey_catalog::{Operation, Service};
use framekey_runtime::{CallOptions, Error, ErrorKind, Object, Response, Session};

use super::{File, arguments, nearest};
use crate::ClientBuilder;

/// A client of one service whose operations are called by id. Clones share the credential, its
/// token and the connections.
#[derive(Clone, Debug)]
pub struct Client(Session);

impl Client {
    pub(crate) fn new(session: Session) -> Self {
        Client(session)
    }

    /// Configures a client.
    #[must_use]
    pub fn builder(service: Service) -> ClientBuilder {
        ClientBuilder::new(service)
    }

    /// The session that every call passes.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.0
    }

    /// The same client with settings for the calls made through it.
    #[must_use]
    pub fn with_options(&self, options: CallOptions) -> Self {
        Client(self.0.for_call(options))
    }

    /// The row of an operation of this client's service.
    ///
    /// # Errors
    /// `usage.unknown_operation`, with the nearest id.
    pub fn operation(&self, id: &str) -> Result<&'static Operation, Error> {
        let service = self.0.service();
        framekey_catalog::find(service, id).ok_or_else(|| {
            let rows = framekey_catalog::operations(service);
            let known: Vec<&'static str> = rows.iter().map(|operation| operation.id).collect();
            let hint = nearest(id, &known)
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            Error::new(
                ErrorKind::Usage,
                "usage.unknown_operation",
                format!("there is no operation `{id}`{hint}"),
            )
            .of(service)
        })
    }

    /// Calls one operation. Argument names are those of the operation table, in snake or camel case.
    ///
    /// # Errors
    /// See [`Session::send`]; errors of kind `usage` name the argument.
    pub async fn call(
        &self,
        id: &str,
        arguments: Object,
        files: Vec<File>,
        options: CallOptions,
    ) -> Result<Response, Error> {
        let operation = self.operation(id)?;
        let request =
            arguments::request(operation, arguments, files, self.0.platform().json.as_ref())
                .map_err(|error| error.during(operation))?;
        self.0.for_call(options).send(operation, request).await
    }
}
