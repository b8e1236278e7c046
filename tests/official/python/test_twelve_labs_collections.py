"""Twelve Labs: entities, knowledge stores and conversations about them, connections and imports."""

from __future__ import annotations

import urllib.parse

import httpx
import pytest
from twelve_labs_client import CLIENT, connected, ready_asset
from twelvelabs import TwelveLabs
from twelvelabs.core.api_error import ApiError
from twelvelabs.imports import ImportFilesRequestItemsItem
from twelvelabs.entity_collections.entities import EntitiesCreateBulkRequestEntitiesItem
from twelvelabs.types import ResponseInputItem


@pytest.fixture
def emulator(emulator_of):
    return emulator_of(CLIENT)


@pytest.fixture
def tl(emulator) -> TwelveLabs:
    return connected(emulator)


def status_of(call) -> int:
    with pytest.raises(ApiError) as error:
        call()
    return error.value.status_code


def test_entities(tl, emulator):
    images = [ready_asset(tl, emulator, f"{name}.png") for name in ("one", "two", "three")]
    team = tl.entity_collections.create(name="team", description="players")
    assert tl.entity_collections.retrieve(team.id).description == "players"
    assert tl.entity_collections.update(team.id, name="the team").name == "the team"
    assert [one.id for one in tl.entity_collections.list(name="the team")] == [team.id]
    made = tl.entity_collections.entities.create(team.id, name="Ada", asset_ids=images[:1], metadata={"shirt": 7})
    assert (made.status, made.entity_collection_id) == ("processing", team.id)
    emulator.advance(1)
    found = tl.entity_collections.entities.retrieve(team.id, made.id)
    assert (found.status, found.metadata, found.asset_ids) == ("ready", {"shirt": 7}, images[:1])
    more = tl.entity_collections.entities.create_assets(team.id, made.id, asset_ids=images[1:2])
    assert (more.asset_ids, more.status) == (images[:2], "processing")
    fewer = tl.entity_collections.entities.delete_assets(team.id, made.id, asset_ids=images[:1])
    assert fewer.asset_ids == images[1:2]
    assert tl.entity_collections.entities.update(team.id, made.id, description="striker").description == "striker"
    bulk = tl.entity_collections.entities.create_bulk(
        team.id, entities=[EntitiesCreateBulkRequestEntitiesItem(name="Bo", asset_ids=images[2:]), EntitiesCreateBulkRequestEntitiesItem(name="Cy", asset_ids=["0" * 24])]
    )
    assert (bulk.success_count, bulk.failed_count, bulk.errors[0].entity_name) == (1, 1, "Cy")
    assert [one.name for one in tl.entity_collections.entities.list(team.id, sort_by="name", sort_option="asc")] == ["Ada", "Bo"]
    assert [one.name for one in tl.entity_collections.entities.list_by_asset(images[2])] == ["Bo"]
    tl.entity_collections.entities.delete(team.id, made.id)
    assert status_of(lambda: tl.entity_collections.entities.retrieve(team.id, made.id)) == 404
    tl.entity_collections.delete(team.id)
    assert status_of(lambda: tl.entity_collections.retrieve(team.id)) == 404


def store_with_items(tl, emulator) -> tuple[str, list[str]]:
    store = tl.knowledge_stores.create(name="films", description="all", metadata={"kind": "archive"})
    assets = [ready_asset(tl, emulator, name) for name in ("one.mp4", "two.mp4", "poster.png")]
    items = [tl.knowledge_store_items.create(store.id, asset_id=asset, metadata={"n": "1"}).id for asset in assets]
    emulator.advance(3)
    return store.id, items


def test_knowledge_stores_and_items(tl, emulator):
    store, items = store_with_items(tl, emulator)
    found = tl.knowledge_stores.retrieve(store)
    assert (found.name, found.item_count, found.metadata) == ("films", 3, {"kind": "archive"})
    assert tl.knowledge_stores.update(store, description="some").description == "some"
    assert store in [one.id for one in tl.knowledge_stores.list()]
    item = tl.knowledge_store_items.retrieve(store, items[2])
    assert (item.asset_type, item.status, item.system_metadata.filename) == ("image", "ready", "poster.png")
    assert [one.id for one in tl.knowledge_store_items.list(store, sort_option="asc", status=["ready"])] == items
    group = tl.knowledge_store_item_collections.create(store, name="seen", metadata={"by": "me"})
    assert group.id.startswith("ksic_")
    both = tl.knowledge_store_item_collections.add_items(store, group.id, item_ids=items[:2])
    assert both.member_count == 2
    assert {one.id for one in tl.knowledge_store_item_collections.list_items(store, group.id)} == set(items[:2])
    tl.knowledge_store_item_collections.remove_items(store, group.id, item_ids=items[:1])
    again = tl.knowledge_store_item_collections.retrieve(store, group.id)
    assert (again.member_count, again.metadata) == (1, {"by": "me"})
    assert tl.knowledge_store_item_collections.update(store, group.id, name="unseen").name == "unseen"
    assert [one.name for one in tl.knowledge_store_item_collections.list(store)] == ["unseen"]
    tl.knowledge_store_item_collections.delete(store, group.id)
    assert status_of(lambda: tl.knowledge_store_item_collections.retrieve(store, group.id)) == 404
    tl.knowledge_store_items.delete(store, items[0])
    assert status_of(lambda: tl.knowledge_store_items.retrieve(store, items[0])) == 404
    tl.knowledge_stores.delete(store)
    assert status_of(lambda: tl.knowledge_stores.retrieve(store)) == 404


