//! What follows from a 401 to a secret that can be read again.

use framekey_runtime::{Error, Repair};

use super::HeldKey;
use crate::Provenance;

/// Reads the source once. Another secret: the call is sent again with it. The same one, or none:
/// `code` and `advice`, and why it could not be read.
pub(crate) async fn repair(
    key: &HeldKey,
    generation: u64,
    code: &'static str,
    advice: String,
) -> Repair {
    let advice = match key.reread(generation).await {
        Ok(Some(_)) => return Repair::Resend,
        Ok(None) => advice,
        Err(error) => unread(&advice, &key.provenance(), &error),
    };
    Repair::Refused { code, advice }
}

/// The advice where a callback gives the token that was refused: only its author can mend that.
pub(crate) fn repeated(from: &Provenance) -> String {
    format!("The {from} gives a token that is refused; have it get a new one.")
}

/// The advice where there is no saying what the source has now.
pub(crate) fn unread(advice: &str, from: &Provenance, error: &Error) -> String {
    format!("{advice} {from} was read again and gave nothing: {}.", error.message())
}
