"""More than one Whisper model in an engine: selection by name, bounded number in memory."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from wyoming.event import Event

pytest.importorskip("faster_whisper", reason="satellite-voice[server] is not installed")

from satellite.conformance.feeding import feed
from satellite.errors import EngineBusy, EngineClosed, ModelMissing
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import TranscribeRequest
from servers.asr.whisper import model_cache
from servers.asr.whisper.engine import FasterWhisper
from servers.models import manifest
from servers.models.manifest import FileRecord, Manifest
from servers.serve import serving
from tests.support.peers import client, until
from tests.support.speech import speak
from tests.support.whisper_model import made_whisper, saying

SPEECH = speak("turn on the lamp")
MAIN = str(made_whisper(saying("this is the usual model")))
Put = Callable[[str, str], None]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Install a model that yields a text."""

    def put(name: str, says: str) -> None:
        folder = tmp_path / "whisper" / name
        shutil.copytree(made_whisper(saying(says)), folder)
        records = tuple(
            FileRecord(path=path.name, size=path.stat().st_size, sha256=manifest.sha256(path))
            for path in folder.iterdir()
        )
        manifest.write(folder, Manifest("whisper", name, "o/r", "1", "2026-01-01", records))

    return put


@pytest.fixture
async def engine(put: Put, tmp_path: Path) -> AsyncIterator[FasterWhisper]:
    put("tiny", "small words")
    put("base.en", "other words")
    options = FasterWhisper.Options(model=MAIN, models=2, num_workers=1, cpu_threads=1)
    models = ModelSettings(folder=str(tmp_path), offline=True)
    engine = FasterWhisper(options, EngineContext(models=models))
    await engine.load()
    yield engine
    await engine.close()


async def transcribed(engine: FasterWhisper, model: str | None = None) -> str:
    request = TranscribeRequest(language="en", model=model)
    async with aclosing(engine.transcribe(feed(SPEECH), request)) as transcripts:
        *_, final = [transcript async for transcript in transcripts]
    return final.text


async def test_a_request_uses_the_model_that_it_names(engine: FasterWhisper) -> None:
    assert await transcribed(engine) == "this is the usual model"
    assert await transcribed(engine, "tiny") == "small words"
    assert await transcribed(engine, "base.en") == "other words"
    assert await transcribed(engine, Path(MAIN).name) == "this is the usual model"


async def test_concurrent_requests_each_use_their_own_model(engine: FasterWhisper) -> None:
    names = ["tiny", None, "base.en"] * 3
    async with asyncio.timeout(30):
        texts = await asyncio.gather(*(transcribed(engine, name) for name in names))
    assert texts == ["small words", "this is the usual model", "other words"] * 3


async def test_every_selectable_model_is_described(engine: FasterWhisper) -> None:
    found = {model.name: model.languages for model in engine.describe().models}
    assert list(found) == [Path(MAIN).name, "base.en", "tiny"]
    assert found["base.en"] == ("en",)
    assert found["tiny"] == found[Path(MAIN).name]


@pytest.mark.parametrize(
    "name",
    ["large-v3", "/etc", "../whisper/tiny", pytest.param(str(made_whisper()), id="ours")],
)
async def test_no_other_model_is_opened(engine: FasterWhisper, name: str) -> None:
    with pytest.raises(ModelMissing, match="is unknown"):
        await transcribed(engine, name)


async def test_the_clients_choice_applies_to_its_connection(engine: FasterWhisper) -> None:
    audio = {"rate": 16000, "width": 2, "channels": 1}
    asked = [
        Event("audio-start", audio),
        Event("audio-chunk", audio, SPEECH),
        Event("audio-stop", {}),
    ]
    async with serving("asr", engine, "tcp://127.0.0.1:0") as uri, client(uri) as peer:
        await peer.send(Event("select-program", {"name": "tiny"}), *asked)
        assert (await peer.until("transcript"))[-1].data["text"] == "small words"
        await peer.send(Event("select-program", {"name": "faster-whisper"}), *asked)
        assert (await peer.until("transcript"))[-1].data["text"] == "this is the usual model"


class CountedLoads:
    """A counted substitute for a loaded model."""

    def __init__(self) -> None:
        self.here: list[str] = []
        self.most = 0

    async def load(self, name: str) -> model_cache.CachedModel:
        loads = self

        class Batches:
            async def close(self) -> None:
                loads.here.remove(name)

        await asyncio.sleep(0)
        self.here.append(name)
        self.most = max(self.most, len(self.here))
        return model_cache.CachedModel(name, None, Batches())  # type: ignore[arg-type]


async def test_the_least_recently_used_model_is_unloaded() -> None:
    loads = CountedLoads()
    lent = model_cache.ModelCache(2, loads.load)
    for name in ("a", "b", "a", "c"):
        async with lent.lend(name):
            pass
    assert loads.here == ["a", "c"]
    assert lent.names == ("a", "c")
    await lent.close()
    assert loads.here == []
    with pytest.raises(EngineClosed):
        async with lent.lend("a"):
            pass


async def test_a_model_in_use_stays_and_other_requests_wait() -> None:
    loads = CountedLoads()
    lent = model_cache.ModelCache(1, loads.load)

    async def borrow(name: str) -> None:
        async with lent.lend(name):
            await asyncio.sleep(0)
            assert loads.here == [name]

    async with lent.lend("a"):
        waiting = asyncio.ensure_future(borrow("b"))
        async with lent.lend("a"):
            await asyncio.sleep(0)
        assert loads.here == ["a"]
        assert not waiting.done()
    await waiting
    async with asyncio.timeout(10):
        await asyncio.gather(*(borrow(name) for name in "abcabcaabbcc"))
    assert loads.most == 1
    await until(lambda: len(loads.here) == 1)
    await lent.close()


async def test_a_wait_that_is_too_long_fails_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_cache, "PATIENCE", 0.01)
    lent = model_cache.ModelCache(1, CountedLoads().load)
    async with lent.lend("a"):
        with pytest.raises(EngineBusy, match="option models"):
            async with lent.lend("b"):
                pass
    await lent.close()
