//! Uploads in chunks: a session, addresses that work once and for an hour, and reports with proofs.

use serde_json::{Map, Value, json};

use super::Account;
use super::assets::{NewFile, fields_are_plain};
use super::list;
use super::media::LARGEST_IMAGE;
use super::refusal::{Outcome, invalid, refuse, unknown};
use super::store::Thing;
use crate::answer::Answer;
use crate::call::Call;
use crate::clock::Moment;
use crate::draw::Draw;
use crate::files::{self, FileCall};

/// Bytes of every chunk but the last.
const CHUNK: u64 = 5 << 20;
/// The largest file.
const LARGEST: u64 = 10_000_000_000;
/// Addresses that come with a new session.
const FIRST: u64 = 10;
/// Seconds for which an address works.
const ADDRESS_LIFE: u64 = 3600;
/// Seconds for which a session lives.
const SESSION_LIFE: u64 = 86_400;

fn total_chunks(session: &Thing) -> u64 {
    session.kept_number("total_size").div_ceil(CHUNK)
}

/// Bytes of a chunk, counted from 1.
fn chunk_size(session: &Thing, chunk: u64) -> u64 {
    let size = session.kept_number("total_size");
    if chunk == total_chunks(session) { size - (chunk - 1) * CHUNK } else { CHUNK }
}

/// A map that is kept by name.
fn kept<'a>(session: &'a Thing, name: &str) -> Option<&'a Map<String, Value>> {
    session.kept.get(name).and_then(Value::as_object)
}

fn put(session: &mut Thing, name: &str, key: String, value: Value) {
    let map = session.kept.entry(name).or_insert_with(|| json!({}));
    map[key] = value;
}

fn completed(session: &Thing) -> usize {
    kept(session, "completed").map_or(0, Map::len)
}

fn status(session: &Thing, now: Moment) -> &'static str {
    if completed(session) as u64 == total_chunks(session) {
        "completed"
    } else if session.age(now).as_secs() >= SESSION_LIFE {
        "expired"
    } else {
        "active"
    }
}

/// Mints addresses for a row of chunks.
fn mint(session: &mut Thing, call: &Call, start: u64, count: u64, draw: &mut Draw) -> Value {
    let end = (start + count).min(total_chunks(session) + 1);
    let expires = call.now.plus(ADDRESS_LIFE);
    (start..end)
        .map(|chunk| {
            let signature = draw.hex(64);
            put(session, "addresses", signature.clone(), json!({ "chunk": chunk, "expires": expires }));
            let url = format!(
                "{}{}twelve-labs/uploads/{}/{chunk}?X-Amz-Expires={ADDRESS_LIFE}&X-Amz-Signature={signature}",
                call.files_origin,
                files::PREFIX,
                session.id
            );
            json!({ "chunk_index": chunk, "url": url, "expires_at": expires.to_string() })
        })
        .collect()
}

impl Account {
    pub(super) fn uploads(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let id = call.id("upload_id");
        match call.operation.verb {
            "create" => return self.create_upload(call, draw),
            "list" => {
                let mut open = self.uploads.of("");
                open.retain(|session| status(session, call.now) != "completed");
                return list::page(call, open, &[], |session| {
                    json!({
                        "upload_id": session.id, "status": status(session, call.now),
                        "total_size": session.kept_number("total_size"), "chunk_size": CHUNK,
                        "total_chunks": total_chunks(session), "created_at": session.created.to_string(),
                        "expires_at": session.created.plus(SESSION_LIFE).to_string(),
                    })
                });
            }
            _ => {}
        }
        let found = self.uploads.get_mut(id);
        let session = found.ok_or_else(|| unknown(call, "upload session", id))?;
        if call.operation.verb == "get" {
            return show(session, call);
        }
        if status(session, call.now) == "expired" {
            let message = "The upload session has ended after 24 hours; begin a new one.";
            return Err(refuse(call, 400, "upload_session_expired", message));
        }
        if call.operation.verb == "create_presigned_urls" {
            let number = |name: &str| call.field(name).and_then(Value::as_u64).unwrap_or_default();
            let (start, count) = (number("start"), number("count"));
            if !(1..=total_chunks(session)).contains(&start) {
                return Err(invalid(call, "start", "it must be the number of a chunk"));
            }
            if count == 0 {
                return Err(invalid(call, "count", "it must be from 1 to 50"));
            }
            let urls = mint(session, call, start, count, draw);
            let body = json!({
                "upload_id": session.id, "start_index": start, "count": urls.as_array().map(Vec::len),
                "upload_urls": urls, "generated_at": call.now.to_string(),
                "expires_at": call.now.plus(ADDRESS_LIFE).to_string(),
            });
            return Ok(Answer::json(200, &body));
        }
        self.report(call)
    }

