"""Models by HTTP: listed, fetched with progress, removed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from satellite.http.route import Route
from satellite.http.token import Token
from satellite.net.memory_budget import MemoryBudget
from satellite.settings import ModelSettings
from servers.api.stored_models import stored_model_routes
from tests.support import model_files
from tests.support.described_api import DescribedApi, served_routes
from tests.support.hub import Hub, hub_running
from tests.support.peers import until

TOKEN = Token("0123456789abcdef0123")
MODEL = "whisper:base.en"
EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture(autouse=True)
def no_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use no proxy, no token and no Ollama of this machine."""
    for name in ("HF_TOKEN", "HF_ENDPOINT", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)


@asynccontextmanager
async def models_api(
    folder: Path, hub: Hub, token: Token | None = TOKEN
) -> AsyncGenerator[DescribedApi, None]:
    settings = ModelSettings(folder=str(folder), endpoint=hub.endpoint, ollama="http://127.0.0.1:9")

    def make() -> Sequence[Route]:
        return stored_model_routes(settings, MemoryBudget())

    async with asyncio.timeout(30), served_routes(make, token=token) as api:
        yield api


async def test_a_model_is_fetched_with_progress_listed_and_removed(tmp_path: Path) -> None:
    with hub_running() as hub:
        hub.repositories["Systran/faster-whisper-base.en"] = model_files.whisper()
        async with models_api(tmp_path, hub) as api:
            assert (await api.ask("GET", "/api/models")).json["models"] == []
            pulled = await api.ask(
                "POST", "/api/models/pull", json={"model": MODEL}, headers=EVENTS
            )
            last = [event for event in pulled.events if event["event"] == "progress"][-1]
            assert last["done"] == last["total"] > 0
            assert pulled.events[-1] == {"event": "done", "model": MODEL}
            again = await api.ask("POST", "/api/models/pull", json={"model": MODEL})
            assert again.json == {"model": MODEL}
            (model,) = (await api.ask("GET", "/api/models")).json["models"]
            assert (model["model"], model["state"], model["license"]) == (MODEL, "whole", "MIT")
            assert (await api.ask("DELETE", f"/api/models/{MODEL}")).json["models"] == []
            gone = await api.ask("DELETE", f"/api/models/{MODEL}")
            assert (gone.status, "is not installed" in gone.json["error"]) == (404, True)


async def test_a_download_ends_with_its_client_and_is_resumed(tmp_path: Path) -> None:
    with hub_running() as hub:
        hub.repositories["Systran/faster-whisper-base.en"] = model_files.whisper()
        hub.pace = lambda: time.sleep(0.05)  # type: ignore[method-assign]
        async with models_api(tmp_path, hub) as api:
            leaving = asyncio.create_task(
                api.ask("POST", "/api/models/pull", json={"model": MODEL}, headers=EVENTS)
            )
            await until(lambda: hub.sent > 0)
            leaving.cancel()
            await asyncio.wait([leaving])
            hub.pace = lambda: None  # type: ignore[method-assign]
            again = await api.ask("POST", "/api/models/pull", json={"model": MODEL})
            assert again.status == 200


@pytest.mark.parametrize(
    ("model", "status", "says"),
    [
        ("base.en", 400, "names no model"),
        ("whisper:../../etc", 400, ""),
        ("whisper:tiny", 404, ""),
        ("ollama:llama3.2:1b", 502, "Ollama does not answer"),
    ],
)
async def test_what_cannot_be_fetched_is_explained(
    tmp_path: Path, model: str, status: int, says: str
) -> None:
    with hub_running() as hub:
        async with models_api(tmp_path, hub) as api:
            answer = await api.ask("POST", "/api/models/pull", json={"model": model})
            assert (answer.status, says in answer.json["error"]) == (status, True)


async def test_a_program_without_the_token_lists_only(tmp_path: Path) -> None:
    with hub_running() as hub:
        async with models_api(tmp_path, hub, token=None) as api:
            assert (await api.ask("GET", "/api/models")).status == 200
            for method, path in (
                ("POST", "/api/models/pull"),
                ("DELETE", f"/api/models/{MODEL}"),
            ):
                answer = await api.ask(method, path, json={"model": MODEL})
                assert (answer.status, "takes the token" in answer.json["error"]) == (403, True)
        assert not hub.requests
