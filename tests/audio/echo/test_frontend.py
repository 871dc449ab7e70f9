"""The front end: echo cancellation, noise suppression and gain of a microphone."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np
import pytest

from satellite.audio.echo.frontend import FrontEnd, louder
from satellite.audio.echo.noise import REQUIRES
from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.settings import SoundSettings
from satellite.values import SPEECH
from tests.support.acoustics import at_level, loudness, pcm, room_noise, samples
from tests.support.speech import speak


class ChunkedSource:
    """A source that yields a sound in chunks, and notes when it is closed."""

    def __init__(self, sound: bytes, size: int = 1024) -> None:
        self._sound = sound
        self._size = size
        self.finished = False
        self.closed = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        try:
            for start in range(0, len(self._sound), self._size):
                yield self._sound[start : start + self._size]
            self.finished = True
        finally:
            self.closed = True


async def cleaned(
    sound: bytes, reference: PlaybackReference | None = None, size: int = 1024, **to: object
):
    settings = SoundSettings(**to)  # type: ignore[arg-type]
    front = FrontEnd(ChunkedSource(sound, size), reference or PlaybackReference(), settings)
    return b"".join([audio async for audio in front.frames()])


async def test_by_default_a_room_without_playback_is_unchanged() -> None:
    sound, reference = pcm(room_noise(1, -40)), PlaybackReference()
    assert await cleaned(sound, reference) == sound
    assert reference.now == 16000


async def test_closing_it_closes_the_source_and_it_reports_the_end() -> None:
    source = ChunkedSource(bytes(4096))
    front = FrontEnd(source, PlaybackReference(), SoundSettings())
    frames = front.frames()
    await anext(frames)
    await frames.aclose()
    assert source.closed
    assert not front.finished
    assert b"".join([audio async for audio in front.frames()]) == bytes(4096)
    assert front.finished


async def test_gain_clips_without_overflow() -> None:
    assert await cleaned(np.array([100, -20000], "<i2").tobytes(), mic_volume=2.5) == (
        np.array([250, -32768], "<i2").tobytes()
    )
    assert louder(b"\1\0", 0.0) == b"\0\0"


async def test_gain_can_change_while_it_runs() -> None:
    front = FrontEnd(
        ChunkedSource(b"\1\0\1\0", 2), PlaybackReference(), SoundSettings(echo_cancellation=False)
    )
    frames = front.frames()
    assert await anext(frames) == b"\1\0"
    front.amplify(3.0)
    assert await anext(frames) == b"\3\0"
    await frames.aclose()


async def test_echo_cancellation_can_be_switched_off() -> None:
    reference, sound = PlaybackReference(), pcm(room_noise(2, -30))
    reference.played(sound, SPEECH)
    assert await cleaned(sound, reference, echo_cancellation=False) == sound


@pytest.mark.skipif(bool(REQUIRES.missing()), reason=str(REQUIRES.missing()))
async def test_noise_is_suppressed_and_a_voice_is_not() -> None:
    noise = room_noise(4, -45)
    quiet = await cleaned(pcm(noise), noise_suppression=4)
    assert loudness(samples(quiet[64000:])) < loudness(noise) - 12
    voice = at_level(samples(speak("turn on the living room lamp")), -25)
    said = np.concatenate((noise, voice + noise[: len(voice)]))
    clean = samples(await cleaned(pcm(said), noise_suppression=2))[64000 + 320 :]
    assert loudness(clean) == pytest.approx(loudness(voice), abs=2)


@pytest.mark.skipif(bool(REQUIRES.missing()), reason=str(REQUIRES.missing()))
@pytest.mark.parametrize("size", [1024, 1000, 6])
async def test_a_quiet_voice_is_amplified_whatever_the_chunks(size: int) -> None:
    voice = at_level(samples(speak("turn on the living room lamp") * 4), -45)
    voice += room_noise(len(voice) / 16000, -75)
    amplified = samples(await cleaned(pcm(voice), size=size, auto_gain=30))
    assert len(voice) - len(amplified) < 160
    assert loudness(amplified[-48000:]) > -38


@pytest.mark.skipif(bool(REQUIRES.missing()), reason="needs the extra sound")
async def test_noise_suppression_changes_while_it_runs_and_no_sample_is_lost() -> None:
    sound = pcm(room_noise(4, -30))
    front = FrontEnd(ChunkedSource(sound, 1000), PlaybackReference(), SoundSettings())
    out = b""
    async for audio in front.frames():
        out += audio
        place = len(out) / SPEECH.rate / 2
        await front.clean_by(0 if place < 1 or place > 3 else 4 if place < 2.5 else 1, 0.0)
    assert len(out) == len(sound)
    assert out[-16000:] == sound[-16000:]  # the latest half second, in which it is off again
    late = slice(3 * SPEECH.rate, 5 * SPEECH.rate)  # after it has learned the noise
    assert loudness(samples(out[late])) < loudness(samples(sound[late])) - 6
