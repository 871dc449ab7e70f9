"""What `auto` means: a real engine where it can be used here and now, a built-in one elsewhere."""

from __future__ import annotations

import shutil
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from satellite.builtin.wake.two_stage import TwoStage
from satellite.components import auto
from satellite.components.auto import BUILT_IN, REAL, Preference, look_every
from satellite.engines import assembly
from satellite.languages import codes
from satellite.languages.pack import installed, pack
from satellite.ports import EngineContext
from satellite.requirements import Package, install_command
from satellite.settings import ModelSettings, Settings
from satellite.values import TranscribeRequest
from servers.asr.whisper.engine import FasterWhisper
from servers.llm.llamacpp.engine import LlamaCpp
from servers.llm.ollama.engine import Ollama
from servers.models import manifest, names
from servers.models.store import Store
from tests.support.ollama_fake import fake_ollama
from tests.support.peers import until
from tests.support.piper_voice import VoiceSpec, install_voice
from tests.support.real_models import real_model
from tests.support.speech import silence, speak


@pytest.fixture
def context(tmp_path: Path) -> EngineContext:
    """A context with an empty folder of models, and an Ollama that does not run."""
    return in_folder(tmp_path)


def in_folder(folder: Path, ollama: str = "http://127.0.0.1:9") -> EngineContext:
    return EngineContext(models=ModelSettings(folder=str(folder), ollama=ollama))


def put_whisper(folder: Path, name: str, when: str) -> None:
    place = folder / "whisper" / name
    place.mkdir(parents=True)
    (place / "model.bin").write_bytes(b"x")
    record = manifest.FileRecord("model.bin", 1, manifest.sha256(place / "model.bin"))
    manifest.write(place, manifest.Manifest("whisper", name, "tests", "0", when, (record,)))


@pytest.mark.parametrize("role", ["wake", "vad"])
async def test_some_roles_have_no_other_engine(role: str, context: EngineContext) -> None:
    assert await auto.preference(role, context) == Preference(BUILT_IN[role])
    assert look_every(role) is None


