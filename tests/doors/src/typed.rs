//! The typed door by operation id.

use framekey::runtime::Session;
use framekey::{Error, Service};
use serde_json::Value;

/// Calls an operation through the generated typed client: arguments are read into its types, the
/// answer is read into its types and written again.
///
/// # Errors
/// As the typed method; also where the arguments do not fit its types.
pub async fn call(session: &Session, id: &str, arguments: Value) -> Result<Value, Error> {
    match session.service() {
        Service::ApiVideo => {
            let client = framekey_core_apivideo::Client::new(session.clone());
            framekey_core_apivideo::call_by_id(&client, id, arguments).await
        }
        Service::TwelveLabs => {
            let client = framekey_core_twelvelabs::Client::new(session.clone());
            framekey_core_twelvelabs::call_by_id(&client, id, arguments).await
        }
        Service::VideoVector => {
            let client = framekey_core_videovector::Client::new(session.clone());
            framekey_core_videovector::call_by_id(&client, id, arguments).await
        }
    }
}
