"""Twelve Labs: assets, uploads in chunks, indexes, what is in them, and tasks."""

from __future__ import annotations

from pathlib import Path

import pytest
from twelve_labs_client import CLIENT, MODELS, connected, index, ready_asset, ready_media
from twelvelabs import TwelveLabs
from twelvelabs.core.api_error import ApiError
from twelvelabs.types import CompletedChunk


@pytest.fixture
def emulator(emulator_of):
    return emulator_of(CLIENT)


@pytest.fixture
def tl(emulator) -> TwelveLabs:
    return connected(emulator)


def refused(call) -> tuple[int, str]:
    with pytest.raises(ApiError) as error:
        call()
    body = error.value.body
    return error.value.status_code, body["code"] if isinstance(body, dict) else body.code


def test_a_wrong_key_is_refused(emulator):
    wrong = TwelveLabs(api_key="tlk_WRONG", base_url=emulator.info["twelve-labs"]["base_url"])
    assert refused(lambda: list(wrong.indexes.list())) == (401, "api_key_invalid")


def test_an_asset_from_upload_to_deletion(tl, emulator):
    made = tl.assets.create(
        method="direct", file=("my clip.mp4", b"12345", "video/mp4"), enable_hls=True, enable_thumbnail=True,
        user_metadata='{"team": "red", "take": 2}',
    )
    assert (made.filename, made.method, made.status) == ("my clip.mp4", "direct", "processing")
    emulator.advance(4)
    asset = tl.assets.retrieve(made.id)
    assert (asset.status, asset.size, asset.duration) == ("ready", 5, 10.0)
    assert asset.user_metadata == {"team": "red", "take": 2}
    assert (asset.hls.status, asset.thumbnail.status) == ("ready", "ready")
    assert asset.technical_metadata.file_size_bytes == 5
    tl.assets.update_user_metadata(made.id, user_metadata={"team": "blue", "take": None})
    assert tl.assets.retrieve(made.id).user_metadata == {"team": "blue"}
    tl.assets.replace_user_metadata(made.id, user_metadata={"only": True})
    assert tl.assets.retrieve(made.id).user_metadata == {"only": True}
    tl.assets.delete_user_metadata(made.id)
    assert tl.assets.retrieve(made.id).user_metadata is None
    found = list(tl.assets.list(asset_ids=[made.id], asset_types=["video"], filename="MY"))
    assert [asset.id for asset in found] == [made.id]
    text = tl.assets.retrieve_transcription(made.id, include=["words", "utterances"])
    assert (text.status, len(text.words), text.words[0].value) == ("ready", 6, "A")
    assert text.sentences is None and text.utterances[0].speaker == "speaker_1"
    tl.assets.delete(made.id)
    assert refused(lambda: tl.assets.retrieve(made.id))[0] == 404


def test_an_asset_that_is_broken_fails(tl, emulator):
    made = tl.assets.create(method="url", url="https://example.com/broken.mp4")
    emulator.advance(2)
    asset = tl.assets.retrieve(made.id)
    assert asset.status == "failed" and "read" in asset.error.message
    assert refused(lambda: tl.assets.create(method="direct")) == (400, "parameter_not_provided")


def test_a_file_in_chunks_by_the_clients_own_helper(tl, emulator, tmp_path: Path):
    file = tmp_path / "long.mp4"
    file.write_bytes(b"x" * (11 << 20))
    seen = []
    done = tl.multipart_upload.upload_file(file, batch_size=2, progress_callback=lambda p: seen.append(p.percentage))
    assert seen[0] == pytest.approx(200 / 3) and done.asset_url.endswith(done.asset_id)
    emulator.advance(2)
    asset = tl.assets.retrieve(done.asset_id)
    assert (asset.filename, asset.size, asset.method, asset.status) == ("long.mp4", 11 << 20, "multipart", "ready")


def test_a_session_tells_where_it_stands(tl):
    session = tl.multipart_upload.create(filename="a.mp4", type="video", total_size=(12 * 5 << 20) + 1)
    assert (session.total_chunks, session.chunk_size, len(session.upload_urls)) == (13, 5 << 20, 10)
    more = tl.multipart_upload.get_additional_presigned_urls(session.upload_id, start=11, count=50)
    assert [url.chunk_index for url in more.upload_urls] == [11, 12, 13]
    assert more.count == 3
    chunks = list(tl.multipart_upload.get_status(session.upload_id))
    assert [chunk.index for chunk in chunks] == list(range(1, 14))
    assert {chunk.status for chunk in chunks} == {"pending"}
    waiting = {upload.upload_id: upload for upload in tl.multipart_upload.list_incomplete_uploads()}
    assert waiting[session.upload_id].total_size == (12 * 5 << 20) + 1
    false = [CompletedChunk(chunk_index=1, proof="x", proof_type="etag", chunk_size=5 << 20)]
    report = lambda: tl.multipart_upload.report_chunk_batch(session.upload_id, completed_chunks=false)
    assert refused(report) == (400, "chunk_verification_failed")