async def test_a_machine_without_a_package_of_the_wake_engine_has_the_other(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert auto.wake_engine("auto") == "two-stage"
    monkeypatch.setattr(TwoStage, "requires", (Package("no_such_package"),))
    assert auto.wake_engine("auto") == "openwakeword"
    assert auto.wake_engine("two-stage:alexa") == "two-stage:alexa"
    with caplog.at_level("INFO"):
        assert await auto.preference("wake", context) == Preference("openwakeword")
    assert "not two-stage: the Python package no_such_package is not installed" in caplog.text


@pytest.mark.parametrize("role", REAL)
async def test_a_missing_package_is_named_with_the_model(
    role: str, context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in REAL[role]:
        kind = auto._kind(role, name)  # noqa: SLF001
        monkeypatch.setattr(kind, "requires", (Package("no_such_package", "server"),))
    found = await auto.preference(role, context)
    assert found.component == BUILT_IN[role]
    assert f"{install_command('server')} && satellite models pull " in found.remedy


async def test_the_model_that_came_last_is_taken(
    tmp_path: Path, context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FasterWhisper, "requires", ())
    assert await auto.preference("asr", context) == Preference(
        "pocketsphinx", "satellite models pull whisper:base.en"
    )
    put_whisper(tmp_path, "base.en", "2026-01-02T00:00:00+00:00")
    assert (await auto.preference("asr", context)).component == "faster-whisper:base.en"
    put_whisper(tmp_path, "tiny", "2026-01-01T00:00:00+00:00")
    assert (await auto.preference("asr", context)).component == "faster-whisper:base.en"
    put_whisper(tmp_path, "small", "2026-01-03T00:00:00+00:00")
    assert await auto.preference("asr", context) == Preference("faster-whisper:small")


def speaking(context: EngineContext, language: str) -> EngineContext:
    return msgspec.structs.replace(context, language=language)


async def test_an_english_only_model_is_never_taken_for_another_language(
    tmp_path: Path, context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FasterWhisper, "requires", ())
    put_whisper(tmp_path, "base.en", "2026-01-02T00:00:00+00:00")
    put_whisper(tmp_path, "distil-large-v3", "2026-01-03T00:00:00+00:00")
    for language in ("de", "zh-TW", "pt_BR.UTF-8", "sv"):
        found = await auto.preference("asr", speaking(context, language))
        assert found.component == "pocketsphinx"
        model = found.remedy.removeprefix("satellite models pull whisper:")
        assert model in ("base", "small")
    put_whisper(tmp_path, "tiny", "2026-01-01T00:00:00+00:00")
    found = await auto.preference("asr", speaking(context, "de"))
    assert found == Preference("faster-whisper:tiny")


async def test_a_voice_of_another_language_is_never_taken(
    tmp_path: Path, context: EngineContext
) -> None:
    pytest.importorskip("piper")
    pytest.importorskip("onnx")
    install_voice(tmp_path)
    assert (await auto.preference("tts", context)).component == "piper"
    assert (await auto.preference("tts", speaking(context, "en-GB"))).component == "piper"
    german = await auto.preference("tts", speaking(context, "de-AT"))
    assert german.component == "espeak"
    assert german.remedy == "satellite models pull piper:de_DE-thorsten-medium"
    install_voice(tmp_path, VoiceSpec(name="de_DE-test-low", language="de_DE", espeak="de"))
    assert (await auto.preference("tts", speaking(context, "de-AT"))).component == "piper"


@pytest.mark.parametrize("role", REAL)
@pytest.mark.parametrize("language", installed())
def test_a_remedy_names_a_model_of_the_language(role: str, language: str) -> None:
    command = auto.language_remedy(role, language)
    if not getattr(pack(language).about.models, role):
        assert "a Wyoming server that knows" in command
        return
    assert command.startswith("satellite models pull ")
    name = command.split()[3]
    names.parse(name)
    if codes.same(language, "en"):
        assert command == f"satellite models pull {getattr(pack(language).about.models, role)}"
        return
    assert not name.endswith(".en")
    if role == "tts":
        assert codes.same(name.removeprefix("piper:").partition("-")[0], language)


async def test_a_satellite_uses_them_too(tmp_path: Path) -> None:
    """Where its machine has them and there is no server."""
    pytest.importorskip("piper")
    pytest.importorskip("onnx")
    settings = Settings(zeroconf=False, models=ModelSettings(folder=str(tmp_path)))
    async with assembly.opened("tts", settings) as engine:
        assert engine.describe().name == "espeak"
    install_voice(tmp_path)
    async with assembly.opened("tts", settings) as engine:
        assert engine.describe().name == "piper"


async def test_a_satellite_recognizes_speech_with_an_installed_whisper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only a server: the satellite's own engine, in its default settings."""
    monkeypatch.setattr(FasterWhisper, "requires", ())
    models = ModelSettings(folder=str(tmp_path))
    settings = Settings(zeroconf=False, models=models)
    assert settings.asr == "auto"
    context = EngineContext.for_settings(settings)
    assert type(await assembly.create("asr", settings.asr, context)).__name__ == "PocketSphinx"
    put_whisper(tmp_path, "tiny.en", "2026-01-01T00:00:00+00:00")
    engine = await assembly.create("asr", settings.asr, context)
    assert isinstance(engine, FasterWhisper)
    await engine.close()


async def test_an_installed_whisper_transcribes_on_the_satellite(tmp_path: Path) -> None:
    model = real_model("whisper-tiny.en")
    place = tmp_path / "whisper" / "tiny.en"
    shutil.copytree(model, place)
    files = tuple(
        manifest.FileRecord(file.name, file.stat().st_size, manifest.sha256(file))
        for file in sorted(place.iterdir())
    )
    record = manifest.Manifest("whisper", "tiny.en", "tests", "0", "2026-01-01T00:00:00Z", files)
    manifest.write(place, record)
    settings = Settings(zeroconf=False, models=ModelSettings(folder=str(tmp_path)))
    async with assembly.opened("asr", settings) as engine:
        assert engine.describe().name == "faster-whisper"
        spoken = speak("set a timer for ten minutes") + silence(0.5)
        heard = [text async for text in engine.transcribe(once(spoken), TranscribeRequest())]
    assert heard[-1].text == "Set a timer for 10 minutes."


async def once(audio: bytes) -> AsyncIterator[bytes]:
    yield audio


async def test_ollama_is_taken_where_it_runs_and_can_talk(
    tmp_path: Path, context: EngineContext
) -> None:
    assert (await auto.preference("llm", context)).component == "intents"
    async with fake_ollama(models=("new:1b", "old:1b")) as fake:
        context = in_folder(tmp_path, fake.host)
        assert await Ollama.auto(context) == "new:1b"
        assert await auto.preference("llm", context) == Preference("ollama:new:1b")
        fake.models.clear()
        assert (
            await auto.preference("llm", context)
        ).remedy == "satellite models pull gguf:qwen2.5-1.5b"
        await until(lambda: not fake.connections)


async def test_a_gguf_model_serves_where_ollama_does_not(
    tmp_path: Path, context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LlamaCpp, "requires", ())

    async def ollama(context: EngineContext) -> str | None:
        return running[0] if running else None

    running: list[str] = []
    monkeypatch.setattr(Ollama, "auto", ollama)
    assert await auto.preference("llm", context) == Preference(
        "intents", "satellite models pull gguf:qwen2.5-1.5b"
    )
    model = tmp_path / "tiny.gguf"
    model.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 1))
    Store(tmp_path).take("gguf", "tiny", model)
    assert await auto.preference("llm", context) == Preference("llamacpp:tiny")
    running.append("llama3.2:latest")
    assert await auto.preference("llm", context) == Preference("ollama:llama3.2:latest")
