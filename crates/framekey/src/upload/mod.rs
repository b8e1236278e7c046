//! Uploads of a file to api.video in parts, in bounded memory, without temporary files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use framekey_runtime::{CallOptions, Error, ErrorKind, Response, Source};
use serde_json::{Map, Value, json};

use crate::dynamic::{Client, File};

/// api.video takes no smaller part, but for the last.
pub const SMALLEST_PART: u64 = 5 << 20;
/// api.video takes no larger part.
pub const LARGEST_PART: u64 = 128 << 20;
/// The size of a part where none is set.
pub const DEFAULT_PART: u64 = 50 << 20;

type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes of the file that the service has acknowledged.
    pub sent: u64,
    /// Bytes of the file.
    pub total: u64,
    /// Parts acknowledged.
    pub parts: u64,
}

/// An upload of one file. It goes in parts when it is larger than one.
#[derive(Clone)]
pub struct Upload {
    path: PathBuf,
    part_size: u64,
    watcher: Option<Watcher>,
}

impl Upload {
    /// An upload of the file at `path`.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Upload { path: path.into(), part_size: DEFAULT_PART, watcher: None }
    }

    /// The size of a part in bytes, 5 MiB to 128 MiB; 50 MiB where it is not set.
    #[must_use]
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = bytes;
        self
    }

    /// Called after each part that the service has acknowledged.
    #[must_use]
    pub fn on_progress(mut self, watcher: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.watcher = Some(Arc::new(watcher));
        self
    }

    /// Sends the file as the source of an existing video (`videos.upload`). Answers the video.
    ///
    /// # Errors
    /// `usage.bad_file` and `usage.bad_value` before anything is sent; otherwise as the operation.
    pub async fn to_video(self, client: &Client, video_id: &str) -> Result<Value, Error> {
        let id = video_id.to_owned();
        self.send(client, "videos.upload", move |_| json!({ "video_id": id })).await
    }

    /// Sends the file with the client's upload token (`videos.upload_with_token`), which makes the
    /// video. Answers the video.
    ///
    /// # Errors
    /// `usage.bad_file` and `usage.bad_value` before anything is sent; `upload_token.rejected` for a
    /// token that is unknown, deleted or past its TTL.
    pub async fn with_token(self, client: &Client) -> Result<Value, Error> {
        // The first answer's id must ride on the other parts, or each would make a video of its own.
        self.send(client, "videos.upload_with_token", |video| match video {
            Some(video) => json!({ "video_id": video.get("videoId").cloned().unwrap_or_default() }),
            None => json!({}),
        })
        .await
    }

    async fn send(
        self,
        client: &Client,
        operation: &str,
        arguments: impl Fn(Option<&Value>) -> Value,
    ) -> Result<Value, Error> {
        if !(SMALLEST_PART..=LARGEST_PART).contains(&self.part_size) {
            return Err(Error::new(
                ErrorKind::Usage,
                "usage.bad_value",
                format!("a part has 5 to 128 MiB, not {} bytes", self.part_size),
            ));
        }
        let total = file_size(&self.path).await?;
        let parts = total.div_ceil(self.part_size);
        let mut video: Option<Value> = None;
        for part in 0..parts {
            let offset = part * self.part_size;
            let length = self.part_size.min(total - offset);
            let Value::Object(mut given) = arguments(video.as_ref()) else { continue };
            if parts > 1 {
                given.insert(
                    "content_range".to_owned(),
                    format!("part {}/{parts}", part + 1).into(),
                );
            }
            let response = self.send_part(client, operation, given, offset, length).await?;
            video = Some(decode(&response)?);
            if let Some(watcher) = &self.watcher {
                watcher(Progress { sent: offset + length, total, parts: part + 1 });
            }
        }
        video.ok_or_else(|| bad_file(&self.path, "is empty"))
    }

    async fn send_part(
        &self,
        client: &Client,
        operation: &str,
        arguments: Map<String, Value>,
        offset: u64,
        length: u64,
    ) -> Result<Response, Error> {
        let file = File {
            argument: "file".to_owned(),
            file_name: self.path.file_name().map(|name| name.to_string_lossy().into_owned()),
            content_type: None,
            source: Source::File { path: self.path.clone(), offset, length },
        };
        client.call(operation, arguments, vec![file], CallOptions::default()).await
    }
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload")
            .field("path", &self.path)
            .field("part_size", &self.part_size)
            .finish_non_exhaustive()
    }
}

async fn file_size(path: &Path) -> Result<u64, Error> {
    let found = tokio::fs::metadata(path)
        .await
        .map_err(|error| bad_file(path, &format!("cannot be read: {error}")))?;
    if !found.is_file() {
        return Err(bad_file(path, "is not a file"));
    }
    if found.len() == 0 {
        return Err(bad_file(path, "is empty"));
    }
    Ok(found.len())
}

fn bad_file(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Usage, "usage.bad_file", format!("the file {} {why}", path.display()))
}

fn decode(response: &Response) -> Result<Value, Error> {
    serde_json::from_slice(&response.body).map_err(|_| {
        Error::new(ErrorKind::Decode, "decode.body", "the answer to a part is not JSON")
    })
}