    fn create_upload(&mut self, call: &Call, draw: &mut Draw) -> Outcome {
        let size = call.field("total_size").and_then(Value::as_u64).unwrap_or_default();
        let most = if call.body["type"] == "image" { LARGEST_IMAGE } else { LARGEST };
        if !(1..=most).contains(&size) {
            let should = format!("it must be from 1 to {most} bytes");
            return Err(invalid(call, "total_size", &should));
        }
        if call.body["filename"] == "" {
            return Err(invalid(call, "filename", "it must not be empty"));
        }
        if let Some(fields) = call.field("user_metadata") {
            fields_are_plain(call, fields)?;
        }
        let mut wanted = call.object();
        wanted.insert("asset".to_owned(), json!(draw.hex(24)));
        let (id, kept) = (draw.hex(24), Value::Object(wanted));
        let session = self.uploads.add(id, "", Value::Null, kept, call.now);
        let body = json!({
            "upload_id": session.id, "asset_id": session.kept_text("asset"),
            "upload_urls": mint(session, call, 1, FIRST, draw),
            "upload_headers": { "Content-Type": "application/octet-stream" },
            "chunk_size": CHUNK, "total_chunks": total_chunks(session),
            "expires_at": session.created.plus(SESSION_LIFE).to_string(),
        });
        Ok(Answer::json(201, &body))
    }

    fn report(&mut self, call: &Call) -> Outcome {
        let found = self.uploads.get_mut(call.id("upload_id"));
        let Some(session) = found else { return Err(unknown(call, "upload session", "")) };
        let (mut processed, mut duplicate) = (0, 0);
        let chunks = call.field("completed_chunks").and_then(Value::as_array);
        for chunk in chunks.into_iter().flatten() {
            let number = chunk["chunk_index"].as_u64().unwrap_or_default();
            let key = number.to_string();
            if !(1..=total_chunks(session)).contains(&number) {
                return Err(invalid(call, "chunk_index", "it must be the number of a chunk"));
            }
            if kept(session, "completed").is_some_and(|done| done.contains_key(&key)) {
                duplicate += 1;
                continue;
            }
            let sent = kept(session, "sent").and_then(|sent| sent.get(&key));
            let proof = chunk["proof"].as_str().unwrap_or_default().trim_matches('"');
            if sent.is_none_or(|sent| sent["etag"] != proof)
                || chunk["chunk_size"].as_u64() != Some(chunk_size(session, number))
            {
                put(session, "failed", key, json!("The proof does not fit what was sent."));
                let message =
                    format!("Chunk {number} was not sent, or its proof or size is wrong.");
                return Err(refuse(call, 400, "chunk_verification_failed", &message));
            }
            if let Some(failed) = session.kept.get_mut("failed").and_then(Value::as_object_mut) {
                failed.remove(&key);
            }
            put(session, "completed", key, json!(call.now));
            session.updated = call.now;
            processed += 1;
        }
        let total = completed(session);
        let asset = session.kept_text("asset").to_owned();
        let mut body = json!({
            "asset_id": asset, "processed_chunks": processed, "duplicate_chunks": duplicate, "total_completed": total,
        });
        if total as u64 == total_chunks(session) {
            body["url"] = json!(format!("https://files.twelvelabs.example/assets/{asset}"));
            let session = session.clone();
            if self.assets.get(&asset).is_none() && processed > 0 {
                self.finish(&session, asset, call.now);
            }
        }
        Ok(Answer::json(200, &body))
    }

