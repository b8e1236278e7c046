"""VideoVector: keys with a user's JWT, exports, webhooks with their calls, usage, limits, refusals."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from videovector import AuthenticationError, AuthorizationError, ConflictError, NotFoundError, ValidationError
from videovector import VideoVectorError
from videovector_client import CLIENTS, connected


@pytest.fixture(scope="module", params=CLIENTS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def emulator(name, emulator_of):
    return emulator_of(name)


@pytest.fixture(scope="module")
def client(emulator, name):
    return connected(emulator, name)


@pytest.fixture(scope="module")
def user(emulator, name):
    return connected(emulator, name, bearer_token=emulator.info["videovector"]["jwt"])


@pytest.fixture
def calls():
    """An address on loopback, what it was sent (headers, body), and the status that it answers."""
    seen: queue.Queue = queue.Queue()
    answer = {"status": 200}

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.put((self.headers, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(answer["status"])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", seen, answer
    server.shutdown()


@pytest.fixture
def run_id(emulator, client):
    """A run over one medium of an index, over."""
    index = client.indexes.create(name="Account")
    content = io.BytesIO(b"bytes")
    content.name = "dogs-30s.mp4"
    client.videos.upload(file=content, title="Dogs", index_id=index.index_id)
    emulator.advance(1)
    target = {"type": "index", "index_id": index.index_id}
    run = client.prompt_runs.execute(prompt_id="prompt_general", target=target)
    emulator.advance(1)
    return run.run_id


def until(condition, what: str):
    for _ in range(200):
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within four seconds: {what}")


def test_keys_are_made_rotated_revoked_and_deleted(emulator, client, user, name):
    key = user.api_keys.create(name="Reader", scopes=["read"], expires_in_days=30)
    assert (key.name, key.scopes, key.key[: len(key.key_prefix)]) == ("Reader", ["read"], key.key_prefix)
    reader = connected(emulator, name, api_key=key.key)
    assert reader.authenticate()["accepted"]
    assert reader.indexes.list() and user.api_keys.retrieve(key.key_id).last_used_at
    with pytest.raises(AuthorizationError) as lacking:
        reader.indexes.create(name="No")
    assert lacking.value.details["required_scope"] == "write" and lacking.value.request_id
    with pytest.raises(AuthorizationError):
        client.api_keys.list()
    new = user.api_keys.rotate(key.key_id)
    assert new.key != key.key and new.expires_at == key.expires_at
    with pytest.raises(AuthenticationError):
        reader.indexes.list()
    assert not user.api_keys.revoke(new.key_id).is_active
    assert {key.key_id, new.key_id} <= {one.key_id for one in user.api_keys.list()}
    assert user.api_keys.delete(new.key_id).message
    with pytest.raises(NotFoundError):
        user.api_keys.retrieve(new.key_id)
    with pytest.raises(AuthenticationError):
        connected(emulator, name, api_key="sk_live_" + "0" * 48).authenticate()


def test_exports_are_downloaded(emulator, client, run_id, tmp_path):
    made = client.exports.create_prompt_run_export(run_id)
    assert client.exports.retrieve(made.export_id).status == "pending"
    emulator.advance(1)
    export = client.exports.wait_for_completion(made.export_id, poll_interval=0.01, timeout=5)
    assert (export.target_id, export.queue_status) == (run_id, "succeeded")
    target = tmp_path / "export.json"
    assert client.exports.download(made.export_id, target) == export.file_size_bytes
    document = json.loads(target.read_text())
    assert (document["target_id"], document["segment_count"]) == (run_id, 3)
    assert b"".join(client.exports.iter_download(made.export_id)) == target.read_bytes()
    assert client.exports.list(limit=1)[0].export_id == made.export_id
    # The client takes a minted URL of an https host only; the emulator is on http.
    with pytest.raises(VideoVectorError) as refused:
        client.exports.download_url(made.export_id)
    assert refused.value.error_code == "invalid_export_download_url_response"


def test_an_export_goes_into_a_connector(emulator, client, run_id):
    connector = client.connectors.create_s3(
        name="Out", bucket="media", region="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret",
        scopes=["export"], export_base_path="base",
    )
    index_id = client.prompt_runs.retrieve(run_id).run_context["target"]["index_id"]
    made = client.exports.create_index_export(
        index_id, prompt_run_ids=[run_id], destination_connector_id=connector.connector_id, destination_subpath="sub",
    )
    emulator.advance(1)
    export = client.exports.retrieve(made.export_id)
    assert export.destination_uri == f"s3://media/base/sub/{made.export_id}.json"
    assert export.export_params == {"prompt_run_ids": [run_id]}
    assert client.exports.download_url(made.export_id) is None
    with pytest.raises(ConflictError):
        list(client.exports.iter_download(made.export_id))


def test_a_webhook_is_called_and_signed(emulator, client, calls):
    url, seen, _ = calls
    events = ["media.created", "import_job.completed"]
    hook = client.webhooks.create(name="Media", url=url, events=events, metadata={"mine": 1})
    assert (hook.events, hook.status) == (events, "active")
    content = io.BytesIO(b"bytes")
    content.name = "hooked-10s.mp4"
    job = client.videos.upload(file=content, title="Hooked")
    emulator.advance(1)
    told = []
    for _ in events:
        headers, body = seen.get(timeout=5)
        payload = json.loads(body)
        assert headers["X-Event-Type"] == payload["event_type"]
        told.append(payload["event_type"])
        assert payload["data"]["job_id"] == job.job_id and payload["metadata"] == {"mine": 1}
        signature = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Webhook-Signature"] == f"sha256={signature}"
        canonical = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
        assert canonical == body and headers["X-Webhook-ID"] == hook.webhook_id
        delivery = headers["X-Delivery-ID"]
        until(lambda: client.webhooks.get_delivery(delivery).status == "delivered", "delivered")
    assert sorted(told) == sorted(events), "in any order: they are on their way at the same time"
    assert len(client.webhooks.list_deliveries(hook.webhook_id, status="delivered")) == 2
    assert client.webhooks.retrieve(hook.webhook_id).last_success_at


def test_a_webhook_is_managed(client, calls):
    url, seen, answer = calls
    assert len(client.webhooks.list_events()) == 17
    hook = client.webhooks.create(name="Managed", url=url, events=["export.ready"])
    assert client.webhooks.test(hook.webhook_id).status_code == 200
    assert seen.get(timeout=5)[0]["X-Event-Type"] == "webhook.test"
    answer["status"] = 500
    failed = client.webhooks.test(hook.webhook_id)
    assert not failed.success and "500" in failed.error
    first, _ = seen.get(timeout=5)
    answer["status"] = 200
    [lost] = client.webhooks.list_deliveries(hook.webhook_id, status="failed")
    assert lost.delivery_id == first["X-Delivery-ID"] and lost.response_status_code == 500
    assert client.webhooks.retry_delivery(lost.delivery_id).delivery_id == lost.delivery_id
    secret = client.webhooks.rotate_secret(hook.webhook_id).new_secret
    until(lambda: client.webhooks.get_delivery(lost.delivery_id).status == "delivered", "sent again")
    changed = client.webhooks.update(hook.webhook_id, name="Renamed", status="paused", events=["export.failed"])
    assert (changed.name, changed.status, changed.events) == ("Renamed", "paused", ["export.failed"])
    assert secret != hook.secret and hook.webhook_id in [one.webhook_id for one in client.webhooks.list()]
    for wrong in [{"url": "http://example.com/hook"}, {"events": ["no.such"]}]:
        with pytest.raises(ValidationError):
            client.webhooks.create(**{"name": "Wrong", "url": url, "events": ["media.created"], **wrong})
    assert client.webhooks.delete(hook.webhook_id).message
    with pytest.raises(NotFoundError):
        client.webhooks.retrieve(hook.webhook_id)


def test_usage_and_limits(emulator, client, user, run_id):
    now = client.usage.get_current()
    assert now.totals.total_videos_uploaded >= 1 and now.metrics["processing_seconds"] >= 30
    assert "searches" in [one.type for one in client.usage.get_metric_types()]
    details = client.usage.get_details(metric_type="processing_seconds", limit=1)
    assert details[0].metadata["run_id"] == run_id and details[0].value == 30
    assert client.usage.get_breakdown().breakdown == now.metrics
    before = client.rate_limits.get_status().categories["write"]
    client.indexes.create(name="Counted")
    after = client.rate_limits.refresh().categories["write"]
    assert after.hour_used == before.hour_used + 1 and after.hour_remaining == before.hour_remaining - 1
    # Last, for what ends with time ends here.
    emulator.advance(40 * 86_400)
    [period, *_] = client.usage.get_history().periods
    assert period.period_start == now.period_start and period.metrics == now.metrics
