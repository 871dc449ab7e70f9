"""The echo: whether the microphone hears the speaker, and after which delay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.errors import DeviceError
from satellite.lib.finding import Finding, note, ok, warning
from satellite.lib.taskgroups import first_error
from satellite.values import SPEECH, AudioChunk

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SWEEP = (500.0, 4000.0)
"""First and last Hz of the sweep: small speakers play these, and rooms reflect them."""

LENGTH = 0.4
"""Seconds of the sweep."""

LOUDNESS = 0.4
"""Amplitude of the sweep, as a share of full scale."""

QUIET_BEFORE = 0.3
"""Seconds to record before the sweep."""

AFTER = 1.2
"""Seconds to record after the sweep: Bluetooth delays it by 0.3."""

CLEAR = 8.0
"""Least peak of the correlation, in root mean squares of it. The highest of 30,000 values of pure
noise reaches 4 to 5 (normal distribution)."""

LATE = 0.4
"""Seconds of delay from which barge-in and echo cancellation suffer, and answers feel slow."""


class Echo(msgspec.Struct, frozen=True):
    """The sweep, found in a recording."""

    delay: float
    """Seconds from handing the sweep to the speaker until the microphone delivered it."""
    clearness: float
    """Peak of the correlation, in root mean squares of it."""


async def measure(playback: Playback, capture: Capture) -> Echo | None:
    """Play the sweep on an open speaker and find it in what the microphone hears.

    Return None if the microphone does not hear it. Closes the microphone. Raises `DeviceError`s of
    the microphone.
    """
    return find(*await _play_and_record(playback, capture))


def judge(found: Echo | None) -> Finding:
    """Judge the echo; None stands for no echo."""
    if found is None:
        return note(
            "echo",
            "the microphone does not hear the speaker",
            "With headphones this is right; otherwise the speaker is off, or its volume is 0.",
            "play a tone with satellite devices --test, and check that you hear it",
        )
    text = f"the microphone hears the speaker after {found.delay * 1000:.0f} ms"
    if found.delay > LATE:
        means = "Answers start late, and so do interruptions of them; Bluetooth has such delays."
        return warning("echo", text, means, "use a speaker on a cable, or smaller buffers")
    return ok("echo", text)


def sweep() -> npt.NDArray[np.float64]:
    """Return the sweep: 16 kHz, -1 to 1, faded at both ends."""
    import numpy as np

    time = np.arange(round(LENGTH * SPEECH.rate)) / SPEECH.rate
    low, high = SWEEP
    phase = 2 * np.pi * (low * time + (high - low) / (2 * LENGTH) * time**2)
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
    wave: npt.NDArray[np.float64] = LOUDNESS * np.sin(phase) * fade
    return wave


def find(recording: bytes, began: int) -> Echo | None:
    """Find the sweep in a recording (s16le, 16 kHz mono); it was played at sample `began`."""
    import numpy as np

    samples = np.frombuffer(recording, "<i2").astype(np.float64) / 32768
    wave = sweep()
    if len(samples) < len(wave) + began:
        return None
    size = 1 << (len(samples) + len(wave)).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(wave, size))
    match = np.abs(np.fft.irfft(spectrum, size)[began : len(samples) - len(wave) + 1])
    if not len(match) or not match.any():
        return None
    place = int(match.argmax())
    clearness = float(match[place] / np.sqrt(np.mean(match**2)))
    return Echo(place / SPEECH.rate, clearness) if clearness > CLEAR else None


async def _play_and_record(playback: Playback, capture: Capture) -> tuple[bytes, int]:
    """Return a recording from before the sweep until after it, and the sample at which the sweep
    was handed to the speaker."""
    recording = bytearray()
    began: list[int] = []
    pcm = (sweep() * 32767).astype("<i2").tobytes()

    async def play() -> None:
        async with aclosing(_single(AudioChunk(audio=pcm, format=SPEECH))) as audio:
            await playback.play(audio, on_first=lambda: began.append(len(recording) // 2))

    await capture.open()
    with first_error(DeviceError):
        async with aclosing(capture.frames()) as frames, asyncio.TaskGroup() as tasks:
            playing: asyncio.Task[Any] | None = None
            async for frame in frames:
                recording += frame
                seconds = len(recording) / 2 / SPEECH.rate
                if playing is None and seconds >= QUIET_BEFORE:
                    playing = tasks.create_task(play())
                if began and seconds >= began[0] / SPEECH.rate + LENGTH + AFTER:
                    break
    return bytes(recording), began[0]


async def _single(chunk: AudioChunk) -> AsyncGenerator[AudioChunk, None]:
    yield chunk
