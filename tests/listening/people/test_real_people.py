"""Real voiceprints: voices that differ are distinguished, and one is recognized again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from satellite.errors import EngineFailed, ModelMissing
from satellite.listening.people.voiceprint import (
    DVector,
    Floats,
    load,
    similarity,
    voice_of,
)
from tests.support.people import espeak, other_person, reader, silence
from tests.support.real_models import real_model

pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def printer() -> DVector:
    loaded = load(real_model("speaker-dvector") / "embedder.int8.onnx")
    assert isinstance(loaded, DVector)
    return loaded


@pytest.fixture(scope="module")
def voices(printer: DVector) -> dict[str, list[Floats]]:
    """Voiceprints by person, of clips with enough voice."""
    clips = {"woman": reader(), "man": other_person()}
    if not all(clips.values()):
        pytest.skip("no recordings here: apt install pocketsphinx-testdata")
    clips |= {voice: espeak(voice) for voice in ("en-us", "en-us+f3", "en-us+m7")}
    return {
        name: [
            printer.compute(voice)
            for audio in recorded
            if len(voice := voice_of(audio)) >= (24000 if name == "woman" else 16000)
        ]
        for name, recorded in clips.items()
    }


def test_a_person_is_recognized_by_further_sentences(
    printer: DVector, voices: dict[str, list[Floats]]
) -> None:
    for name in ("woman", "en-us", "en-us+f3", "en-us+m7"):
        enrolled = np.mean(voices[name][:3], axis=0)
        for later in voices[name][3:]:
            assert similarity(enrolled, later) >= printer.threshold, name


def test_no_one_is_taken_for_another_person(
    printer: DVector, voices: dict[str, list[Floats]]
) -> None:
    for name, prints in voices.items():
        enrolled = np.mean(prints[:3], axis=0)
        for other, theirs in voices.items():
            for each in theirs if other != name else ():
                assert similarity(enrolled, each) < printer.threshold, (name, other)


def test_silence_around_the_speech_changes_little(printer: DVector) -> None:
    audio = espeak("en-us")[0]
    plain = printer.compute(voice_of(audio))
    padded = printer.compute(voice_of(silence(1.0) + audio + silence(2.0)))
    assert similarity(plain, padded) > 0.97


def test_short_and_empty_sound_have_a_voiceprint_or_an_error(printer: DVector) -> None:
    assert printer.compute(np.ones(10, np.float32) * 0.1).shape == (256,)
    assert len(voice_of(b"")) == len(voice_of(b"\0")) == 0
    assert len(voice_of(bytes(64000))) == 0


def test_a_missing_or_foreign_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"none\.onnx"):
        load(tmp_path / "none.onnx")
    (tmp_path / "other.onnx").write_bytes(b"no network")
    with pytest.raises(EngineFailed, match="satellite models pull sherpa:speaker-en"):
        load(tmp_path / "other.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"voicefilter_lite_config")
    with pytest.raises(EngineFailed, match=r"bad\.onnx cannot be loaded"):
        load(tmp_path / "bad.onnx")
