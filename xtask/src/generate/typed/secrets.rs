//! Fields that hold a secret: their type does not print itself.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::generate::document::Document;

/// `Schema.property` of every secret in bodies and answers, by service.
const SECRETS: [(&str, &[&str]); 3] = [
    (
        "api-video",
        &[
            "AccessToken.access_token",
            "AccessToken.refresh_token",
            "AuthenticatePayload.apiKey",
            "LiveStream.streamKey",
            "RefreshTokenPayload.refreshToken",
            "RestreamRequest.streamKey",
            "RestreamResponse.streamKey",
            "UploadToken.token",
            "Webhook.signatureSecret",
        ],
    ),
    (
        "twelve-labs",
        &[
            "AuthorizeConnectionResponse.authorize_url",
            "PickerToken.access_token",
            "PickerToken.developer_key",
            "PresignedUrlChunk.url",
            "ReportChunkBatchResponse.url",
        ],
    ),
    (
        "videovector",
        &[
            "ApiKeyWithSecret.key",
            "AzureConnectorCreate.client_secret",
            "Export.download_url",
            "ExportDownloadUrlResult.download_url",
            "RotateSecretResponse.new_secret",
            "S3ConnectorCreate.aws_secret_access_key",
            "SignedUrl.signed_url",
            "WebhookWithSecret.secret",
        ],
    ),
];

/// The secrets of one service; each must still be there.
pub(crate) fn of(document: &Document) -> Result<BTreeSet<&'static str>> {
    let listed = SECRETS
        .iter()
        .find(|(slug, _)| *slug == document.service.slug)
        .map_or(&[][..], |(_, listed)| listed);
    for name in listed {
        let (schema, property) = name.split_once('.').unwrap_or((name, ""));
        let pointer = format!("/components/schemas/{schema}/properties/{property}");
        ensure!(
            document.root.pointer(&pointer).is_some(),
            "{}: the secret `{name}` is no longer in the document (xtask/src/generate/typed/secrets.rs)",
            document.service.slug
        );
    }
    Ok(listed.iter().copied().collect())
}
