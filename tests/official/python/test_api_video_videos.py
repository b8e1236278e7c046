"""api.video: videos from creation to restoration, with their pictures, tags and pages."""

from __future__ import annotations

import io
import json

import pytest
from api_video_client import CLIENT, LEAST_PART, connected, until
from apivideo.api.tags_api import TagsApi
from apivideo.api.videos_api import VideosApi
from apivideo.exceptions import ApiException, NotFoundException
from apivideo.model.discarded_video_update_payload import DiscardedVideoUpdatePayload
from apivideo.model.metadata import Metadata
from apivideo.model.video_creation_payload import VideoCreationPayload
from apivideo.model.video_thumbnail_pick_payload import VideoThumbnailPickPayload
from apivideo.model.video_update_payload import VideoUpdatePayload


@pytest.fixture(scope="module")
def client(emulator_of):
    return connected(emulator_of(CLIENT))


@pytest.fixture(scope="module")
def videos(client):
    return VideosApi(client)


def named(name: str, content: bytes) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def test_what_is_created_is_kept(videos):
    made = videos.create(
        VideoCreationPayload(
            title="Kept",
            description="a description",
            public=False,
            panoramic=True,
            mp4_support=False,
            tags=["one", "two"],
            metadata=[Metadata(key="Author", value="Anna")],
            language="fr",
        )
    )
    video = videos.get(made.video_id)
    assert (video.title, video.description, video.tags) == ("Kept", "a description", ["one", "two"])
    assert (video.public, video.panoramic, video.mp4_support) == (False, True, False)
    assert (video.metadata[0].key, video.metadata[0].value) == ("Author", "Anna")
    assert (video.language, video.language_origin) == ("fr", "api")
    assert video.video_id.startswith("vi") and "token" in video.assets.player
    assert video.created_at == made.created_at


def test_an_update_changes_only_what_it_names(videos):
    made = videos.create(VideoCreationPayload(title="Before", tags=["stays"]))
    changed = videos.update(made.video_id, VideoUpdatePayload(title="After", player_id="pl1"))
    assert (changed.title, changed.tags, changed.player_id) == ("After", ["stays"], "pl1")
    assert videos.get(made.video_id).title == "After"


def test_lists_are_filtered_sorted_and_paged(videos):
    for title in ["page c", "page a", "page b"]:
        body = VideoCreationPayload(title=title, tags=["paged"], metadata=[Metadata(key="k", value=title)])
        videos.create(body)
    first = videos.list(tags=["paged"], sort_by="title", sort_order="asc", current_page=1, page_size=2)
    assert [video.title for video in first.data] == ["page a", "page b"]
    assert (first.pagination.items_total, first.pagination.pages_total) == (3, 2)
    second = videos.list(tags=["paged"], sort_by="title", sort_order="asc", current_page=2, page_size=2)
    assert [video.title for video in second.data] == ["page c"]
    assert [video.title for video in videos.list(metadata={"k": "page b"}).data] == ["page b"]
    assert videos.list(title="page").pagination.items_total == 3


def test_tags_are_counted(client, videos):
    for tags in [["counted", "café"], ["counted"]]:
        videos.create(VideoCreationPayload(title="tagged", tags=tags))
    found = TagsApi(client).list(value="COUNTED").data
    assert [(tag.value, tag.video_count) for tag in found] == [("counted", 2)]
    assert [tag.value for tag in TagsApi(client).list(value="cafe").data] == ["café"]


def test_an_upload_becomes_playable(videos):
    made = videos.create(VideoCreationPayload(title="to upload"))
    assert videos.get_status(made.video_id).ingest.status == "uploading"
    uploaded = videos.upload(made.video_id, named("clip.mp4", b"a small clip"))
    assert (uploaded.video_id, uploaded.title) == (made.video_id, "to upload")
    status = until(lambda: (now := videos.get_status(made.video_id)).encoding.playable and now, "playable")
    assert (status.ingest.status, status.ingest.filesize) == ("ingested", len(b"a small clip"))
    assert status.encoding.metadata.width == 1280
    with pytest.raises(ApiException) as refused:
        videos.upload(made.video_id, named("clip.mp4", b"another"))
    assert "video-source-already-uploaded" in json.loads(refused.value.body)["type"]


def test_a_progressive_upload_is_one_file(videos):
    made = videos.create(VideoCreationPayload(title="in parts"))
    session = videos.create_upload_progressive_session(made.video_id)
    part = session.uploadPart(named("1.part", b"1" * LEAST_PART))
    assert part.video_id == made.video_id
    session.uploadPart(named("2.part", b"2" * LEAST_PART))
    assert list(videos.get_status(made.video_id).ingest.received_parts.parts) == [1, 2]
    last = session.uploadLastPart(named("3.part", b"3" * 10))
    assert last.video_id == made.video_id
    status = until(lambda: (now := videos.get_status(made.video_id)).encoding.playable and now, "playable")
    assert status.ingest.filesize == 2 * LEAST_PART + 10


def test_a_large_file_goes_in_chunks_by_itself(client, videos):
    client.configuration.chunk_size = LEAST_PART
    client.chunk_size = LEAST_PART
    made = videos.create(VideoCreationPayload(title="large"))
    seen = []
    uploaded = videos.upload(
        made.video_id,
        named("large.mp4", b"x" * (2 * LEAST_PART + 3)),
        _progress_listener=lambda done, total: seen.append((done, total)),
    )
    assert uploaded.title == "large"
    assert videos.get_status(made.video_id).ingest.filesize == 2 * LEAST_PART + 3
    assert seen[0][1] == 2 * LEAST_PART + 3


def test_pictures_are_uploaded_and_picked(videos):
    made = videos.create(VideoCreationPayload(title="pictured"))
    uploaded = videos.upload_thumbnail(made.video_id, named("picture.png", b"png"))
    assert "custom" in uploaded.assets.thumbnail
    picked = videos.pick_thumbnail(made.video_id, VideoThumbnailPickPayload(timecode="00:00:02"))
    assert "custom" not in picked.assets.thumbnail
    with pytest.raises(ApiException) as refused:
        videos.upload_thumbnail(made.video_id, named("picture.txt", b"text"))
    assert "uploaded-file-extension-invalid" in json.loads(refused.value.body)["type"]


def test_a_deleted_video_is_gone_and_can_be_brought_back(videos):
    made = videos.create(VideoCreationPayload(title="thrown away"))
    videos.delete(made.video_id)
    with pytest.raises(NotFoundException):
        videos.get(made.video_id)
    listed = videos.list_discarded(title="thrown away").data
    assert [video.video_id for video in listed] == [made.video_id]
    discarded = videos.get_discarded(made.video_id)
    assert discarded.discarded and discarded.deletes_at > discarded.discarded_at
    back = videos.update_discarded(made.video_id, DiscardedVideoUpdatePayload(discarded=False))
    assert (back.title, back.discarded) == ("thrown away", False)
    assert videos.get(made.video_id).title == "thrown away"


def test_refusals_have_the_services_fields(videos):
    with pytest.raises(ApiException) as refused:
        videos.list(page_size=1000)
    body = json.loads(refused.value.body)
    assert (body["name"], body["range"]) == ("pageSize", {"min": 1, "max": 100})
    with pytest.raises(NotFoundException) as missing:
        videos.get("vi0")
    body = json.loads(missing.value.body)
    assert (body["type"].rsplit("/", 1)[1], body["status"]) == ("resource-not-found", 404)
