"""VideoVector: indexes, uploads and imports, media and their segments, connectors, deletions."""

from __future__ import annotations

import io

import pytest
from videovector import BatchVideoSegmentsTarget, ConflictError, NotFoundError, ValidationError
from videovector_client import CLIENTS, connected


@pytest.fixture(scope="module", params=CLIENTS)
def both(request, emulator_of):
    emulator = emulator_of(request.param)
    return emulator, connected(emulator, request.param)


@pytest.fixture
def emulator(both):
    return both[0]


@pytest.fixture
def client(both):
    return both[1]


def file(name: str) -> io.BytesIO:
    content = io.BytesIO(b"the bytes of a file")
    content.name = name
    return content


def imported(emulator, client, name: str, index_id: str | None = None) -> str:
    """The id of the medium that an upload becomes."""
    job = client.videos.upload(file=file(name), title=f"Title of {name}", index_id=index_id)
    emulator.advance(1)
    return client.import_jobs.outputs(job.job_id).items[0].video_id


def test_indexes_are_kept_listed_and_deleted(emulator, client):
    index = client.indexes.create(name="Holidays")
    assert index.name == "Holidays" and not index.is_default
    assert client.indexes.retrieve(index.index_id) == index
    assert index.index_id in [one.index_id for one in client.indexes.list()]
    assert all(not one.is_default for one in client.indexes.list(include_defaults=False))
    assert any(one.is_default for one in client.indexes.list())
    with pytest.raises(ValidationError):
        client.indexes.create(name="x" * 256)
    begun = client.indexes.delete(index.index_id)
    assert (begun.index_id, begun.status) == (index.index_id, "draining")
    assert client.indexes.delete(index.index_id).deletion_id == begun.deletion_id
    with pytest.raises(NotFoundError):
        client.indexes.retrieve(index.index_id)
    emulator.advance(1)
    assert client.indexes.get_deletion(index.index_id).status == "deleted"


def test_an_upload_becomes_a_medium(emulator, client):
    index = client.indexes.create(name="Uploads")
    job = client.videos.upload(file=file("walk-30s.mp4"), title="A walk", index_id=index.index_id)
    assert (job.status, job.target_index_id) == ("pending", index.index_id)
    emulator.advance(1)
    done = client.import_jobs.wait_for_completion(job.job_id, poll_interval=0.01, timeout=5)
    assert (done.status, done.progress.imported) == ("completed", 1)
    video = client.videos.retrieve(done.video_ids[0])
    assert (video.title, video.status, video.media_type) == ("A walk", "not_processed", "video")
    assert [one.video_id for one in client.indexes.list_videos(index.index_id).data] == [video.video_id]
    assert client.import_jobs.retrieve(job.job_id).job_id == job.job_id
    assert job.job_id in [one.job_id for one in client.import_jobs.list(status="COMPLETED")]
    with pytest.raises(ValidationError):
        client.videos.upload(file=file("notes.txt"), title="Notes", index_id=index.index_id)
    with pytest.raises(NotFoundError):
        client.videos.upload(file=file("a.mp4"), title="A", index_id="idx_none")


def test_a_long_video_becomes_parts_and_an_address_is_imported(emulator, client):
    index = client.indexes.create(name="Long")
    job = client.videos.create(title="Talk", video_uri="gs://bucket/talk-95m.mp4", index_id=index.index_id)
    emulator.advance(1)
    parts = list(client.import_jobs.iter_outputs(job.job_id))
    assert [part.source_end_seconds for part in parts] == [2400.0, 4800.0, 5700.0]
    assert parts[2].title == "Talk (part 3 of 3)"
    page = client.import_jobs.outputs(job.job_id, limit=2)
    assert (page.total, len(page.items)) == (3, 2) and page.next_cursor
    rest = client.import_jobs.outputs(job.job_id, limit=2, cursor=page.next_cursor)
    assert [part.part_index for part in rest.items] == [2] and rest.next_cursor is None


def test_lists_come_in_pages(emulator, client):
    index = client.indexes.create(name="Pages")
    made = [imported(emulator, client, f"clip{number}-10s.mp4", index.index_id) for number in range(5)]
    page = client.indexes.list_videos(index.index_id, limit=2)
    assert len(page) == 2 and page.has_more
    everything = [video.video_id for video in page.auto_paging_iter()]
    assert everything == list(reversed(made))
    loose = imported(emulator, client, "loose-10s.mp3")
    listed = client.videos.list_playground(limit=1)
    assert (listed[0].video_id, listed[0].media_type) == (loose, "audio")


