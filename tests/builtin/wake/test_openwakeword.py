"""openWakeWord's models detect their words as upstream's own code does, and nothing else."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satellite.builtin.wake.openwakeword import OpenWakeWord
from satellite.builtin.wake.tflite import package_folder
from satellite.components.spec import create
from satellite.errors import EngineFailed, ModelMissing
from tests.builtin.wake.feeding import detections, spoken
from tests.support import recordings
from tests.support.speech import noise, silence, speak

MODELS = package_folder("pyopen_wakeword") / "models"
EVERY_WORD = ("alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy", "okay_nabu")


@asynccontextmanager
async def engine(**options: Any) -> AsyncIterator[OpenWakeWord]:
    """Load an engine."""
    made = OpenWakeWord(OpenWakeWord.Options(**options))
    await made.load()
    try:
        yield made
    finally:
        await made.close()


@pytest.mark.parametrize("word", ["okay_nabu", "hey_jarvis"])
async def test_detects_recorded_words(word: str) -> None:
    async with engine(words=EVERY_WORD) as loaded:
        found = await detections(loaded, recordings.samples(word) + silence(1))
    assert [detection.word for detection in found] == [word]


async def test_does_not_detect_other_recorded_words() -> None:
    async with engine(words=("okay_nabu",)) as loaded:
        for name in ("hey_jarvis", "turn_on_the_living_room_lamp"):
            assert await detections(loaded, recordings.samples(name) + silence(1)) == []


@pytest.mark.parametrize("voice", ["en-us", "en-us+klatt6", "en-us+m3", "en-us+Annie"])
@pytest.mark.parametrize("word", ["okay_nabu", "hey_jarvis"])
async def test_detects_synthetic_voices(word: str, voice: str) -> None:
    async with engine(words=EVERY_WORD) as loaded:
        found = await detections(loaded, spoken(word.replace("_", " "), voice, 150))
    assert [detection.word for detection in found] == [word]


async def test_scores_are_those_of_the_package() -> None:
    """Every hop's score equals what pyopen-wakeword's own Python finds in the same sound.

    But for where its hops end: it leaves 480 samples, and 4 of the 80 mel frames that it waits for
    in the beginning, to the next hop. Upstream's openwakeword takes the newest, and so do we.
    """
    from pyopen_wakeword import Model, OpenWakeWordFeatures
    from pyopen_wakeword import OpenWakeWord as Package

    audio = silence(0.4) + speak("okay nabu") + noise(1.0) + speak("hey jarvis") + silence(0.6)
    audio = audio[: len(audio) // 2560 * 2560]
    features, word = OpenWakeWordFeatures.from_builtin(), Package.from_builtin(Model.OKAY_NABU)
    features.new_mels = 76 - 8
    expected = []
    padded = silence(480 / 16000) + audio
    for start in range(0, len(padded), 2560):
        for embedding in features.process_streaming(padded[start : start + 2560]):
            expected += list(word.process_streaming(embedding))
    async with engine(threshold=0, refractory=0) as loaded:
        scores = [detection.score for detection in await detections(loaded, audio)]
    assert len(scores) == len(audio) // 2560
    assert max(scores) > 0.8
    np.testing.assert_allclose(scores, expected[-len(scores) :], atol=1e-3)


async def test_two_words_at_once() -> None:
    async with engine(words=("okay_nabu", "hey jarvis")) as loaded:
        found = await detections(
            loaded, spoken("hey jarvis") + spoken("okay nabu") + spoken("hey jarvis")
        )
    assert [detection.word for detection in found] == ["hey_jarvis", "okay_nabu", "hey_jarvis"]


async def test_refractory_time_is_per_word_and_in_samples() -> None:
    audio = spoken("hey jarvis") + speak("okay nabu") + silence(0.5) + spoken("hey jarvis")
    async with engine(words=("okay_nabu", "hey_jarvis"), refractory=30.0) as loaded:
        found = await detections(loaded, audio, size=1_000_000)
    assert [detection.word for detection in found] == ["hey_jarvis", "okay_nabu"]


async def test_a_higher_trigger_level_detects_later() -> None:
    audio = spoken("hey jarvis")
    samples = []
    for level in (1, 3):
        async with engine(words=("hey_jarvis",), trigger_level=level) as loaded:
            [found] = await detections(loaded, audio)
            samples.append(found.sample)
    assert samples[1] >= samples[0] + 2 * 1280
    async with engine(words=("hey_jarvis",), trigger_level=100) as loaded:
        assert await detections(loaded, audio) == []


async def test_threshold() -> None:
    async with engine(threshold=1.0) as loaded:
        assert await detections(loaded, spoken("okay nabu")) == []


async def test_own_models(tmp_path: Path) -> None:
    shutil.copy(MODELS / "hey_jarvis.tflite", tmp_path / "my_butler_v0.3.tflite")
    async with engine(words=("my butler",), custom_model_dir=str(tmp_path)) as loaded:
        [found] = await detections(loaded, spoken("hey jarvis"))
        models = {model.name: model for model in loaded.describe().models}
    assert (found.word, found.phrase) == ("my_butler", "my butler")
    assert models["my_butler"].version == "0.3"
    assert models["my_butler"].languages == ()
    assert models["okay_nabu"].languages == ("en",)
    assert set(EVERY_WORD) < set(models)


@pytest.mark.parametrize("name", ["你好小智", "привет_дом", "hallo_küche", "おはよう", "مرحبا"])
async def test_own_models_are_named_in_any_script(name: str, tmp_path: Path) -> None:
    # decomposed, as some file systems write it
    stem = unicodedata.normalize("NFD", name)
    shutil.copy(MODELS / "hey_jarvis.tflite", tmp_path / f"{stem}.tflite")
    async with engine(words=(name,), custom_model_dir=str(tmp_path)) as loaded:
        [found] = await detections(loaded, spoken("hey jarvis"))
    assert unicodedata.normalize("NFC", found.word) == name
    assert unicodedata.normalize("NFC", found.phrase) == name.replace("_", " ")


async def test_a_missing_folder_of_own_models(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="nowhere is not a folder"):
        async with engine(custom_model_dir=str(tmp_path / "nowhere")):
            pass


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("embedding_model", r"my_word is not an openWakeWord model: its input is \(1, 76, 32, 1\)"),
        (None, r"my_word.tflite is not a TensorFlow Lite model"),
    ],
)
async def test_an_invalid_own_model(tmp_path: Path, source: str | None, problem: str) -> None:
    file = tmp_path / "my_word.tflite"
    if source:
        shutil.copy(MODELS / f"{source}.tflite", file)
    else:
        file.write_text("<html>404</html>")
    with pytest.raises(EngineFailed, match=problem):
        async with engine(words=("my_word",), custom_model_dir=str(tmp_path)):
            pass


async def test_an_unknown_word_fails_when_loading() -> None:
    with pytest.raises(ModelMissing, match=r"did you mean hey_jarvis\?"):
        async with engine(words=("okay_nabu", "hey_travis")):
            pass


async def test_no_configured_word() -> None:
    with pytest.raises(ModelMissing, match="no wake word is configured; available: alexa"):
        async with engine(words=()):
            pass


async def test_as_a_component() -> None:
    loaded = create("wake", "openwakeword:okay_nabu,hey_jarvis?threshold=0.6&trigger_level=2")
    await loaded.load()
    assert [d.word for d in await detections(loaded, spoken("hey jarvis"))] == ["hey_jarvis"]
    await loaded.close()


async def test_embeddings_of_a_sound_give_the_scores_of_its_stream() -> None:
    engine = OpenWakeWord(OpenWakeWord.Options(rest=False))
    audio = spoken("okay nabu") + silence(0.5)
    embeddings = await engine.embeddings(audio)
    assert embeddings.shape == (len(audio) // 2 // 1280, 96)
    scores = await engine.scores(embeddings, "okay_nabu")
    [found] = await detections(engine, audio)
    at = found.sample // 1280 - 1
    assert scores[at] == pytest.approx(found.score, abs=1e-6)
    assert (scores[:at] < 0.5).all()
    await engine.close()
