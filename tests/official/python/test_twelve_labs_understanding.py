"""Twelve Labs: search, embeddings, and analysis at once, in the background and in batches."""

from __future__ import annotations

import json

import pytest
from twelve_labs_client import CLIENT, connected, ready_asset, ready_media
from twelvelabs import TwelveLabs
from twelvelabs.core.api_error import ApiError
from twelvelabs.types import (
    AudioInputRequest,
    BatchItemRequest,
    BatchPrompt,
    BatchVideoContext,
    MediaSource,
    SyncResponseFormat,
    TextInputRequest,
    VideoContext_AssetId,
    VideoInputRequest,
)

TEXT = "A river runs through a valley while the sun rises over the hills."


@pytest.fixture
def emulator(emulator_of):
    return emulator_of(CLIENT)


@pytest.fixture
def tl(emulator) -> TwelveLabs:
    return connected(emulator)


def video(tl, emulator, name: str = "asked.mp4") -> VideoContext_AssetId:
    return VideoContext_AssetId(asset_id=ready_asset(tl, emulator, name))


def test_a_search_and_its_pages(tl, emulator):
    index, media = ready_media(tl, emulator, "searched", 3)
    first = tl.search.create(index_id=index, search_options=["visual", "audio"], query_text="a river", page_limit=4)
    assert (len(first.data), first.page_info.total_results, first.search_pool.total_count) == (4, 6, 3)
    assert [clip.rank for clip in first.data] == [1, 2, 3, 4] and first.data[0].video_id == media[0]
    second = tl.search.retrieve(first.page_info.next_page_token)
    assert [clip.rank for clip in second.data] == [5, 6]
    assert second.page_info.next_page_token is None and second.page_info.prev_page_token
    walked = list(tl.search.query(index_id=index, search_options=["visual"], query_text="a river", page_limit=2))
    assert [clip.rank for clip in walked] == [1, 2, 3, 4, 5, 6]
    grouped = tl.search.create(
        index_id=index, search_options=["visual"], query_text="a river", group_by="video",
        filter=json.dumps({"id": [media[1]]}),
    )
    assert [(one.id, len(one.clips)) for one in grouped.data] == [(media[1], 2)]
    emulator.advance(3600)
    with pytest.raises(ApiError) as ended:
        tl.search.retrieve(first.page_info.next_page_token)
    assert ended.value.status_code == 400


def test_embeddings_at_once(tl):
    old = tl.embed.create(model_name="marengo3.0", text="a river")
    assert (old.model_name, len(old.text_embedding.segments[0].float_)) == ("marengo3.0", 512)
    sound = tl.embed.create(model_name="marengo3.0", audio_file=("a.mp3", b"123", "audio/mpeg"), audio_start_offset_sec=2)
    assert sound.audio_embedding.segments[0].start_offset_sec == 2
    new = tl.embed.v_2.create(input_type="text", model_name="marengo3.0", text=TextInputRequest(input_text="a river"))
    assert new.data[0].embedding == old.text_embedding.segments[0].float_
    source = MediaSource(url="https://example.com/a.mp4")
    moving = tl.embed.v_2.create(
        input_type="video", model_name="marengo3.0",
        video=VideoInputRequest(media_source=source, embedding_option=["visual"], embedding_scope=["clip", "asset"]),
    )
    assert [one.embedding_scope for one in moving.data] == ["clip", "asset"]
    assert moving.metadata.input_url == "https://example.com/a.mp4"
    with pytest.raises(ApiError) as refused:
        tl.embed.v_2.create(input_type="text", model_name="marengo3.5", text=TextInputRequest(input_text="a"))
    assert refused.value.status_code == 400


def test_embeddings_in_the_background(tl, emulator):
    task = tl.embed.tasks.create(
        model_name="marengo3.0", video_url="https://example.com/e.mp4", video_clip_length=5,
        video_embedding_scope=["clip", "video"],
    )
    assert tl.embed.tasks.status(task.id).status == "processing"
    emulator.advance(2)
    assert tl.embed.tasks.wait_for_done(task.id, sleep_interval=0.1).status == "ready"
    done = tl.embed.tasks.retrieve(task.id, embedding_option=["visual"])
    assert [segment.embedding_scope for segment in done.video_embedding.segments] == ["clip", "video"]
    assert done.video_embedding.segments[0].end_offset_sec == 5
    listed = {one.id: one for one in tl.embed.tasks.list(status="ready")}
    assert listed[task.id].video_embedding.metadata.input_url == "https://example.com/e.mp4"
    assert len(tl.embed.tasks.create_bulk(
        model_name="marengo3.0", videos=[{"video_url": "https://example.com/b.mp4"}, {"video_url": "https://example.com/c.mp4"}]
    )) == 2