def test_media_are_cut_and_read_in_batches(emulator, client):
    video_id = imported(emulator, client, "cut-30s.mp4")
    assert "started" in client.videos.process(video_id, segment_duration=7).message
    with pytest.raises(ConflictError):
        client.videos.process(video_id)
    emulator.advance(1)
    page = client.videos.list_segments(video_id, limit=2)
    segments = list(page.auto_paging_iter())
    assert [segment.end_time for segment in segments] == [7.0, 14.0, 21.0, 28.0, 30.0]
    assert segments[0].segment_status == "processed"
    [status] = client.videos.batch_status([video_id, "video_none"])
    assert (status.video_id, status.status) == (video_id, "processed")
    [details] = client.videos.batch_retrieve([video_id])
    assert segments[0].segment_id in details.first_thumbnail
    [batch] = client.videos.batch_segments([video_id])
    assert len(batch.segments) == 5
    [target] = client.videos.batch_segments_for_targets([BatchVideoSegmentsTarget(video_id=video_id)])
    assert target.segments[0].segment_id == segments[0].segment_id
    signed = client.videos.get_signed_url(segments[0].gcs_uri)
    assert client.videos.get_signed_url(segments[0].gcs_uri) == signed
    fresh = client.videos.get_signed_url(segments[0].gcs_uri, force_refresh=True)
    assert fresh.signed_url != signed.signed_url and segments[0].segment_id in fresh.signed_url


def test_a_deleted_medium_is_gone(emulator, client):
    index = client.indexes.create(name="Gone")
    video_id = imported(emulator, client, "gone-10s.mp4", index.index_id)
    begun = client.videos.delete(video_id)
    assert (begun.video_id, begun.retry_after_seconds) == (video_id, 1)
    with pytest.raises(NotFoundError):
        client.videos.retrieve(video_id)
    assert client.indexes.list_videos(index.index_id).data == []
    emulator.advance(1)
    assert client.videos.get_deletion(video_id).deletion_id == begun.deletion_id
    assert client.videos.get_deletion(video_id).status == "deleted"


def test_connectors_of_three_providers(client):
    gcs = client.connectors.create_gcs(
        name="Google", bucket="media", gcp_project_id="project", credentials_file=io.BytesIO(b"{}"),
        scopes=["import", "export"], export_base_path="out",
    )
    assert (gcs.provider, gcs.bucket, gcs.scopes) == ("gcs", "media", ["import", "export"])
    s3 = client.connectors.create_s3(
        name="Amazon", bucket="media", region="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret",
    )
    assert (s3.provider, s3.region, s3.scopes) == ("s3", "us-east-1", ["import"])
    azure = client.connectors.create_azure(
        name="Azure", storage_account="account", container="unreachable", tenant_id="t", client_id="c",
        client_secret="s", import_mode="new_only",
    )
    assert (azure.container, azure.import_mode) == ("unreachable", "new_only")
    assert client.connectors.test(gcs.connector_id).success
    failed = client.connectors.test(azure.connector_id)
    assert not failed.success and failed.error_message
    assert client.connectors.retrieve(azure.connector_id).status == "failed"
    listed = [one.connector_id for one in client.connectors.list()]
    assert {gcs.connector_id, s3.connector_id, azure.connector_id} <= set(listed)
    found = client.connectors.browse(gcs.connector_id, prefix="videos/", pattern="*.{mp4,mov}", recursive=False)
    assert [one.path for one in found] == ["videos/trailer-45s.mov"]
    assert "deleted" in client.connectors.delete(s3.connector_id).message
    with pytest.raises(NotFoundError):
        client.connectors.retrieve(s3.connector_id)


def test_an_import_from_a_connector(emulator, client):
    index = client.indexes.create(name="Imported")
    connector = client.connectors.create_s3(
        name="Source", bucket="media", region="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret",
        import_mode="new_only",
    )
    ask = {"connector_id": connector.connector_id, "index_id": index.index_id}
    job = client.import_jobs.create(**ask)
    assert (job.connector_id, job.source_kind) == (connector.connector_id, "connector")
    emulator.advance(1)
    job = client.import_jobs.retrieve(job.job_id)
    assert (job.progress.total_files, job.progress.imported, job.progress.skipped) == (6, 5, 1)
    files = list(client.import_jobs.iter_files(job.job_id))
    assert [(one.file_name, one.skip_reason) for one in files][1:3] == [
        ("cover.jpg", None), ("notes.txt", "unsupported_file_type"),
    ]
    again = client.import_jobs.create(**ask, source_prefix="videos/")
    emulator.advance(1)
    assert client.import_jobs.retrieve(again.job_id).progress.skipped == 3
    broken = client.videos.upload(file=file("bad-unreadable.mp4"), title="Bad", index_id=index.index_id)
    emulator.advance(1)
    [failed] = client.import_jobs.files(broken.job_id, failed_only=True).items
    assert failed.failure["code"] == "source_unreadable"
    assert client.import_jobs.retry(broken.job_id).status == "importing"
    emulator.advance(1)
    assert client.import_jobs.retrieve(broken.job_id).status == "completed"
    stopped = client.import_jobs.create(**ask)
    assert client.import_jobs.cancel(stopped.job_id).status == "cancelled"
    with pytest.raises(ValidationError):
        client.import_jobs.cancel(stopped.job_id)
