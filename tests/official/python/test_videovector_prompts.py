"""VideoVector: prompts, prompt runs and what they find, search, and the short way through all of it."""

from __future__ import annotations

import base64
import io

import pytest
from videovector import ConflictError, NotFoundError, ValidationError, VideoVectorError
from videovector_client import CLIENTS, PROMPT, connected

IMAGE = base64.b64encode(b"an image").decode()
LOUD = [{"field": "mood", "operator": "equals", "value": "loud", "type": "string"}]


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


def medium(emulator, client, name: str, title: str, index_id: str | None = None) -> str:
    content = io.BytesIO(b"bytes")
    content.name = name
    job = client.videos.upload(file=content, title=title, index_id=index_id)
    emulator.advance(1)
    return client.import_jobs.outputs(job.job_id).items[0].video_id


@pytest.fixture
def indexed(emulator, client):
    """An index with a medium of three segments, a prompt, and a run that is over."""
    index = client.indexes.create(name="Searched")
    video_id = medium(emulator, client, "dogs-30s.mp4", "Dogs at play", index.index_id)
    prompt = client.prompts.create(**PROMPT)
    target = {"type": "index", "index_id": index.index_id}
    run = client.prompt_runs.execute(prompt_id=prompt.prompt_id, target=target)
    emulator.advance(1)
    return index.index_id, video_id, prompt.prompt_id, run.run_id


def test_prompts_are_kept_changed_and_deleted(client):
    level = {"instructions_text": "Sum it up.", "json_schema": PROMPT["json_schema"]}
    prompt = client.prompts.create(**PROMPT, description="Moods", video_level=level)
    assert (prompt.name, prompt.description) == (PROMPT["name"], "Moods")
    assert prompt.video_level.instructions_text == "Sum it up."
    assert client.prompts.retrieve(prompt.prompt_id) == prompt
    changed = client.prompts.update(prompt.prompt_id, name="Another name", clear_video_level=True)
    assert (changed.name, changed.video_level) == ("Another name", None)
    assert changed.prompt_text == PROMPT["prompt_text"]
    listed = client.prompts.list(include_defaults=False)
    assert prompt.prompt_id in [one.prompt_id for one in listed.prompts]
    assert client.prompts.list().total_count == listed.total_count + 1
    usage = client.prompts.get_usage(prompt.prompt_id)
    assert (usage.is_in_use, usage.schema_properties_count) == (False, 3)
    for wrong in [{"name": "xx"}, {"json_schema": {"type": "array"}}, {"prompt_text": "short"}]:
        with pytest.raises(ValidationError):
            client.prompts.create(**{**PROMPT, **wrong})
    assert "deleted" in client.prompts.delete(prompt.prompt_id).message
    with pytest.raises(NotFoundError):
        client.prompts.retrieve(prompt.prompt_id)


def test_a_sample_is_held_against_a_schema(client):
    schema = PROMPT["json_schema"]
    good = client.prompts.test_schema(json_schema=schema, sample_data={"mood": "calm"})
    assert good.valid and good.validated_data == {"mood": "calm"}
    bad = client.prompts.test_schema(json_schema=schema, sample_data={"mood": "green"})
    assert not bad.valid and "green" in bad.error


