"""api.video: upload tokens with uploads by them, webhooks with their calls, and analytics."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import queue
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from api_video_client import CLIENT, LEAST_PART, connected, until
from apivideo.api.analytics_api import AnalyticsApi
from apivideo.api.upload_tokens_api import UploadTokensApi
from apivideo.api.videos_api import VideosApi
from apivideo.api.webhooks_api import WebhooksApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.filter_by2 import FilterBy2
from apivideo.model.token_creation_payload import TokenCreationPayload
from apivideo.model.video_creation_payload import VideoCreationPayload
from apivideo.model.webhooks_creation_payload import WebhooksCreationPayload


@pytest.fixture(scope="module")
def emulator(emulator_of):
    return emulator_of(CLIENT)


@pytest.fixture(scope="module")
def client(emulator):
    return connected(emulator)


@pytest.fixture
def calls():
    """An address on loopback and what it was sent: headers and body."""
    seen: queue.Queue = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.put((dict(self.headers), body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", seen
    server.shutdown()
    server.server_close()


def named(name: str, content: bytes) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def test_upload_tokens(client, emulator):
    tokens = UploadTokensApi(client)
    made = tokens.create_token(TokenCreationPayload(ttl=60))
    assert (made.ttl, tokens.get_token(made.token).expires_at - made.created_at) == (60, timedelta(seconds=60))
    endless = tokens.create_token(TokenCreationPayload(ttl=0))
    assert endless.expires_at is None
    listed = tokens.list(sort_by="ttl", sort_order="desc", page_size=1)
    assert [token.token for token in listed.data] == [made.token]
    tokens.delete_token(made.token)
    with pytest.raises(NotFoundException):
        tokens.get_token(made.token)
    short = tokens.create_token(TokenCreationPayload(ttl=5))
    emulator.advance(6)
    with pytest.raises(ApiException) as refused:
        VideosApi(client).upload_with_upload_token(short.token, named("late.mp4", b"late"))
    assert refused.value.status == 401


def test_a_delegated_upload_is_a_video_of_the_account(client):
    token = UploadTokensApi(client).create_token(TokenCreationPayload(ttl=0)).token
    videos = VideosApi(client)
    small = videos.upload_with_upload_token(token, named("small.mp4", b"small"))
    assert videos.get(small.video_id).title == "small.mp4"
    session = videos.create_upload_with_upload_token_progressive_session(token)
    first = session.uploadPart(named("1.part", b"1" * LEAST_PART))
    last = session.uploadLastPart(named("2.part", b"2"))
    assert last.video_id == first.video_id
    assert videos.get_status(last.video_id).ingest.filesize == LEAST_PART + 1


def test_a_webhook_is_called_and_signed(client, calls):
    url, seen = calls
    webhooks = WebhooksApi(client)
    events = ["video.encoding.quality.completed"]
    made = webhooks.create(WebhooksCreationPayload(events=events, url=url))
    assert (made.url, list(made.events)) == (url, events)
    secret = webhooks.get(made.webhook_id).signature_secret
    assert secret == made.signature_secret
    assert [hook.url for hook in webhooks.list(events=events[0]).data] == [url]
    video = VideosApi(client).create(VideoCreationPayload(title="told")).video_id
    VideosApi(client).upload(video, named("clip.mp4", b"clip"))
    # Videos of other tests may still be encoding.
    headers, body = next(call for call in iter(lambda: seen.get(timeout=5), None) if video.encode() in call[1])
    headers = {name.lower(): value for name, value in headers.items()}
    told = json.loads(body)
    assert (told["type"], told["videoId"], told["encoding"]) == (events[0], video, "hls")
    assert headers["x-api-video-webhookid"] == made.webhook_id
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-api-video-signature"] == expected
    webhooks.delete(made.webhook_id)
    with pytest.raises(NotFoundException):
        webhooks.get(made.webhook_id)
    with pytest.raises(ApiException) as refused:
        webhooks.create(WebhooksCreationPayload(events=events, url="ftp://example.com/"))
    assert json.loads(refused.value.body)["name"] == "url"


def test_analytics_add_up(client):
    videos, analytics = VideosApi(client), AnalyticsApi(client)
    made = videos.create(VideoCreationPayload(title="watched", tags=["analysed"])).video_id
    videos.upload(made, named("clip.mp4", b"clip"))
    until(lambda: videos.get_status(made).encoding.playable, "playable")
    whole = analytics.get_aggregated_metrics("play", "count", filter_by=FilterBy2(media_id=[made]))
    assert (whole.context.metric, whole.context.aggregation) == ("play", "count")
    assert whole.data >= 10
    split = analytics.get_metrics_breakdown("play", "media-id", page_size=100)
    figures = {item.dimension_value: item.metric_value for item in split.data}
    assert figures[made] == whole.data
    now = datetime.now(timezone.utc)
    series = analytics.get_metrics_over_time("play", _from=now - timedelta(hours=5), to=now, interval="hour")
    assert series.context.interval == "hour" and len(series.data) == 5
    assert sum(item.metric_value for item in series.data) == sum(figures.values())
    with pytest.raises(NotFoundException) as refused:
        analytics.get_aggregated_metrics("start", "sum")
    assert "unrecognized-request-url" in json.loads(refused.value.body)["type"]
