"""Engines get the context of their own program, and no other program's in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from satellite.components import registry
from satellite.engines import assembly
from satellite.errors import PeerUnreachable
from satellite.net.pairing.errors import NotPaired
from satellite.options import OptionSet
from satellite.ports import EngineContext
from satellite.settings import HomeSettings, ModelSettings, PairingSettings, Settings
from servers.asr.whisper.engine import FasterWhisper
from servers.engines import ServedEngines


class Bare:
    """A stranger's plugin, as all were written before there was a context."""

    class Options(OptionSet, frozen=True):
        """None."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.context: EngineContext | None = None


class Aware(Bare):
    """One that takes the context."""

    def __init__(self, options: Bare.Options, context: EngineContext | None = None) -> None:
        super().__init__(options)
        self.context = context


class Clocked(Bare):
    """One with a second parameter of its own, which is not for us."""

    def __init__(self, options: Bare.Options, clock: object = None) -> None:
        super().__init__(options)
        self.clock = clock


class Entry(msgspec.Struct, frozen=True):
    """An entry point."""

    kind: type[Any]
    value: str = "stranger:Plugin"

    def load(self) -> type[Any]:
        return self.kind


def made(kind: type[Any], context: EngineContext) -> Any:
    entry: Any = Entry(kind)
    return registry.Plugin("llm", "x", "stranger", "1", entry).create(kind.Options(), context)


CONTEXT = EngineContext(nice=3)


def test_a_plugin_gets_the_context_where_it_takes_one() -> None:
    assert made(Bare, CONTEXT).context is None
    assert made(Aware, CONTEXT).context is CONTEXT
    assert made(Clocked, CONTEXT).clock is None


def test_the_settings_of_a_program_become_its_context() -> None:
    settings = Settings(
        models=ModelSettings(folder="/m"),
        home=HomeSettings(url="http://ha:8123"),
        pairing=PairingSettings(required=True),
    )
    assert EngineContext.for_settings(settings, nice=5) == EngineContext(
        models=settings.models, home_settings=settings.home, pairing=settings.pairing, nice=5
    )


def put_model(folder: Path, name: str) -> None:
    from servers.models import manifest

    place = folder / "whisper" / name
    place.mkdir(parents=True)
    (place / "model.bin").write_bytes(b"x")
    record = manifest.FileRecord("model.bin", 1, manifest.sha256(place / "model.bin"))
    model = manifest.Manifest("whisper", name, "tests", "0", "2026-01-02T00:00:00+00:00", (record,))
    manifest.write(place, model)


async def test_two_programs_side_by_side_each_find_their_own_models(tmp_path: Path) -> None:
    contexts = {
        name: EngineContext(models=ModelSettings(folder=str(tmp_path / name)))
        for name in ("base.en", "small")
    }
    for name in contexts:
        put_model(tmp_path / name, name)
    for name, context in (*contexts.items(), *contexts.items()):
        assert await FasterWhisper.auto(context) == name


async def test_two_programs_side_by_side_each_require_pairing_or_do_not() -> None:
    uri = "tcp://192.0.2.1:9"  # TEST-NET-1 (RFC 5737): nothing answers there
    strict = EngineContext(pairing=PairingSettings(required=True))
    careful = await assembly.create("tts", uri, strict)
    careless = await assembly.create("tts", uri, EngineContext())
    with pytest.raises(NotPaired, match="--require-pairing"):
        await careful.load()
    with pytest.raises(PeerUnreachable):
        await careless.load()


async def test_a_server_hands_its_context_to_every_engine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[EngineContext] = []

    async def create(role: str, component: str, context: EngineContext) -> str:
        seen.append(context)
        return f"{role} {component}"

    monkeypatch.setattr(assembly, "create", create)
    settings = Settings(
        asr="pocketsphinx",
        llm="intents",
        tts="espeak",
        models=ModelSettings(folder=str(tmp_path)),
    )
    engines = ServedEngines(settings, None, None, nice=5)
    await engines.create()
    assert set(engines.by_role) == {"asr", "llm", "tts"}
    assert seen == [engines.context] * 3
    own = EngineContext.for_settings(settings, nice=5)
    assert engines.context.processors is not None  # which all share
    assert msgspec.structs.replace(engines.context, processors=None) == own