def test_a_run_goes_to_its_end(emulator, client):
    index = client.indexes.create(name="Run")
    video_id = medium(emulator, client, "walk-30s.mp4", "A walk", index.index_id)
    level = {"instructions_text": "Sum it up.", "json_schema": PROMPT["json_schema"]}
    prompt = client.prompts.create(**PROMPT, video_level=level)
    ask = {
        "prompt_id": prompt.prompt_id, "target": {"type": "videos", "video_ids": [video_id]},
        "video_segmentation_type": "fixed", "video_segment_duration": 5, "processing_model": "gemini-2.5-pro",
    }
    price = client.prompt_runs.estimate(**ask)
    assert price.sufficient_balance and price.breakdown["seconds"] == 30
    run = client.prompt_runs.execute(**ask)
    assert (run.status, run.total_segments, run.video_segment_duration) == ("pending", 6, 5)
    emulator.advance(1)
    run = client.prompt_runs.wait_for_completion(run.run_id, poll_interval=0.01, timeout=5)
    assert (run.status, run.completed_videos, run.billing_actual_mt) == ("completed", 1, price.estimated_mt)
    assert client.prompt_runs.retrieve(run.run_id).processing_model == "gemini-2.5-pro"
    first = client.prompt_runs.list_results(run.run_id, video_id=video_id, limit=4)
    results = list(first.auto_paging_iter())
    assert [result.start_time for result in results] == [0, 5, 10, 15, 20, 25]
    assert results[1].metadata["mood"] == "loud" and results[1].video_name == "A walk"
    whole = client.prompt_runs.get_video_result(run.run_id, video_id)
    assert whole.metadata["mood"] == "calm" and whole.successful_segment_count == 6
    calls = client.prompt_runs.get_llm_calls(run.run_id)
    assert len(calls) == 6 and calls[0].prompt_text == PROMPT["prompt_text"]
    assert client.prompt_runs.get_failed_segments(run.run_id).failed_segments == 0
    assert client.videos.list_prompt_runs(video_id)[0].run_id == run.run_id
    assert client.indexes.list_prompt_runs(index.index_id).data[0].run_id == run.run_id
    assert client.prompt_runs.list(limit=1)[0].run_id == run.run_id
    segments = client.videos.list_segments(video_id, run_id=run.run_id).data
    assert segments[1].metadata == results[1].metadata and segments[1].from_run_id == run.run_id
    assert client.prompts.get_usage(prompt.prompt_id).is_in_use
    with pytest.raises(ConflictError):
        client.prompts.delete(prompt.prompt_id)
    assert client.prompts.delete(prompt.prompt_id, force=True).message
    with pytest.raises(NotFoundError):
        client.prompt_runs.execute(**ask)


def test_a_run_is_stopped(emulator, client):
    video_id = medium(emulator, client, "stop-30s.mp4", "Stop")
    target = {"type": "videos", "video_ids": [video_id]}
    run = client.prompt_runs.execute(prompt_id="prompt_general", target=target)
    stopped = client.prompt_runs.cancel(run.run_id)
    assert stopped.stop_state.requested_by == "user-1"
    emulator.advance(1)
    assert client.prompt_runs.retrieve(run.run_id).status == "cancelled"
    with pytest.raises(ConflictError):
        client.prompt_runs.cancel(run.run_id)


def test_a_failed_segment_is_tried_again(emulator, client):
    video_id = medium(emulator, client, "dogs-30s-flaky.mp4", "Flaky")
    target = {"type": "videos", "video_ids": [video_id]}
    run = client.prompt_runs.execute(prompt_id="prompt_general", target=target)
    emulator.advance(1)
    run = client.prompt_runs.wait_for_completion(run.run_id, poll_interval=0.01)
    assert (run.status, run.partial_videos) == ("completed_with_failures", 1)
    manifest = client.prompt_runs.get_failed_segments(run.run_id)
    [segment] = manifest.videos[0].segments
    assert manifest.videos[0].video_id == video_id and segment.retryable
    at = (run.run_id, video_id, segment.segment_id)
    retry = client.prompt_runs.retry_segment(*at)
    assert (retry.segment_id, retry.status) == (segment.segment_id, "pending")
    emulator.advance(1)
    status = client.prompt_runs.get_segment_retry_status(*at, retry.retry_id)
    assert (status.status, status.field_extraction_succeeded) == ("completed", True)
    assert client.prompt_runs.retrieve(run.run_id).status == "completed"
    with pytest.raises(ConflictError):
        client.prompt_runs.retry_segment(*at)