def test_an_index_from_creation_to_deletion(tl):
    made = index(tl, "python index")
    found = tl.indexes.retrieve(made)
    assert (found.index_name, found.models[0].model_name, found.video_count) == ("python index", "marengo3.0", 0)
    tl.indexes.update(made, index_name="python index 2")
    assert [one.id for one in tl.indexes.list(index_name="python index 2")] == [made]
    assert refused(lambda: tl.indexes.create(index_name="python index 2", models=MODELS))[0] == 400
    tl.indexes.delete(made)
    assert refused(lambda: tl.indexes.retrieve(made)) == (404, "resource_not_exist")


def test_pages_are_walked_to_the_end(tl):
    made = [index(tl, f"page {number:02}") for number in range(23)]
    walked = [one.id for one in tl.indexes.list(page_limit=10, sort_option="asc") if one.id in made]
    assert walked == made


def test_media_of_an_index(tl, emulator):
    made, asset = index(tl, "media"), ready_asset(tl, emulator, "in.mp4")
    entry = tl.indexes.indexed_assets.create(
        made, asset_id=asset, enable_video_stream=True, user_metadata={"scene": "river"}
    )
    assert entry.asset_id == asset
    assert tl.indexes.indexed_assets.retrieve(made, entry.id).status == "pending"
    emulator.advance(3)
    found = tl.indexes.indexed_assets.retrieve(made, entry.id, embedding_option=["visual"], transcription=True)
    assert (found.status, found.system_metadata.filename, found.user_metadata["scene"]) == ("ready", "in.mp4", "river")
    assert len(found.embedding.video_embedding.segments[0].float_) == 512
    assert found.transcription[0].value == "A river runs." and found.hls.status == "COMPLETE"
    listed = tl.indexes.indexed_assets.list(made, status=["ready"], duration={"gte": 5, "lte": 50}, user_metadata={"scene": "river"})
    assert [one.id for one in listed] == [entry.id]
    assert list(tl.indexes.indexed_assets.list(made, duration={"gte": 11})) == []
    places = list(tl.indexes.indexed_assets.list_by_asset(asset))
    assert [(place.id, place.index.name) for place in places] == [(entry.id, "media")]
    assert refused(lambda: tl.assets.delete(asset)) == (409, "asset_in_use")
    tl.indexes.indexed_assets.update(made, entry.id, user_metadata={"scene": "sea"})
    video = tl.indexes.videos.retrieve(made, entry.id, embedding_option=["audio"])
    assert (video.user_metadata["scene"], video.system_metadata.duration) == ("sea", 10.0)
    assert [one.id for one in tl.indexes.videos.list(made, filename="in.mp4")] == [entry.id]
    tl.indexes.videos.update(made, entry.id, user_metadata={"take": 3})
    assert tl.indexes.indexed_assets.retrieve(made, entry.id).user_metadata["take"] == 3
    tl.indexes.videos.delete(made, entry.id)
    assert refused(lambda: tl.indexes.indexed_assets.retrieve(made, entry.id))[0] == 404
    again = tl.indexes.indexed_assets.create(made, asset_id=asset).id
    tl.indexes.indexed_assets.delete(made, again)
    tl.assets.delete(asset, force=True)


def test_a_task_uploads_and_indexes(tl, emulator):
    made = index(tl, "tasks")
    task = tl.tasks.create(index_id=made, video_file=("t.mp4", b"123", "video/mp4"))
    assert tl.tasks.retrieve(task.id).status == "validating"
    assert refused(lambda: tl.tasks.delete(task.id))[0] == 400
    emulator.advance(5)
    done = tl.tasks.wait_for_done(task.id, sleep_interval=0.1)
    assert (done.status, done.video_id, done.system_metadata.filename) == ("ready", task.video_id, "t.mp4")
    assert [one.id for one in tl.tasks.list(index_id=made, status=["ready"])] == [task.id]
    tl.indexes.videos.delete(made, task.video_id)
    tl.tasks.delete(task.id)
    assert refused(lambda: tl.tasks.retrieve(task.id))[0] == 404


def test_media_count_in_an_index(tl, emulator):
    made, media = ready_media(tl, emulator, "counted", 2)
    assert tl.indexes.retrieve(made).video_count == len(media) == 2
