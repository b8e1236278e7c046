"""api.video: captions, chapters, players, live streams, watermarks and summaries."""

from __future__ import annotations

import io
import json

import pytest
from api_video_client import CLIENT, connected, until
from apivideo.api.captions_api import CaptionsApi
from apivideo.api.chapters_api import ChaptersApi
from apivideo.api.live_streams_api import LiveStreamsApi
from apivideo.api.player_themes_api import PlayerThemesApi
from apivideo.api.summaries_api import SummariesApi
from apivideo.api.videos_api import VideosApi
from apivideo.api.watermarks_api import WatermarksApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.captions_update_payload import CaptionsUpdatePayload
from apivideo.model.live_stream_creation_payload import LiveStreamCreationPayload
from apivideo.model.live_stream_update_payload import LiveStreamUpdatePayload
from apivideo.model.player_theme_creation_payload import PlayerThemeCreationPayload
from apivideo.model.player_theme_update_payload import PlayerThemeUpdatePayload
from apivideo.model.restreams_request_object import RestreamsRequestObject
from apivideo.model.summary_creation_payload import SummaryCreationPayload
from apivideo.model.summary_update_payload import SummaryUpdatePayload
from apivideo.model.video_creation_payload import VideoCreationPayload
from apivideo.model.video_watermark import VideoWatermark


@pytest.fixture(scope="module")
def emulator(emulator_of):
    return emulator_of(CLIENT)


@pytest.fixture(scope="module")
def client(emulator):
    return connected(emulator)


@pytest.fixture(scope="module")
def video(client):
    return VideosApi(client).create(VideoCreationPayload(title="with everything")).video_id


def named(name: str, content: bytes = b"bytes") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def gone(call) -> bool:
    with pytest.raises(NotFoundException) as missing:
        call()
    return json.loads(missing.value.body)["type"].endswith("resource-not-found")


def test_captions(client, video):
    captions = CaptionsApi(client)
    for language in ["en", "fr"]:
        assert captions.upload(video, language, named("track.vtt", b"WEBVTT")).srclang == language
    assert captions.get(video, "fr").language_name == "Français"
    assert captions.update(video, "fr", CaptionsUpdatePayload(default=True)).default is True
    assert [(one.srclang, one.default) for one in captions.list(video).data] == [("en", False), ("fr", True)]
    captions.delete(video, "fr")
    assert gone(lambda: captions.get(video, "fr"))
    with pytest.raises(ApiException) as refused:
        captions.upload(video, "e_n", named("track.vtt"))
    assert json.loads(refused.value.body)["name"] == "language"


def test_chapters(client, video):
    chapters = ChaptersApi(client)
    assert chapters.upload(video, "de", named("track.vtt", b"WEBVTT")).language == "de"
    assert chapters.get(video, "de").uri == f"/videos/{video}/chapters/de"
    assert [one.language for one in chapters.list(video).data] == ["de"]
    chapters.delete(video, "de")
    assert gone(lambda: chapters.get(video, "de"))


def test_players(client):
    players = PlayerThemesApi(client)
    made = players.create(PlayerThemeCreationPayload(name="Mine", hide_title=True, link="rgba(1, 2, 3, 1)"))
    assert (made.name, made.hide_title, made.enable_api) == ("Mine", True, True)
    changed = players.update(made.player_id, PlayerThemeUpdatePayload(name="Ours"))
    assert (changed.name, changed.link) == ("Ours", "rgba(1, 2, 3, 1)")
    logo = players.upload_logo(made.player_id, named("logo.png"), link="https://example.com/")
    assert logo.assets.link == "https://example.com/"
    assert made.player_id in players.get(made.player_id).assets.logo
    players.delete_logo(made.player_id)
    assert "assets" not in players.get(made.player_id).to_dict()
    listed = players.list(sort_by="name", sort_order="asc").data
    assert made.player_id in [player.player_id for player in listed]
    players.delete(made.player_id)
    assert gone(lambda: players.get(made.player_id))


