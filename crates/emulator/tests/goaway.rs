//! What a GOAWAY of the emulator says it looked at, frame by frame: streams that clients number as they
//! like, streams that were never accepted, requests at the same time.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/secure.rs"]
mod secure;
mod support;

use framekey_catalog::Service::ApiVideo;
use framekey_emulator::{Fault, GoAway};
use secure::socket;
use support::Lab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const HEADERS: u8 = 1;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![size[1], size[2], size[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field that HPACK does not index (RFC 7541, section 6.2.2), by the number of its name.
fn field(name: &[u8], value: &str) -> Vec<u8> {
    let mut field = name.to_vec();
    field.push(u8::try_from(value.len()).unwrap());
    field.extend(value.as_bytes());
    field
}

/// The head of a GET below api.video.
fn head(lab: &Lab, path: &str) -> Vec<u8> {
    let basic = lab.video("GET", "").header_value("authorization");
    // `:method: GET` and `:scheme: http` have numbers.
    let mut head = vec![0x82, 0x86];
    head.extend(field(&[0x01], "localhost"));
    head.extend(field(&[0x04], &format!("/api-video{path}")));
    head.extend(field(&[0x0f, 0x08], &basic));
    head
}

/// A whole request: the flags say that head and stream end.
fn get(lab: &Lab, stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, 5, stream, &head(lab, path))
}

async fn line(lab: &Lab) -> TcpStream {
    let mut line = socket(lab).await;
    line.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    line.write_all(&frame(4, 0, 0, &[])).await.unwrap();
    line
}

/// The frames up to one of this kind, and that one's payload.
async fn until(line: &mut TcpStream, kind: u8, stream: u32) -> Vec<u8> {
    loop {
        let mut head = [0; 9];
        line.read_exact(&mut head).await.unwrap();
        let size = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(size).unwrap()];
        line.read_exact(&mut payload).await.unwrap();
        if head[3] == kind && head[5..] == stream.to_be_bytes() {
            return payload;
        }
    }
}

/// The last stream that the server looked at, as it says.
async fn last(line: &mut TcpStream) -> u32 {
    let payload = until(line, GO_AWAY, 0).await;
    u32::from_be_bytes(payload[..4].try_into().unwrap())
}

fn leaves(operation: &str) -> Fault {
    Fault { goaway: Some(GoAway::Abrupt), ..Fault::of(ApiVideo, operation) }
}

#[tokio::test]
async fn numbers_that_are_left_out_and_heads_in_pieces_are_told_right() {
    let lab = Lab::new().await;
    lab.emulator.fault(leaves("tags.list"));
    let mut line = line(&lab).await;
    line.write_all(&get(&lab, 5, "/videos")).await.unwrap();
    until(&mut line, HEADERS, 5).await;
    let head = head(&lab, "/videos");
    let (first, rest) = head.split_at(9);
    let pieces = [frame(HEADERS, 1, 77, first), frame(CONTINUATION, 4, 77, rest)].concat();
    for byte in pieces {
        line.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    until(&mut line, HEADERS, 77).await;
    line.write_all(&get(&lab, 91, "/tags")).await.unwrap();
    assert_eq!(last(&mut line).await, 77, "91 was not looked at, which 89 would say too late");
    assert_eq!(lab.emulator.calls(ApiVideo, "videos.list"), 2);
}

#[tokio::test]
async fn a_stream_that_was_never_accepted_counts_for_nothing() {
    let lab = Lab::new().await;
    lab.emulator.fault(leaves("tags.list"));
    let mut line = line(&lab).await;
    // A request without a path, and a good one, in one write: h2 refuses the first by itself.
    let bad = frame(HEADERS, 5, 1, &[0x82, 0x86]);
    line.write_all(&[bad, get(&lab, 3, "/videos")].concat()).await.unwrap();
    until(&mut line, HEADERS, 3).await;
    line.write_all(&get(&lab, 5, "/tags")).await.unwrap();
    assert_eq!(last(&mut line).await, 3);
}

#[tokio::test]
async fn who_opens_and_resets_in_haste_is_let_go() {
    let lab = Lab::new().await;
    let mut line = line(&lab).await;
    let pair = |number: u32| [get(&lab, number, "/videos"), frame(3, 0, number, &[0, 0, 0, 8])];
    let all: Vec<u8> = (0..1000).flat_map(|at| pair(at * 2 + 1)).flatten().collect();
    // It may be gone before it has heard all.
    let _ = line.write_all(&all).await;
    let payload = until(&mut line, GO_AWAY, 0).await;
    assert_eq!(payload[4..8], [0, 0, 0, 11], "ENHANCE_YOUR_CALM");
    assert!(lab.emulator.calls(ApiVideo, "videos.list") < 200, "long before the last");
}

#[tokio::test]
async fn what_was_carried_out_meanwhile_is_told() {
    let lab = Lab::new().await;
    lab.emulator.fault(Fault { delay: Some(0.1), ..leaves("tags.list") });
    let mut line = line(&lab).await;
    line.write_all(&[get(&lab, 1, "/tags"), get(&lab, 3, "/videos")].concat()).await.unwrap();
    until(&mut line, HEADERS, 3).await;
    assert_eq!(last(&mut line).await, 3, "although 1 was not looked at");
}

#[tokio::test]
async fn nothing_is_carried_out_behind_the_last_stream() {
    let lab = Lab::new().await;
    lab.emulator.fault(leaves("tags.list"));
    for _ in 0..20 {
        let before = lab.emulator.calls(ApiVideo, "videos.list");
        let mut line = line(&lab).await;
        let many = (1..30).map(|number| get(&lab, number * 2 + 1, "/videos"));
        let all: Vec<u8> = [get(&lab, 1, "/tags")].into_iter().chain(many).flatten().collect();
        line.write_all(&all).await.unwrap();
        let last = last(&mut line).await;
        line.read_to_end(&mut Vec::new()).await.unwrap();
        let carried_out = lab.emulator.calls(ApiVideo, "videos.list") - before;
        let told = u64::from(last.saturating_sub(1)) / 2;
        assert!(carried_out <= told, "{carried_out} were, up to stream {last} is said");
    }
}
