"""The melody of the voice is ear on a thread of its own, and costs nothing where it cannot be."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from satellite.errors import EngineFailed, ModelMissing
from satellite.listening.melody import melody as module
from satellite.listening.melody.melody import SLOWEST, SURE, Melody, melody
from satellite.settings import ListenSettings, ModelSettings, Settings
from satellite.values import SPEECH
from servers.models.names import TURN
from servers.models.store import Store
from servers.models.turn_models import KNOWN
from tests.support.real_models import real_model

SILENCE = bytes(SPEECH.bytes_of(1.0))


class Network:
    """Returns a probability; with `failing`, none."""

    loaded = 0
    value = 0.95
    failing = False

    def __init__(self, model: Path) -> None:
        type(self).loaded += 1

    def probability(self, audio: bytes) -> float:
        if self.failing and audio == SILENCE:
            raise EngineFailed("broken")
        return self.value


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> type[Network]:
    class Own(Network):
        pass

    monkeypatch.setattr(module, "SmartTurn", Own)
    return Own


@pytest.mark.parametrize(("value", "finished"), [(SURE + 0.01, True), (SURE - 0.01, False)])
async def test_a_high_probability_alone_means_the_end(
    network: type[Network], value: float, finished: bool
) -> None:
    network.value = value
    ear = Melody(lambda: Path("model"))
    ear.begin()
    assert await ear.finished(SILENCE) is finished
    assert await ear.finished(SILENCE) is finished
    assert network.loaded == 1
    ear.close()


async def test_it_sleeps_until_an_utterance_and_again_after_it(
    network: type[Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNUSED", 0.0)
    ear = Melody(lambda: Path("model"))
    assert network.loaded == 0
    ear.begin()
    for _ in range(3):
        await asyncio.sleep(0.01)
    assert await ear.finished(SILENCE) is True
    assert network.loaded == 2
    ear.close()


async def test_a_missing_model_is_named_once(caplog: pytest.LogCaptureFixture) -> None:
    tried: list[int] = []

    def find() -> Path:
        tried.append(1)
        raise ModelMissing("not on this machine")

    ear = Melody(find)
    for _ in range(3):
        ear.begin()
        assert await ear.finished(SILENCE) is None
    assert len(tried) == 1
    assert caplog.text.count("without Smart Turn: not on this machine") == 1
    ear.close()


async def test_a_network_that_fails_is_not_asked_again(
    network: type[Network], caplog: pytest.LogCaptureFixture
) -> None:
    network.failing = True
    ear = Melody(lambda: Path("model"))
    assert await ear.finished(SILENCE) is None
    network.failing = False
    assert await ear.finished(SILENCE) is None
    assert caplog.text.count("broken") == 1
    ear.close()


async def test_a_slow_machine_does_without_it(
    network: type[Network], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_timed", lambda network: SLOWEST + 0.1)
    ear = Melody(lambda: Path("model"))
    assert await ear.finished(SILENCE) is None
    assert "a look takes 0.50 s on this machine" in caplog.text
    ear.close()


async def test_the_installed_model_is_used(tmp_path: Path) -> None:
    name = "smart-turn-v3.2"
    models = ModelSettings(folder=str(tmp_path))
    file = real_model(name) / KNOWN[name].file
    Store.for_settings(models).take(TURN, name, file)
    settings = Settings(listen=ListenSettings(smart_turn=True), models=models)
    with melody(settings) as ear:
        assert ear is not None
        assert await ear.finished(SILENCE) in (True, False)


@pytest.mark.parametrize(
    "listen", [ListenSettings(), ListenSettings(smart_turn=True, by_meaning=False)]
)
def test_it_is_off_by_default_and_without_meaning(listen: ListenSettings) -> None:
    with melody(Settings(listen=listen)) as ear:
        assert ear is None