def test_live_streams(client, emulator):
    streams = LiveStreamsApi(client)
    target = RestreamsRequestObject(name="other", server_url="rtmp://example.com/live", stream_key="key")
    made = streams.create(LiveStreamCreationPayload(name="On air", restreams=[target]))
    assert (made.name, made.restreams[0].server_url) == ("On air", "rtmp://example.com/live")
    changed = streams.update(made.live_stream_id, LiveStreamUpdatePayload(name="Still on air"))
    assert (changed.name, changed.stream_key) == ("Still on air", made.stream_key)
    assert "custom" in streams.upload_thumbnail(made.live_stream_id, named("a.jpg")).assets.thumbnail
    assert "custom" not in streams.delete_thumbnail(made.live_stream_id).assets.thumbnail
    assert [one.live_stream_id for one in streams.list(stream_key=made.stream_key).data] == [made.live_stream_id]
    emulator.control("POST", "/broadcast", {"live_stream": made.live_stream_id})
    assert streams.get(made.live_stream_id).broadcasting is True
    streams.complete(made.live_stream_id)
    emulator.advance(5)
    assert streams.get(made.live_stream_id).broadcasting is False
    recorded = VideosApi(client).list(live_stream_id=made.live_stream_id).data
    assert [video.source.live_stream.live_stream_id for video in recorded] == [made.live_stream_id]
    streams.delete(made.live_stream_id)
    assert gone(lambda: streams.get(made.live_stream_id))


def test_watermarks(client):
    watermarks = WatermarksApi(client)
    made = watermarks.upload(named("mark.png"))
    listed = watermarks.list(sort_by="createdAt", sort_order="desc").data
    assert [one.watermark_id for one in listed] == [made.watermark_id]
    body = VideoCreationPayload(title="marked", watermark=VideoWatermark(id=made.watermark_id, top="0px"))
    assert VideosApi(client).create(body).title == "marked"
    watermarks.delete(made.watermark_id)
    with pytest.raises(ApiException) as refused:
        VideosApi(client).create(body)
    assert (refused.value.status, json.loads(refused.value.body)["name"]) == (400, "watermark")


def test_summaries(client):
    summaries, videos = SummariesApi(client), VideosApi(client)
    made = videos.create(VideoCreationPayload(title="summed up")).video_id
    summary = summaries.create(SummaryCreationPayload(video_id=made))
    assert (summary.video_id, summary.origin, summary.source_status) == (made, "api", "missing")
    with pytest.raises(ApiException) as refused:
        summaries.create(SummaryCreationPayload(video_id=made))
    assert (refused.value.status, json.loads(refused.value.body)["status"]) == (409, 409)
    text = summaries.update(summary.summary_id, SummaryUpdatePayload(abstract="short", takeaways=["a", "b"]))
    assert text.abstract == "short"
    assert list(summaries.get_summary_source(summary.summary_id).takeaways) == ["a", "b"]
    listed = summaries.list(video_id=made, source_status="completed").data
    assert [one.summary_id for one in listed] == [summary.summary_id]
    summaries.delete(summary.summary_id)
    assert summaries.list(video_id=made).data == []


def test_a_summary_is_generated_from_a_video_that_has_its_file(client):
    summaries, videos = SummariesApi(client), VideosApi(client)
    made = videos.create(VideoCreationPayload(title="heard", transcript=True)).video_id
    videos.upload(made, named("clip.mp4"))
    waiting = summaries.create(SummaryCreationPayload(video_id=made, origin="auto", attributes=["takeaways"]))
    assert (waiting.origin, waiting.source_status) == ("auto", "waiting")
    until(lambda: summaries.list(video_id=made, source_status="completed").data, "a summary")
    source = summaries.get_summary_source(waiting.summary_id)
    assert len(source.takeaways) == 3 and "heard" in source.takeaways[0]
    assert until(lambda: CaptionsApi(client).list(made).data, "a caption")[0].srclang == "en"
