"""The choice of a voice, the description of voices, and their installation and removal."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from satellite.components import spec
from satellite.errors import ModelMissing
from satellite.ports import EngineContext
from satellite.settings import ModelSettings
from satellite.values import SpeechRequest
from servers.models.store import Store
from servers.tts.piper import catalog as piper_catalog
from servers.tts.piper.catalog import Catalog
from servers.tts.piper.engine import Piper
from tests.support.piper_voice import VoiceSpec, install_voice


def in_folder(folder: Path) -> EngineContext:
    return EngineContext(models=ModelSettings(folder=str(folder), offline=True))


def chosen(folder: Path, default: str = "en_US-one-low", **request: str) -> str:
    catalog = Catalog(Store(folder), default)
    catalog.load()
    return catalog.choose(SpeechRequest(text="", **request)).name


def test_a_voice_is_chosen_by_name_language_or_speaker(store: Path) -> None:
    assert chosen(store) == "en_US-one-low"
    assert chosen(store, voice="de_DE-eins-low") == "de_DE-eins-low"
    assert chosen(store, voice="DE_de-Eins-low", language="en") == "de_DE-eins-low"
    assert chosen(store, language="de") == "de_DE-eins-low"
    assert chosen(store, language="de-AT") == "de_DE-eins-low"
    assert chosen(store, language="en") == "en_US-one-low"
    assert chosen(store, language="en_GB") == "en_GB-many-low"
    assert chosen(store, speaker="joe") == "en_GB-many-low"
    assert chosen(store, speaker="joe", language="en") == "en_GB-many-low"
    assert chosen(store, "", language="en-US") == "en_US-one-low"


def test_a_path_is_a_voice_too(store: Path, voice: Path) -> None:
    assert chosen(store, str(voice)) == "en_US-test-low"
    assert chosen(store, str(voice.parent)) == "en_US-test-low"
    assert chosen(store, str(voice), voice="en_US-test-low") == "en_US-test-low"
    assert chosen(store, str(voice), voice="de_DE-eins-low") == "de_DE-eins-low"
    with pytest.raises(ModelMissing, match=r"the folder has no \.onnx"):
        chosen(store, str(store / "piper"))


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"voice": "en_US-ona-low"}, "en_US-one-low is.*models pull piper:en_US-ona-low"),
        ({"voice": "../\0"}, "not installed"),
        ({"language": "tlh"}, 'speaks "tlh".*available:'),
        ({"default": "fr_FR-x-low"}, "models pull piper:fr_FR-x-low"),
    ],
)
def test_a_missing_voice_is_named_with_the_remedy(
    store: Path, request_: dict[str, str], words: str
) -> None:
    with pytest.raises(ModelMissing, match=words):
        chosen(store, **request_)


async def test_an_unknown_speaker_is_named_with_the_nearest(store: Path) -> None:
    engine = spec.create("tts", "piper:en_GB-many-low", in_folder(store))
    await engine.load()
    with pytest.raises(ModelMissing, match=r'no speaker "amu".*did you mean amy'):
        await anext(engine.synthesize(SpeechRequest(text="a", speaker="amu")))
    await engine.close()


async def test_speakers_differ_and_have_names_and_numbers(store: Path) -> None:
    engine: Piper = spec.create("tts", "piper:en_GB-many-low?speaker=kim&cache=0", in_folder(store))

    async def spoken(**request: str) -> bytes:
        chunks = engine.synthesize(SpeechRequest(text="One two three.", **request))
        return b"".join([chunk.audio async for chunk in chunks])

    usual = await spoken()
    assert usual == await spoken(speaker="2") == await spoken(speaker="kim")
    assert usual != await spoken(speaker="amy")
    # this voice has no speaker kim, so its own speaker is used
    assert await spoken(voice="en_US-one-low")
    await engine.close()


def test_without_voices_the_error_names_the_remedy(tmp_path: Path, store: Path) -> None:
    shutil.rmtree(store / "piper")
    with pytest.raises(ModelMissing, match="models pull piper:en_US-lessac-medium"):
        chosen(store, "")


async def test_voices_installed_later_are_described(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piper_catalog, "RESCAN_INTERVAL", 0.0)
    engine = spec.create("tts", "piper:en_US-one-low", in_folder(store))
    await engine.load()
    about = {model.name: model for model in engine.describe().models}
    assert about["en_US-one-low"].languages == ("en-US",)
    assert about["en_GB-many-low"].speakers == ("amy", "joe", "kim")
    assert engine.describe().version
    install_voice(store, VoiceSpec(name="fr_FR-un-low", language="fr_FR", espeak="fr"))
    assert "fr_FR-un-low" in {model.name for model in engine.describe().models}
    spoken = engine.synthesize(SpeechRequest(text="Bonjour.", language="fr"))
    assert [chunk async for chunk in spoken]
    await engine.close()


def test_a_damaged_description_hides_only_its_voice(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = store / "piper" / "de_DE-eins-low" / "de_DE-eins-low.onnx.json"
    file.write_bytes(b"x" * file.stat().st_size)
    catalog = Catalog(Store(store), "")
    catalog.load()
    assert [voice.name for voice in catalog.voices] == ["en_GB-many-low", "en_US-one-low"]
    assert "does not describe" in caplog.text
