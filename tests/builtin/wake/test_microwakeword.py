"""microWakeWord's models detect their words as upstream's own code does, and nothing else."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from satellite.builtin.wake.microwakeword import MicroWakeWord
from satellite.builtin.wake.tflite import package_folder
from satellite.components.spec import create
from satellite.errors import EngineFailed, ModelMissing
from tests.builtin.wake.feeding import detections, spoken
from tests.support import recordings
from tests.support.speech import noise, silence, speak

MODELS = package_folder("pymicro_wakeword") / "models"
SURE = 0.9
"""Score that synthetic voices reach with room to spare. The models' own limits are for people: a
voice that scores 0.971 for a limit of 0.97 passes or not by the last bit of a sum."""
EVERY_WORD = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


@asynccontextmanager
async def engine(**options: Any) -> AsyncIterator[MicroWakeWord]:
    """Load an engine."""
    made = MicroWakeWord(MicroWakeWord.Options(**options))
    await made.load()
    try:
        yield made
    finally:
        await made.close()


def own_model(folder: Path, **changes: Any) -> None:
    """Put hey_jarvis into `folder` as my_butler."""
    description = json.loads((MODELS / "hey_jarvis.json").read_text())
    description |= {"wake_word": "My Butler", "model": "butler.tflite", **changes}
    (folder / "my_butler.json").write_text(json.dumps(description))
    shutil.copy(MODELS / "hey_jarvis.tflite", folder / "butler.tflite")


@pytest.mark.parametrize("word", ["okay_nabu", "hey_jarvis"])
async def test_detects_recorded_words(word: str) -> None:
    async with engine(words=EVERY_WORD) as loaded:
        found = await detections(loaded, recordings.samples(word) + silence(1))
    assert [detection.word for detection in found] == [word]


async def test_does_not_detect_other_recorded_words() -> None:
    async with engine(words=("okay_nabu",)) as loaded:
        for name in ("hey_jarvis", "turn_on_the_living_room_lamp"):
            assert await detections(loaded, recordings.samples(name) + silence(1)) == []


@pytest.mark.parametrize(
    ("word", "voice", "rate"),
    [
        ("okay_nabu", "en-us", 130),
        ("okay_nabu", "en-us", 175),
        ("okay_nabu", "en-us+m3", 150),
        ("hey_jarvis", "en-us+klatt6", 150),
        ("hey_mycroft", "en-us+klatt6", 150),
        ("alexa", "en-us+klatt6", 150),
    ],
)
async def test_detects_synthetic_voices(word: str, voice: str, rate: int) -> None:
    async with engine(words=EVERY_WORD, threshold=SURE) as loaded:
        found = await detections(loaded, spoken(word.replace("_", " "), voice, rate))
    assert [detection.word for detection in found] == [word]


async def test_detects_where_the_package_does() -> None:
    """The scores, and so the moment, are those of pymicro-wakeword's own Python."""
    from pymicro_wakeword import MicroWakeWord as Package
    from pymicro_wakeword import MicroWakeWordFeatures, Model

    audio = silence(0.5) + speak("hey jarvis") + noise(1.0) + speak("okay nabu") + silence(0.6)
    features, word = MicroWakeWordFeatures(), Package.from_builtin(Model.HEY_JARVIS)
    scores = []
    for start in range(0, len(audio), 320):
        scores.extend(
            (start // 2 + 160, word.process_streaming_prob(frame) or 0.0)
            for frame in features.process_streaming(audio[start : start + 320])
        )
    expected = [(sample, score) for sample, score in scores if score >= 0.2]
    async with engine(words=("hey_jarvis",), threshold=0.2, refractory=0) as loaded:
        found = await detections(loaded, audio)
    assert [detection.sample for detection in found] == [sample for sample, _ in expected]
    np.testing.assert_allclose([d.score for d in found], [s for _, s in expected], atol=1e-6)
    assert max(score for _, score in scores) > 0.9


async def test_two_words_at_once() -> None:
    async with engine(words=("okay_nabu", "hey jarvis"), threshold=SURE) as loaded:
        audio = spoken("hey jarvis") + spoken("okay nabu", "en-us", 150) + spoken("hey jarvis")
        found = await detections(loaded, audio)
    assert [detection.word for detection in found] == ["hey_jarvis", "okay_nabu", "hey_jarvis"]


async def test_refractory_time() -> None:
    audio = spoken("okay nabu", "en-us", 150) * 3
    async with engine(refractory=30) as loaded:
        assert len(await detections(loaded, audio, size=1_000_000)) == 1
    async with engine() as loaded:
        assert len(await detections(loaded, audio, size=1_000_000)) == 3


async def test_own_models(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Found by their descriptions; another program's JSON file beside them does not disturb."""
    own_model(tmp_path, trained_languages=["nl"])
    (tmp_path / "settings.json").write_text('{"volume": 3}')
    with caplog.at_level(logging.WARNING):
        folder = str(tmp_path)
        async with engine(words=("my butler",), custom_model_dir=folder, threshold=SURE) as loaded:
            [found] = await detections(loaded, spoken("hey jarvis"))
            models = {model.name: model for model in loaded.describe().models}
    assert (found.word, found.phrase) == ("my_butler", "my butler")
    assert models["my_butler"].languages == ("nl",)
    assert "settings" not in models
    assert "settings.json is not a microWakeWord model's description" in caplog.text


async def test_an_own_model_may_have_a_name_in_any_script(tmp_path: Path) -> None:
    own_model(tmp_path, trained_languages=["zh"])
    for file in list(tmp_path.glob("my_butler*")):
        file.rename(file.with_name(file.name.replace("my_butler", "你好小智")))
    (description,) = tmp_path.glob("*.json")
    content = json.loads(description.read_text())
    content["model"] = content["model"].replace("my_butler", "你好小智")
    content["wake_word"] = "你好小智"
    description.write_text(json.dumps(content))
    folder = str(tmp_path)
    async with engine(words=("你好小智",), custom_model_dir=folder, threshold=SURE) as loaded:
        [found] = await detections(loaded, spoken("hey jarvis"))
    assert (found.word, found.phrase) == ("你好小智", "你好小智")


async def test_the_model_sets_the_default_threshold(tmp_path: Path) -> None:
    own_model(tmp_path, micro={"probability_cutoff": 1.0, "sliding_window_size": 5})
    async with engine(words=("my_butler",), custom_model_dir=str(tmp_path)) as loaded:
        assert await detections(loaded, spoken("hey jarvis")) == []
    async with engine(
        words=("my_butler",), custom_model_dir=str(tmp_path), threshold=0.5
    ) as loaded:
        assert len(await detections(loaded, spoken("hey jarvis"))) == 1


async def test_own_model_without_its_network(tmp_path: Path) -> None:
    own_model(tmp_path)
    (tmp_path / "butler.tflite").unlink()
    with pytest.raises(ModelMissing, match=r"my_butler.json names the model butler\.tflite"):
        async with engine(words=("my_butler",), custom_model_dir=str(tmp_path)):
            pass


async def test_own_model_of_another_kind(tmp_path: Path) -> None:
    own_model(tmp_path)
    other = package_folder("pyopen_wakeword") / "models" / "okay_nabu.tflite"
    shutil.copy(other, tmp_path / "butler.tflite")
    with pytest.raises(EngineFailed, match="is not a microWakeWord model: its input is"):
        async with engine(words=("my_butler",), custom_model_dir=str(tmp_path)):
            pass


async def test_as_a_component() -> None:
    loaded = create("wake", "microwakeword:hey_jarvis?threshold=0.9")
    await loaded.load()
    assert [d.word for d in await detections(loaded, spoken("hey jarvis"))] == ["hey_jarvis"]
    await loaded.close()
