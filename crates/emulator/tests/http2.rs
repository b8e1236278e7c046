//! HTTP/2, over TLS and without, and faults frame by frame: seen by a client that hides none.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/secure.rs"]
mod secure;
mod support;

use bytes::Bytes;
use framekey_catalog::Service;
use framekey_emulator::{Code, Fault, GoAway};
use h2::Reason;
use h2::client::SendRequest;
use secure::{Trust, handshake, socket};
use serde_json::json;
use support::Lab;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

/// A connection, and how it ends.
struct Line {
    send: SendRequest<Bytes>,
    end: JoinHandle<Result<(), h2::Error>>,
}

impl Line {
    async fn on(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        Line { send, end: tokio::spawn(connection) }
    }

    /// Over plain TCP, known to be HTTP/2 beforehand.
    async fn to(lab: &Lab) -> Self {
        Line::on(socket(lab).await).await
    }

    /// Asks for something of api.video: status and body.
    async fn ask(&mut self, lab: &Lab, path: &str) -> Result<(u16, Bytes), (usize, h2::Error)> {
        let basic = lab.video("GET", "").header_value("authorization");
        let request = hyper::Request::get(format!("http://localhost/api-video{path}"))
            .header("authorization", basic)
            .body(())
            .unwrap();
        let mut send = self.send.clone().ready().await.map_err(|error| (0, error))?;
        let (answer, _) = send.send_request(request, true).map_err(|error| (0, error))?;
        let (head, mut body) = answer.await.map_err(|error| (0, error))?.into_parts();
        let mut whole = Vec::new();
        while let Some(piece) = body.data().await {
            let piece = piece.map_err(|error| (whole.len(), error))?;
            let _ = body.flow_control().release_capacity(piece.len());
            whole.extend_from_slice(&piece);
        }
        Ok((head.status.as_u16(), whole.into()))
    }
}

fn listing(fault: Fault) -> Fault {
    Fault { operation: "videos.list".to_owned(), ..fault }
}

#[tokio::test]
async fn both_ways_lead_to_http2() {
    let lab = Lab::new().await;
    let mut plain = Line::to(&lab).await;
    let stream = handshake(&lab, "localhost", &Trust::of(&lab), &[b"h2"]).await.unwrap();
    let mut secure = Line::on(stream).await;
    for _ in 0..3 {
        assert_eq!(plain.ask(&lab, "/videos").await.unwrap().0, 200);
        assert_eq!(secure.ask(&lab, "/videos").await.unwrap().0, 200);
    }
    let (_, page) = secure.ask(&lab, "/videos").await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains("https://127.0.0.1:"));
    let journal = lab.emulator.journal();
    assert_eq!(journal.len(), 7);
    assert!(journal.iter().all(|entry| entry.protocol == "h2"));
    assert_eq!(journal.iter().filter(|entry| entry.tls).count(), 4);
}

#[tokio::test]
async fn a_stream_is_refused_and_the_others_go_on() {
    let lab = Lab::new().await;
    let mut line = Line::to(&lab).await;
    for (code, reason) in [
        (None, Reason::INTERNAL_ERROR),
        (Some(Code::RefusedStream), Reason::REFUSED_STREAM),
        (Some(Code::EnhanceYourCalm), Reason::ENHANCE_YOUR_CALM),
        (Some(Code::Http11Required), Reason::HTTP_1_1_REQUIRED),
    ] {
        lab.emulator.clear_faults();
        lab.emulator.fault(listing(Fault {
            reset: true,
            code,
            times: Some(1),
            ..Fault::default()
        }));
        let (_, error) = line.ask(&lab, "/videos").await.unwrap_err();
        assert!(error.is_reset() && error.is_remote(), "{error}");
        assert_eq!(error.reason(), Some(reason));
        assert_eq!(line.ask(&lab, "/videos").await.unwrap().0, 200, "on the same connection");
    }
    let refused = lab.emulator.journal().iter().filter(|entry| entry.status == 0).count();
    assert_eq!(refused, 4, "each is in the journal");
}

