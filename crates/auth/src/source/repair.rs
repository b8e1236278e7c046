//! What follows from a 401 to a secret that can be read again.

use framekey_runtime::Repair;

use super::HeldKey;

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
        Err(error) => format!(
            "{advice} {} was read again and gave nothing: {}.",
            key.provenance(),
            error.message()
        ),
    };
    Repair::Refused { code, advice }
}