def test_search_by_text_image_and_both(client, indexed):
    index_id, video_id, _, run_id = indexed
    hits = client.search.text(index_id=index_id, query="loud dogs", top_k=2)
    assert len(hits) == 2 and hits[0].extracted_metadata["mood"] == "loud"
    assert hits[0].similarity_score == 1.0 and hits[0].run_id == run_id
    by_image = client.search.image(index_id=index_id, image_data=IMAGE, top_k=3)
    assert {hit.video_id for hit in by_image} == {video_id}
    assert by_image == client.search.image(index_id=index_id, image_data=IMAGE, top_k=3)
    fused = client.search.multimodal(index_id=index_id, text_query="loud", image_data=IMAGE, top_k=3)
    assert sorted(hit.text_rank for hit in fused) == [1, 2, 3] and fused[0].match_type == "both"
    for several in [{"run_ids": [run_id]}, {"index_id": index_id}]:
        found = client.search.multi_run(query="dogs", **several)
        assert {hit.source_run_id for hit in found} == {run_id}
    with pytest.raises(ValidationError):
        client.search.multimodal(index_id=index_id, top_k=3)
    with pytest.raises(ValidationError):
        client.search.image(index_id=index_id, image_data="no base64!")
    with pytest.raises(NotFoundError):
        client.search.text(index_id="idx_none", query="dogs")


def test_search_by_conditions(emulator, client, indexed):
    index_id, video_id, _, _ = indexed
    found = client.search.filter(index_id=index_id, conditions=LOUD)
    assert [hit.extracted_metadata["count"] for hit in found.results] == [1]
    counted = [{"field": "count", "operator": "greater_equal", "value": 0, "type": "integer"}]
    first = client.search.filter(index_id=index_id, conditions=counted, page_size=2)
    assert len(first.data) == 2 and first.pagination.has_more
    last = client.search.filter(index_id=index_id, conditions=counted, page_size=2, cursor=first.pagination.next_cursor)
    assert [hit.start_time for hit in first.data + last.data] == [0, 10, 20]
    loose = medium(emulator, client, "loose-20s.mp4", "Loose cats")
    run = client.prompt_runs.execute(prompt_id="prompt_general", target={"type": "videos", "video_ids": [loose]})
    emulator.advance(1)
    spoken = [{"field": "summary", "operator": "contains", "value": "cats", "type": "string"}]
    found = client.search.filter_playground(conditions=spoken, run_ids=[run.run_id])
    assert {hit.video_id for hit in found.data} == {loose}
    assert client.search.playground(query="cats", top_k=1, run_id=run.run_id)[0].video_id == loose


def test_from_upload_to_search_by_names(emulator, client):
    content = io.BytesIO(b"bytes")
    content.name = "film-120s.mp4"
    name = f"Films of {type(client).__name__}"
    job = client.workflow.upload(content, index_name=name)
    emulator.advance(1)
    job = client.import_jobs.retrieve(job.job_id)
    assert client.indexes.retrieve(job.target_index_id).name == name
    draft = client.workflow.define("Who is speaking?", save=False)
    assert draft.prompt_id is None and draft.definition.json_schema["type"] == "object"
    kept = client.workflow.define("Who is speaking?")
    assert client.prompts.retrieve(kept.prompt_id).description == "Who is speaking?"
    started = client.workflow.process(prompt_instruction="Name every animal", import_job_id=job.job_id)
    assert started.prompt_created_inline and started.run.prompt_id == started.prompt.prompt_id
    emulator.advance(1)
    run = client.workflow.wait_until_searchable(started.run.run_id, poll_interval=0.01, timeout=5)
    assert run.total_segments == 12
    page = client.workflow.search("film answer", index_name=name, limit=5)
    assert len(page) == 5 and page.has_more
    everything = list(page.auto_paging_iter())
    assert len({hit.segment_id for hit in everything}) == 12
    second = client.workflow.search(cursor=page.next_cursor)
    assert second[0].segment_id == everything[5].segment_id
    whole = client.workflow.search("film", index_name=name, result_level="video")
    assert [hit.result_type for hit in whole.data] == ["video"]
    tagged = [{"field": "tags", "operator": "is_not_empty", "type": "array"}]
    exact = client.workflow.search(filters=tagged, video_ids=job.video_ids[0], limit=50)
    assert exact.response.mode == "condition" and len(exact) == 12
    with pytest.raises(VideoVectorError):
        client.workflow.process(prompt_id=kept.prompt_id, index_name="No such index")
