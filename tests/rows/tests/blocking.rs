//! The blocking calls: on plain threads, inside runtimes, for streams and uploads.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "helpers of tests")]

use framekey::blocking::{Wait, each};
use framekey::twelve_labs::types::{VideoContext, VideoContextUrl};
use framekey::upload::Upload;
use framekey::{ApiVideo, ErrorKind, Service, TwelveLabs};
use framekey_emulator::{Config, Emulator, Fault};

/// An emulator on a runtime of its own, so that blocked tests do not block it.
struct Stage {
    emulator: Emulator,
    _runtime: tokio::runtime::Runtime,
}

impl Stage {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let emulator = runtime.block_on(Emulator::start(Config::default())).unwrap();
        Stage { emulator, _runtime: runtime }
    }

    fn api_video(&self) -> ApiVideo {
        let key = &self.emulator.credentials().api_video_key;
        let url = self.emulator.base_url(Service::ApiVideo);
        ApiVideo::builder().environment(|_| None).api_key(key).base_url(url).build().unwrap()
    }

    fn twelve_labs(&self) -> TwelveLabs {
        let key = &self.emulator.credentials().twelve_labs_key;
        let url = self.emulator.base_url(Service::TwelveLabs);
        TwelveLabs::builder().environment(|_| None).api_key(key).base_url(url).build().unwrap()
    }
}

fn make_and_find(av: &ApiVideo) {
    let made = av.videos().create("Holiday").wait().unwrap();
    let found = av.videos().get(made.video_id.clone()).response().wait().unwrap();
    assert_eq!((found.status(), &found.video_id), (200, &made.video_id));
}

#[test]
fn a_thread_without_a_runtime_waits_for_calls() {
    let stage = Stage::new();
    let av = stage.api_video();
    make_and_find(&av);
    let error = av.videos().get("vi-unknown").wait().unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFound, Some("videos.get")));
}

#[test]
fn inside_a_runtime_a_call_is_waited_for_and_nothing_panics() {
    let stage = Stage::new();
    let av = stage.api_video();
    let many = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    many.block_on(async {
        make_and_find(&av);
        let av = av.clone();
        let on_worker = tokio::spawn(async move { make_and_find(&av) });
        on_worker.await.unwrap();
    });
    let one = of_one_thread();
    one.block_on(async {
        make_and_find(&av);
        let av = av.clone();
        tokio::task::spawn_blocking(move || make_and_find(&av)).await.unwrap();
    });
}

#[test]
fn an_awaited_call_and_a_blocking_one_share_the_token() {
    let stage = Stage::new();
    let av = stage.api_video();
    make_and_find(&av);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { av.videos().list().await.unwrap() });
    av.videos().list().wait().unwrap();
    let exchanges = stage.emulator.journal();
    let exchanges =
        exchanges.iter().filter(|entry| entry.operation == Some("access_tokens.create"));
    assert_eq!(exchanges.count(), 1);
}

/// A runtime of one thread serves its connections and tasks only while somebody is in it.
fn of_one_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_call_does_not_wait_on_a_connection_of_a_runtime_where_nobody_is() {
    let stage = Stage::new();
    // No exchange, whose connection would serve: it belongs to threads of ours.
    let tl = stage.twelve_labs();
    let (one, another) = (of_one_thread(), of_one_thread());
    one.block_on(async { tl.indexes().list().await.unwrap() });
    tl.indexes().list().wait().unwrap();
    another.block_on(async { tl.indexes().list().await.unwrap() });
    one.block_on(async {
        tl.indexes().list().await.unwrap();
        tl.indexes().list().wait().unwrap();
        tl.indexes().list().await.unwrap();
    });
}

#[test]
fn tk_09_an_exchange_gets_on_when_nobody_is_in_the_runtime_that_began_it() {
    let stage = Stage::new();
    let av = stage.api_video();
    let one = of_one_thread();
    one.block_on(async {
        // Polled once, which is when the exchange begins.
        let call = av.videos().list().into_future();
        assert!(futures_util::FutureExt::now_or_never(call).is_none());
    });
    av.videos().list().wait().unwrap();
    let exchanges = stage.emulator.journal();
    let exchanges =
        exchanges.iter().filter(|entry| entry.operation == Some("access_tokens.create"));
    assert_eq!(exchanges.count(), 1);
}

#[test]
fn a_stream_is_gone_through_value_by_value() {
    let stage = Stage::new();
    let tl = stage.twelve_labs();
    let video = VideoContext::Url(VideoContextUrl::new("https://example.com/river.mp4"));
    let ask = tl.analyze().create().video(video).prompt("What is seen?");
    let events = ask.stream().wait().unwrap();
    let events = each(events).collect::<Result<Vec<_>, _>>().unwrap();
    assert!(!events.is_empty());
}

#[test]
fn an_upload_that_borrows_its_client_is_waited_for() {
    let stage = Stage::new();
    let av = stage.api_video();
    let made = av.videos().create("Holiday").wait().unwrap();
    let clip = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/clip.mp4");
    let video = Upload::file(clip).to_video(av.dynamic(), &made.video_id).wait().unwrap();
    assert_eq!(video["videoId"], made.video_id.as_str());
}

#[test]
fn a_fault_of_the_service_arrives_as_the_same_error() {
    let stage = Stage::new();
    let refused = serde_json::json!({ "title": "Not now" });
    stage.emulator.fault(Fault::always(Service::ApiVideo, "videos.list", 503, refused));
    let error = stage.api_video().videos().list().wait().unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Server, Some(503)));
}