#[tokio::test]
async fn a_body_breaks_off_after_its_bytes() {
    let lab = Lab::new().await;
    let mut line = Line::to(&lab).await;
    lab.emulator.fault(listing(Fault { cut: Some(5), times: Some(1), ..Fault::default() }));
    let (came, error) = line.ask(&lab, "/videos").await.unwrap_err();
    assert_eq!((came, error.reason()), (5, Some(Reason::INTERNAL_ERROR)));
    let code = Some(Code::Cancel);
    let reset = Fault { cut: Some(7), reset: true, code, times: Some(1), ..Fault::default() };
    lab.emulator.fault(listing(reset));
    let (came, error) = line.ask(&lab, "/videos").await.unwrap_err();
    assert_eq!((came, error.reason()), (7, Some(Reason::CANCEL)));
    assert_eq!(line.ask(&lab, "/videos").await.unwrap().0, 200);
    lab.emulator.fault(listing(Fault { stall: true, ..Fault::default() }));
    let stalled = line.ask(&lab, "/videos");
    let waited = tokio::time::timeout(std::time::Duration::from_millis(100), stalled).await;
    assert!(waited.is_err(), "it never ends");
    assert_eq!(line.ask(&lab, "/tags").await.unwrap().0, 200, "which holds nobody else up");
}

#[tokio::test]
async fn a_server_that_leaves_says_what_it_looked_at() {
    let lab = Lab::new().await;
    let abrupt = Fault { goaway: Some(GoAway::Abrupt), times: Some(1), ..Fault::default() };
    let calm = Fault { code: Some(Code::EnhanceYourCalm), ..abrupt.clone() };
    let late = Fault { after_commit: true, ..abrupt.clone() };
    let broken = Fault { cut: Some(4), ..abrupt.clone() };
    for (fault, reason, looked_at) in [
        (abrupt, Reason::NO_ERROR, false),
        (calm, Reason::ENHANCE_YOUR_CALM, false),
        (late, Reason::NO_ERROR, true),
        (broken, Reason::NO_ERROR, true),
    ] {
        lab.emulator.reset();
        let mut line = Line::to(&lab).await;
        for _ in 0..2 {
            assert_eq!(line.ask(&lab, "/videos").await.unwrap().0, 200);
        }
        lab.emulator.fault(listing(fault.clone()));
        let (came, error) = line.ask(&lab, "/videos").await.unwrap_err();
        assert_eq!(came, usize::try_from(fault.cut.unwrap_or(0)).unwrap());
        // The client of h2 gives those that were not looked at the frame, and lets the others wait
        // for the end of the connection.
        assert_eq!(error.is_go_away(), !looked_at, "{fault:?}: {error}");
        if !looked_at {
            assert_eq!(error.reason(), Some(reason), "{fault:?}");
        }
        let ended = line.end.await.unwrap();
        assert_eq!(ended.err().and_then(|end| end.reason()).unwrap_or(Reason::NO_ERROR), reason);
    }
}

#[tokio::test]
async fn a_server_that_takes_leave_answers_what_has_come() {
    let lab = Lab::new().await;
    let goaway = Some(GoAway::Graceful);
    lab.emulator.fault(listing(Fault { goaway, times: Some(1), ..Fault::default() }));
    let mut line = Line::to(&lab).await;
    assert_eq!(line.ask(&lab, "/videos").await.unwrap().0, 200);
    let after = async { while line.ask(&lab, "/tags").await.is_ok() {} };
    tokio::time::timeout(std::time::Duration::from_secs(5), after).await.unwrap();
    assert!(line.end.await.unwrap().is_ok(), "in order");
    assert_eq!(lab.emulator.journal()[0].status, 200);

    // In HTTP/1 the connection ends after the answer, and an abrupt leave is no answer.
    lab.emulator.reset();
    lab.emulator.fault(listing(Fault { goaway, ..Fault::default() }));
    let got = lab.video("GET", "/videos").send().await;
    assert_eq!((got.status, got.header("connection")), (200, "close"));
    lab.emulator.clear_faults();
    lab.emulator.fault(listing(Fault { goaway: Some(GoAway::Abrupt), ..Fault::default() }));
    assert!(lab.video("GET", "/videos").try_send().await.is_err());
}

#[tokio::test]
async fn raw_bytes_end_a_connection() {
    let lab = Lab::new().await;
    let raw = Some(String::new());
    lab.emulator.fault(listing(Fault { raw, ..Fault::default() }));
    let mut line = Line::to(&lab).await;
    assert!(line.ask(&lab, "/videos").await.is_err());
    assert!(line.ask(&lab, "/tags").await.is_err(), "it is gone");
    let code = json!({ "code": "cancel", "status": 500 });
    let got = lab.control("POST", "faults").json(code).send().await;
    assert!(got.json()["error"].as_str().unwrap().starts_with("code:"));
    assert_eq!(lab.emulator.calls(Service::ApiVideo, "videos.list"), 1);
}
