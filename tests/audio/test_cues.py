"""The built-in cues, the level meter and the test tone."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from satellite.audio.cues import LONGEST, CueName, Cues, cue
from satellite.audio.meter import QUIETEST, level, levels, tone
from satellite.audio.wavfile import write_wav
from satellite.config import load as config
from satellite.errors import ConfigError
from satellite.values import SPEECH, AudioChunk
from tests.support import sound
from tests.support.devices import ScriptedMic


@pytest.mark.parametrize(
    ("name", "longest"), [("awake", 0.4), ("done", 0.4), ("error", 0.4), ("timer", 1.6)]
)
def test_cues_are_short_audible_and_without_clicks(name: CueName, longest: float) -> None:
    chunk = cue(name)
    assert chunk.format.rate == 22050
    assert 0.1 < chunk.format.seconds(chunk.audio) <= longest
    samples = np.frombuffer(chunk.audio, "<i2").astype(int)
    assert 8000 < np.abs(samples).max() < 16384
    assert np.abs(samples[[0, -1]]).max() == 0
    assert np.abs(np.diff(samples)).max() < 6500  # no step steeper than its highest partials
    assert cue(name) is chunk


def test_cues_differ() -> None:
    names: tuple[CueName, ...] = ("awake", "done", "error", "timer")
    assert len({cue(name).audio for name in names}) == 4


def test_a_file_of_its_name_replaces_a_sound(tmp_path: Path) -> None:
    write_wav(tmp_path / "awake.wav", SPEECH, sound.tone(700, 0.2))
    (tmp_path / "README.txt").write_text("not a sound")
    cues = Cues(str(tmp_path))
    assert cues.sound("awake") == AudioChunk(audio=sound.tone(700, 0.2), format=SPEECH)
    assert cues.sound("error") is cue("error")


def test_every_wrong_file_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    write_wav(tmp_path / "awaek.wav", SPEECH, sound.tone(700, 0.2))
    write_wav(tmp_path / "done.wav", SPEECH, bytes(SPEECH.bytes_of(LONGEST + 0.1)))
    (tmp_path / "error.wav").write_text("ID3 this is an MP3 file")
    (tmp_path / "mute.wav").mkdir()
    with pytest.raises(ConfigError) as caught:
        config.load(environment={}, files=[], pairs=[f"cues.folder={tmp_path}"])
    where = f"flag --set cues.folder: cues.folder: {tmp_path}"
    assert [problem.replace(where, "") for problem in caught.value.problems[:2]] == [
        "/awaek.wav: the sound awaek is unknown (did you mean awake?)",
        "/done.wav is longer than 10 s",
    ]
    assert "error.wav is not a WAV file" in caught.value.problems[2]
    assert "mute.wav: Is a directory" in caught.value.problems[3]
    with pytest.raises(ConfigError, match="the folder /nowhere/at/all cannot be read"):
        Cues("/nowhere/at/all")


def test_the_tone_has_its_pitch_and_its_length() -> None:
    chunk = tone(440, 0.5)
    assert sound.pitch(chunk.audio, 22050) == pytest.approx(440, abs=5)
    assert chunk.format.seconds(chunk.audio) == pytest.approx(0.5, abs=0.001)


def test_levels_are_in_decibels_of_full_scale() -> None:
    loud = level(sound.tone(1000, 0.1))  # half of full scale
    assert loud.peak == pytest.approx(-6.0, abs=0.1)
    assert loud.rms == pytest.approx(-9.0, abs=0.1)
    assert level(bytes(200)).rms == level(b"").peak == QUIETEST


async def test_the_meter_gives_ten_levels_a_second() -> None:
    audio = sound.tone(1000, 0.25) + bytes(SPEECH.bytes_of(0.15))
    mic = ScriptedMic([audio[i : i + 1000] for i in range(0, len(audio), 1000)])
    async with aclosing(levels(mic)) as meter:
        found = [round((await anext(meter)).peak) for _ in range(4)]
    assert found == [-6, -6, -6, QUIETEST]
    assert not mic.is_open