    /// The file has arrived: from now on it is an asset.
    fn finish(&mut self, session: &Thing, id: String, now: Moment) {
        let new = NewFile {
            id,
            method: "multipart",
            filename: session.kept_text("filename"),
            size: session.kept_number("total_size"),
            hls: session.kept_flag("enable_hls"),
            thumbnail: session.kept_flag("enable_thumbnail"),
            user_metadata: session.kept.get("user_metadata").cloned(),
            source: None,
        };
        self.add_asset(new, now);
    }

    /// A chunk comes to its address, as storage takes it.
    pub(super) fn receive_chunk(&mut self, call: &FileCall, upload: &str, chunk: &str) -> Answer {
        let denied = |message: &str| files::refuse(403, "AccessDenied", message);
        let Some(session) = self.uploads.get_mut(upload) else { return files::missing() };
        let signature = call.query("X-Amz-Signature").unwrap_or_default();
        let address = kept(session, "addresses").and_then(|all| all.get(signature));
        let number: u64 = chunk.parse().unwrap_or_default();
        let Some(address) = address.filter(|address| address["chunk"] == number) else {
            return denied("The address is not known or was used before.");
        };
        let expires: Option<Moment> = serde_json::from_value(address["expires"].clone()).ok();
        if expires.is_none_or(|expires| call.now >= expires) {
            return denied("Request has expired");
        }
        if call.size != chunk_size(session, number) {
            return files::refuse(
                400,
                if call.size > chunk_size(session, number) {
                    "EntityTooLarge"
                } else {
                    "EntityTooSmall"
                },
                "The chunk has another size than was announced.",
            );
        }
        if let Some(all) = session.kept.get_mut("addresses").and_then(Value::as_object_mut) {
            all.remove(signature);
        }
        let etag = call.sha256.get(..32).unwrap_or_default().to_owned();
        put(session, "sent", chunk.to_owned(), json!({ "etag": etag, "at": call.now }));
        session.updated = call.now;
        Answer::empty(200).header("etag", format!("\"{etag}\""))
    }
}

fn show(session: &Thing, call: &Call) -> Outcome {
    let has = |name: &str, chunk: u64| {
        kept(session, name).and_then(|map| map.get(&chunk.to_string())).is_some()
    };
    let chunks: Vec<u64> = (1..=total_chunks(session)).collect();
    let all = chunks.len();
    let failed = kept(session, "failed").map_or(0, Map::len);
    let sent: u64 = chunks
        .iter()
        .filter(|chunk| has("completed", **chunk))
        .map(|chunk| chunk_size(session, *chunk))
        .sum();
    let (page, info) = list::cut(call, chunks)?;
    let page: Vec<Value> = page
        .into_iter()
        .map(|chunk| {
            let mut shown = json!({ "index": chunk, "status": "pending", "updated_at": session.updated.to_string() });
            if has("completed", chunk) {
                shown["status"] = json!("completed");
                shown["uploaded_at"] = json!(session.updated.to_string());
            } else if has("failed", chunk) {
                shown["status"] = json!("failed");
                shown["error"] = kept(session, "failed").map(|map| map[&chunk.to_string()].clone()).unwrap_or_default();
            }
            shown
        })
        .collect();
    let (done, status) = (completed(session), status(session, call.now));
    let end = session.created.plus(SESSION_LIFE);
    let updated = if status == "expired" { end } else { session.updated };
    let body = json!({
        "upload_id": session.id, "status": status, "uploaded_chunks": page, "page_info": info,
        "chunks_completed": done, "chunks_failed": failed, "chunks_pending": all - done - failed,
        "total_size": session.kept_number("total_size"), "uploaded_size": sent,
        "created_at": session.created.to_string(), "updated_at": updated.to_string(),
    });
    Ok(Answer::json(200, &body))
}
