"""api.video: the client's own exchange and refresh, and what it makes of refusals."""

from __future__ import annotations

import json

import pytest
from api_video_client import CLIENT, connected
from apivideo import ApiException, AuthenticatedApiClient
from apivideo.api.videos_api import VideosApi
from apivideo.exceptions import ApiAuthException
from apivideo.exceptions import NotFoundException


@pytest.fixture
def emulator(emulator_of):
    return emulator_of(CLIENT)


def test_an_exchange_gives_a_bearer_that_works(emulator):
    client = connected(emulator)
    assert client.token_type == "Bearer"
    assert client._access_token.count(".") == 2
    VideosApi(client).list()


def test_a_refresh_replaces_both_tokens(emulator):
    client = connected(emulator)
    before = (client._access_token, client._refresh_token)
    client.refresh_token()
    assert client._access_token != before[0]
    assert client._refresh_token != before[1]
    VideosApi(client).list()


def test_an_access_token_ends_after_an_hour_and_a_refresh_helps(emulator):
    client = connected(emulator)
    emulator.advance(3601)
    with pytest.raises(ApiException) as refused:
        VideosApi(client).list()
    assert refused.value.status == 401
    client.refresh_token()
    assert VideosApi(client).list().pagination.current_page == 1


def test_a_wrong_key_is_refused_in_the_services_own_words(emulator):
    client = AuthenticatedApiClient("wrong")
    client.configuration.host = emulator.info["api-video"]["base_url"]
    with pytest.raises((ApiException, ApiAuthException)) as refused:
        client.connect()
    assert refused.value.status == 400
    assert "authentication-invalid-user-credentials" in json.loads(refused.value.body)["type"]


def test_sandbox_and_production_are_apart(emulator):
    sandbox = VideosApi(connected(emulator, "api-video-sandbox"))
    made = sandbox.create({"title": "in the sandbox"})
    assert sandbox.get(made.video_id).title == "in the sandbox"
    with pytest.raises(NotFoundException):
        VideosApi(connected(emulator)).get(made.video_id)
