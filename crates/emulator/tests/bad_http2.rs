//! What strangers may send over HTTP/2: bounded, refused, and never the end of the emulator.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/secure.rs"]
mod secure;
mod support;

use bytes::Bytes;
use framekey_catalog::Service;
use h2::client::SendRequest;
use hyper::Request;
use secure::socket;
use support::Lab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

async fn line(lab: &Lab) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let (send, connection) = h2::client::handshake(socket(lab).await).await.unwrap();
    (send, tokio::spawn(connection))
}

fn list() -> Request<()> {
    Request::get("http://localhost/api-video/videos").body(()).unwrap()
}

fn is_long() -> bool {
    std::env::var_os("FRAMEKEY_LONG").is_some()
}

/// Bytes of this process in memory.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

async fn still_works(lab: &Lab) {
    assert_eq!(lab.video("GET", "/videos").send().await.status, 200);
}

#[tokio::test]
async fn ten_gib_announced_are_refused_before_they_come() {
    let lab = Lab::new().await;
    let (send, _line) = line(&lab).await;
    let request = Request::post("http://localhost/twelve-labs/v1.3/indexes")
        .header("content-type", "application/json")
        .header("content-length", "10737418240")
        .body(())
        .unwrap();
    let mut send = send.ready().await.unwrap();
    let (answer, _body) = send.send_request(request, false).unwrap();
    assert_eq!(answer.await.unwrap().status(), 413);
    still_works(&lab).await;
}

#[tokio::test]
async fn huge_heads_are_refused() {
    let lab = Lab::new().await;
    let (send, _line) = line(&lab).await;
    let mut send = send.ready().await.unwrap();
    let long = "a".repeat(90_000);
    let request = Request::get("http://localhost/api-video/videos").header("x-a", long);
    let (answer, _) = send.send_request(request.body(()).unwrap(), true).unwrap();
    let refused = match answer.await {
        Ok(answer) => answer.status() == 431,
        Err(error) => error.is_remote(),
    };
    assert!(refused);
    still_works(&lab).await;
}

/// One connection after the other; a hundred with `FRAMEKEY_LONG=1`.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn rapid_resets_leave_nothing_behind() {
    let lab = Lab::new().await;
    let before = resident();
    for _ in 0..if is_long() { 100 } else { 2 } {
        let (send, line) = line(&lab).await;
        for _ in 0..5000 {
            let Ok(mut ready) = send.clone().ready().await else { break };
            let Ok((_, mut body)) = ready.send_request(list(), false) else { break };
            body.send_reset(h2::Reason::CANCEL);
            tokio::task::yield_now().await;
            if line.is_finished() {
                break;
            }
        }
        drop(send);
        let _ = tokio::time::timeout(std::time::Duration::from_secs(10), line).await.unwrap();
    }
    let (more, asked) = (resident().saturating_sub(before), lab.emulator.journal().len());
    println!("{more} bytes more, {asked} requests in the journal");
    assert!(more < 64 << 20, "{more} bytes");
    still_works(&lab).await;
}

/// On 10 connections; on 100 with `FRAMEKEY_LONG=1`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn a_hundred_streams_on_each_of_many_connections_cost_little() {
    let lab = Lab::new().await;
    lab.emulator.fault(framekey_emulator::Fault {
        delay: Some(if is_long() { 3.0 } else { 0.3 }),
        ..framekey_emulator::Fault::of(Service::ApiVideo, "videos.list")
    });
    let before = resident();
    let (mut lines, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..if is_long() { 100 } else { 10 } {
        let (mut send, line) = line(&lab).await;
        for _ in 0..100 {
            send = send.ready().await.unwrap();
            answers.push(send.send_request(list(), true).unwrap().0);
        }
        lines.push((send, line));
    }
    while lab.emulator.calls(Service::ApiVideo, "videos.list") < answers.len() as u64 {
        tokio::task::yield_now().await;
    }
    let each = resident().saturating_sub(before) / answers.len();
    println!("{} streams at once, {each} bytes each, both ends", answers.len());
    assert!(each < 32_768, "{each} bytes each");
    for answer in answers {
        assert_eq!(answer.await.unwrap().status(), 401, "none is refused, none is lost");
    }
    lab.emulator.clear_faults();
    still_works(&lab).await;
}

#[tokio::test]
async fn a_thousand_streams_at_once_are_answered_or_refused() {
    let lab = Lab::new().await;
    lab.emulator.fault(framekey_emulator::Fault {
        delay: Some(0.1),
        ..framekey_emulator::Fault::of(Service::ApiVideo, "videos.list")
    });
    let (mut send, _line) = line(&lab).await;
    let mut answers = Vec::new();
    for _ in 0..1000 {
        send = send.ready().await.unwrap();
        answers.push(send.send_request(list(), true).unwrap().0);
    }
    let (mut answered, mut refused) = (0, 0);
    for answer in answers {
        match answer.await {
            Ok(answer) => {
                assert_eq!(answer.status(), 401, "without a credential, but an answer");
                answered += 1;
            }
            Err(error) => {
                assert_eq!(error.reason(), Some(h2::Reason::REFUSED_STREAM), "{error}");
                refused += 1;
            }
        }
    }
    assert!(answered > 200 && answered + refused == 1000, "{answered} answered");
    assert_eq!(lab.emulator.journal().len(), answered, "what was answered is in the journal");
}

#[tokio::test]
async fn frames_that_make_no_sense_end_their_connection() {
    let lab = Lab::new().await;
    let mut seed = 0x5eed_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 24) as u8
    };
    for _ in 0..200 {
        let mut bytes = PREFACE.to_vec();
        bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
        for _ in 0..4 {
            let length = next() % 40;
            bytes.extend([0, 0, length, next() % 12, next(), 0, 0, 0, next() % 8]);
            bytes.extend((0..length).map(|_| next()));
        }
        let mut socket = socket(&lab).await;
        let _ = socket.write_all(&bytes).await;
        let _ = socket.shutdown().await;
        let mut got = Vec::new();
        let _ = socket.read_to_end(&mut got).await;
    }
    still_works(&lab).await;
}