def test_search_in_a_knowledge_store(tl, emulator):
    store, items = store_with_items(tl, emulator)
    first = tl.knowledge_stores.search(store, query={"text": "a river"}, page_size=3, include_metadata=True)
    assert [(hit.rank, hit.item_id) for hit in first.data] == [(1, items[0]), (2, items[0]), (3, items[1])]
    assert first.data[0].matches[0].end_sec == 5 and first.data[0].metadata.user == {"n": "1"}
    rest = tl.knowledge_stores.search(store, query={"text": "a river"}, page_size=3, page_token=first.next_page_token)
    assert [hit.item_id for hit in rest.data] == items[1:] and rest.next_page_token is None
    grouped = tl.knowledge_stores.search(store, query={"text": "a river"}, group_by="item", filter={"asset_type": {"eq": "video"}})
    assert [len(hit.matches) for hit in grouped.data] == [2, 2]
    emulator.advance(3600)
    ended = lambda: tl.knowledge_stores.search(store, query={"text": "a river"}, page_token=first.next_page_token)
    assert status_of(ended) == 410


def test_a_conversation(tl, emulator):
    store, items = store_with_items(tl, emulator)
    asked = [ResponseInputItem(type="message", role="user", content="What is there?")]
    said = tl.responses.create(knowledge_store_id=store, input=asked)
    part = said.output[0].content[0]
    assert (said.status, part.text, part.annotations[0].item_id) == ("completed", "A river runs through a valley [1].", items[0])
    events = list(tl.responses.create_stream(
        knowledge_store_id=store, input=asked, session_id=said.session_id, include=["intermediate_outputs"]
    ))
    assert (events[0].type, events[-1].type) == ("response.created", "response.completed")
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == "A river runs through a valley again [1]."
    assert events[-1].response.session_id == said.session_id
    assert [event.sequence_number for event in events] == list(range(len(events)))


def consent(url: str) -> dict[str, list[str]]:
    """Opens the consent page; what the application is told on the way back."""
    moved = httpx.get(url)
    assert moved.status_code == 302
    return urllib.parse.parse_qs(urllib.parse.urlsplit(moved.headers["location"]).query)


def test_connections_and_imports(tl, emulator):
    back = tl.data_connectors.create_redirect_uri(redirect_uri="https://app.example.com/back")
    assert [uri.redirect_uri for uri in tl.data_connectors.list_redirect_uris().data] == ["https://app.example.com/back"]
    assert status_of(lambda: tl.data_connectors.create_redirect_uri(redirect_uri="https://app.example.com/back")) == 409
    assert status_of(lambda: tl.data_connectors.create_redirect_uri(redirect_uri="http://localhost/back")) == 422
    asked = {"provider": "google_drive", "redirect_uri": "https://app.example.com/back", "custom_id": "user-1"}
    # 1.3.6 takes `connections:` of the path for a URL's scheme: this one call never leaves the client.
    with pytest.raises(httpx.UnsupportedProtocol):
        tl.data_connectors.authorize_connection(**asked)
    info = emulator.info["twelve-labs"]
    key = {"x-api-key": info["api_key"]}
    begun = httpx.post(f"{info['base_url']}/connections:authorize", json=asked, headers=key).json()
    told = consent(begun["authorize_url"])
    connection = told["connection_id"][0]
    assert told["status"] == ["ok"] and told["custom_id"] == ["user-1"]
    found = tl.data_connectors.retrieve_connection(connection)
    assert (found.status, found.custom_id, found.provider) == ("active", "user-1", "google_drive")
    assert connection in [one.id for one in tl.data_connectors.list_connections().data]
    picker = tl.data_connectors.create_connection_picker_token(connection)
    assert picker.expires_in == 3600 and picker.scope.endswith("drive.readonly")
    files = [ImportFilesRequestItemsItem(source_id=name) for name in ("file-1", "missing-2")]
    taken = tl.imports.import_files(connection, items=files)
    assert taken.has_failures and [item.action for item in taken.items] == ["created", "rejected"]
    emulator.advance(2)
    later = tl.imports.retrieve_import(connection, taken.id)
    assert (later.item_count, later.items[0].status, later.custom_id) == (2, "ready", "user-1")
    again = tl.imports.import_files(connection, items=files[:1])
    assert (again.items[0].action, again.items[0].asset_id) == ("skipped", taken.items[0].asset_id)
    assert [one.id for one in tl.imports.list_imports(connection).data] == [again.id, taken.id]
    assert tl.assets.retrieve(taken.items[0].asset_id).source.details.source_id == "file-1"
    tl.data_connectors.delete_redirect_uri(back.id)
    assert tl.data_connectors.list_redirect_uris().data == []
    tl.data_connectors.delete_connection(connection)
    assert status_of(lambda: tl.data_connectors.retrieve_connection(connection)) == 404
