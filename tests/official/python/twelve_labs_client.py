"""The Twelve Labs client against its emulator, and objects that are ready for use."""

from __future__ import annotations

from typing import Any

from twelvelabs import TwelveLabs
from twelvelabs.indexes import IndexesCreateRequestModelsItem

CLIENT = "twelve-labs-python"
MODELS = [IndexesCreateRequestModelsItem(model_name="marengo3.0", model_options=["visual", "audio"])]


def connected(emulator: Any) -> TwelveLabs:
    info = emulator.info["twelve-labs"]
    return TwelveLabs(api_key=info["api_key"], base_url=info["base_url"])


def ready_asset(client: TwelveLabs, emulator: Any, name: str = "clip.mp4") -> str:
    asset = client.assets.create(method="url", url=f"https://example.com/{name}")
    emulator.advance(3)
    assert client.assets.retrieve(asset.id).status == "ready"
    return asset.id


def index(client: TwelveLabs, name: str) -> str:
    return client.indexes.create(index_name=name, models=MODELS).id


def ready_media(client: TwelveLabs, emulator: Any, name: str, count: int = 1) -> tuple[str, list[str]]:
    """An index with media that can be searched."""
    index_id, media = index(client, name), []
    for number in range(count):
        asset = ready_asset(client, emulator, f"clip-{number}.mp4")
        media.append(client.indexes.indexed_assets.create(index_id, asset_id=asset).id)
    emulator.advance(5)
    return index_id, media
