"""Recognition beside a turn: stored people, networks that change, and results that are never
waited for."""

from __future__ import annotations

import logging
import stat
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from satellite.errors import EngineFailed, UsageError
from satellite.listening.people.people_file import MOST_PEOPLE, People, PeopleFile, Person
from satellite.listening.people.recognition import SpeakerRecognition, speaker_recognition
from satellite.listening.people.voiceprint import SherpaVoiceprinter, digest, load, voice_of
from satellite.settings import PeopleSettings, Settings
from satellite.values import SPEECH
from tests.support.people import espeak
from tests.support.speaker_network import write_network

pytest.importorskip("sherpa_onnx")
pytest.importorskip("onnx")

CHUNK = SPEECH.bytes_of(0.032)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def file(tmp_path: Path) -> PeopleFile:
    """Anna and Otto, by a network of the published form."""
    model = write_network(tmp_path / "speaker.onnx")
    printer = load(model)
    stored = PeopleFile("kitchen")
    for name, voice in {"Anna": "en-us+f3", "Otto": "en-us+m7"}.items():
        prints = [printer.compute(voice_of(audio)) for audio in espeak(voice)[:3]]
        person = Person(name, tuple(tuple(map(float, each)) for each in prints))
        stored.add(person, str(model), digest(model))
    return stored


def check(recognition: SpeakerRecognition, audio: bytes, seconds: float = 5.0) -> str | None:
    """Return the name that a whole utterance has after a while."""
    checked = recognition.begin()
    for start in range(0, len(audio), CHUNK):
        checked.hear(audio[start : start + CHUNK])
    checked.finish()
    until = time.monotonic() + seconds
    while checked._future is not None and time.monotonic() < until:  # noqa: SLF001
        assert checked.match is None or checked.match.score <= 1
        time.sleep(0.01)
    return checked.match.name if checked.match else None


def test_a_network_of_k2_fsa_is_run_by_sherpa(tmp_path: Path) -> None:
    printer = load(write_network(tmp_path / "x.onnx"))
    assert isinstance(printer, SherpaVoiceprinter)
    found = printer.compute(voice_of(espeak("en-us")[0]))
    assert found.shape == (80,)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-3)
    with pytest.raises(EngineFailed, match="too little sound"):
        printer.compute(np.zeros(10, np.float32))


def test_people_are_recognized_and_a_change_counts_at_once(file: PeopleFile) -> None:
    recognition = SpeakerRecognition(file, threshold=0.5)
    audio = espeak("en-us+f3")[3]
    assert check(recognition, audio) == "Anna"
    assert check(SpeakerRecognition(file, threshold=1.0), audio) is None
    file.remove("Anna")
    time.sleep(0.01)
    assert check(recognition, audio) in ("Otto", None)
    file.remove("Otto")
    assert check(recognition, audio) is None
    recognition.close()


def test_a_short_utterance_names_no_one(file: PeopleFile) -> None:
    recognition = SpeakerRecognition(file)
    assert check(recognition, espeak("en-us+f3", ("Stop.",))[0][: SPEECH.bytes_of(0.5)]) is None
    assert check(recognition, bytes(SPEECH.bytes_of(4))) is None
    recognition.close()


def test_a_result_is_there_before_the_end_and_none_is_waited_for(file: PeopleFile) -> None:
    recognition = SpeakerRecognition(file, threshold=0.5)
    audio = espeak("en-us+m7")[0] + espeak("en-us+m7")[1]
    checked = recognition.begin()
    slowest = 0.0
    for start in range(0, len(audio), CHUNK):
        began = time.perf_counter()
        checked.hear(audio[start : start + CHUNK])
        slowest = max(slowest, time.perf_counter() - began)
        time.sleep(0.01)
    assert checked.match is not None
    assert checked.match.name == "Otto"
    assert slowest < 0.1
    recognition.close()
    checked.finish()  # after the satellite has stopped


def test_another_network_in_its_place_is_refused(
    file: PeopleFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_network(tmp_path / "speaker.onnx", comment="changed")
    recognition = SpeakerRecognition(file)
    with caplog.at_level(logging.WARNING):
        assert check(recognition, espeak("en-us+f3")[3]) is None
    assert "is another file than the one" in caplog.text
    recognition.close()


def test_the_file_is_private_and_what_cannot_be_used_is_set_aside(
    file: PeopleFile, caplog: pytest.LogCaptureFixture
) -> None:
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    stored = msgspec.json.decode(file.path.read_bytes())
    stored["people"][0]["prints"] = [["x"]]
    stored["people"].append({"name": "[x]", "prints": [[0.5] * 8]})
    file.path.write_bytes(msgspec.json.encode(stored))
    with caplog.at_level(logging.WARNING):
        found = file.read()
    assert [person.name for person in found.people] == ["Otto"]
    assert "cannot be used as it is" in caplog.text
    assert len(list(file.path.parent.glob("*.unusable-*"))) == 1
    assert isinstance(found, People)


def test_people_are_limited_and_of_one_network(file: PeopleFile) -> None:
    one = Person("Eva", ((0.5,) * 80,))
    with pytest.raises(UsageError, match="another model"):
        file.add(one, "/other.onnx", "0")
    sha256 = file.read().sha256
    for number in range(MOST_PEOPLE - 2):
        file.add(Person(f"p{number}", one.prints), "/m.onnx", sha256)
    with pytest.raises(UsageError, match="remove one first"):
        file.add(one, "/m.onnx", sha256)
    with pytest.raises(UsageError, match="is unknown"):
        file.remove("Eva")


def test_it_is_off_by_default() -> None:
    with speaker_recognition(Settings(name="kitchen")) as recognition:
        assert recognition is None
    wanted = Settings(name="kitchen", people=PeopleSettings(enabled=True))
    with speaker_recognition(wanted) as recognition:
        assert recognition is not None
        assert recognition.submit(bytes(64000)).result(5) is None