def test_embeddings_in_the_background_second_version(tl, emulator):
    audio = AudioInputRequest(media_source=MediaSource(url="https://example.com/a.mp3"), embedding_option=["audio"])
    made = tl.embed.v_2.tasks.create(input_type="audio", model_name="marengo3.0", audio=audio)
    assert (made.status, tl.embed.v_2.tasks.retrieve(made.id).data) == ("processing", None)
    emulator.advance(2)
    done = tl.embed.v_2.tasks.retrieve(made.id)
    assert (done.status, done.metadata.input_url) == ("ready", "https://example.com/a.mp3")
    assert [one.embedding_option for one in done.data] == ["audio", "audio"]
    assert made.id in [one.id for one in tl.embed.v_2.tasks.list(status="ready")]
    emulator.advance(7 * 86400)
    with pytest.raises(ApiError) as gone:
        tl.embed.v_2.tasks.retrieve(made.id)
    assert gone.value.status_code == 404


def test_an_analysis_at_once(tl, emulator):
    about = video(tl, emulator)
    said = tl.analyze(video=about, prompt="What is it?")
    assert (said.data, said.finish_reason, said.usage.output_tokens) == (TEXT, "stop", 13)
    short = tl.analyze(video=about, prompt="What is it?", max_tokens=3)
    assert (short.data, short.finish_reason) == ("A river runs", "length")
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "count": {"type": "integer"}}}
    asked = SyncResponseFormat(type="json_schema", json_schema=schema)
    assert json.loads(tl.analyze(video=about, prompt="What?", response_format=asked).data) == {"title": "river", "count": 1}
    events = list(tl.analyze_stream(video=about, prompt="What is it?"))
    assert [event.event_type for event in (events[0], events[-1])] == ["stream_start", "stream_end"]
    assert "".join(event.text for event in events[1:-1]) == TEXT
    assert events[-1].metadata.usage.output_tokens == 13
    with pytest.raises(ApiError) as refused:
        tl.analyze(video=VideoContext_AssetId(asset_id="0" * 24), prompt="What is it?")
    assert refused.value.status_code == 404


def test_an_analysis_in_the_background(tl, emulator):
    about = video(tl, emulator, "later.mp4")
    made = tl.analyze_async.tasks.create(video=about, prompt="x" * 40, custom_id="mine-1", temperature=0.5)
    assert made.status == "queued"
    emulator.advance(3)
    done = tl.analyze_async.tasks.retrieve(made.task_id)
    assert (done.status, done.custom_id, done.result.data) == ("ready", "mine-1", TEXT)
    assert (done.request_params.prompt, done.request_params.temperature) == ("x" * 40, 0.5)
    assert done.video_source.asset_id == about.asset_id
    page = tl.analyze_async.tasks.list(asset_id=about.asset_id, status="ready")
    assert [(one.task_id, one.request_params.prompt) for one in page.data] == [(made.task_id, "x" * 30)]
    tl.analyze_async.tasks.delete(made.task_id)
    with pytest.raises(ApiError) as gone:
        tl.analyze_async.tasks.retrieve(made.task_id)
    assert gone.value.status_code == 404
    other = tl.analyze_async.tasks.create(video=about, prompt="What is it?")
    assert tl.analyze_async.tasks.cancel(other.task_id).status == "canceled"
    assert tl.analyze_async.tasks.retrieve(other.task_id).error.code == "user_canceled"


def test_a_batch(tl, emulator):
    items = [
        BatchItemRequest(
            video=BatchVideoContext(type="asset_id", asset_id=ready_asset(tl, emulator, name)),
            custom_id=label, prompt=BatchPrompt(input_text="What is it?"),
        )
        for label, name in (("good", "one.mp4"), ("bad", "two.mp4"))
    ]
    made = tl.analyze_async.batches.create(model_name="pegasus1.5", analysis_mode="general", requests=items)
    assert (made.total_items, [item.custom_id for item in made.items]) == (2, ["good", "bad"])
    with pytest.raises(ApiError) as working:
        tl.analyze_async.batches.delete(made.batch_id)
    assert working.value.status_code == 409
    emulator.advance(3)
    done = tl.analyze_async.batches.retrieve(made.batch_id)
    assert (done.status, done.ready_items, done.failed_items) == ("completed", 2, 0)
    lines = list(tl.analyze_async.batches.results(made.batch_id))
    assert [(line.custom_id, line.status, line.data.data) for line in lines] == [("good", "ready", TEXT), ("bad", "ready", TEXT)]
    assert made.batch_id in [one.batch_id for one in tl.analyze_async.batches.list(status=["completed"])]
    tl.analyze_async.batches.delete(made.batch_id)
    other = tl.analyze_async.batches.create(model_name="pegasus1.5", analysis_mode="general", requests=items[:1])
    stopping = tl.analyze_async.batches.cancel(other.batch_id)
    assert (stopping.status, stopping.canceled_items) == ("canceling", 1)
    emulator.advance(1)
    assert tl.analyze_async.batches.retrieve(other.batch_id).status == "canceled"
