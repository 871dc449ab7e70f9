"""The echo: whether the microphone hears the speaker, how late and how loud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from satellite.audio.capture import Capture
from satellite.audio.playback import Playback
from satellite.components import spec
from satellite.diagnostics.doctor.device_error import refusal
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, note, ok, warning
from satellite.diagnostics.doctor.recording import chosen
from satellite.errors import DeviceError
from satellite.events import Event
from satellite.lib.taskgroups import first_error
from satellite.values import SPEECH, AudioChunk

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SWEEP = (500.0, 4000.0)
"""Hz from which to which the sound rises: what small speakers give and rooms do not swallow."""

LENGTH = 0.4
"""Seconds of it."""

LOUDNESS = 0.4
"""Of full scale."""

QUIET_BEFORE = 0.3
"""Seconds of the room before it is played."""

AFTER = 1.2
"""Seconds in which it must have come: Bluetooth takes 0.3."""

CLEAR = 8.0
"""How much the best place stands out (in root mean squares of the correlation). The best of 30,000
places of pure noise reaches 4 to 5 (normal distribution)."""

LATE = 0.4
"""Seconds beyond which barge-in and echo cancelling get hard, and answers feel slow."""


class Echo(msgspec.Struct, frozen=True):
    """What came back."""

    delay: float
    """Seconds from handing the sound to the speaker until the microphone gave it."""
    clearness: float
    """How often the root mean square of the correlation the place is."""


async def echo(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Play a short rising sound and listen for it."""
    mic_name, speaker_name = await chosen(case, "mic"), await chosen(case, "speaker")
    if mic_name is None or speaker_name is None:
        return  # the check of the devices tells why
    if "wav" in (spec.parse(mic_name).plugin, spec.parse(speaker_name).plugin):
        yield note("echo", "not measured, as mic or speaker is a file", "", "")
        return
    async with case.sound_devices():
        case.say(f"playing a short sound on {speaker_name}")
        playback = Playback(spec.create("speaker", speaker_name), nothing)
        playback.volume = case.settings.volume
        try:
            try:
                await playback.open()
            except DeviceError as error:
                yield await refusal(case, "speaker", error)
                return
            try:
                heard, began = await _played(
                    playback, Capture(spec.create("mic", mic_name), nothing)
                )
            except DeviceError:
                return  # the recording tells of it
        finally:
            await playback.close()
    yield judge(find(heard, began))


def judge(found: Echo | None) -> Finding:
    """What an echo means, or that there is none."""
    if found is None:
        return note(
            "echo",
            "the microphone does not hear the speaker",
            "That is right for headphones; else the speaker is off, or its volume is 0.",
            "satellite devices --test plays a tone: is it heard?",
        )
    text = f"the microphone hears the speaker after {found.delay * 1000:.0f} ms"
    if found.delay > LATE:
        means = "Answers begin late, and the wake word interrupts them late; Bluetooth does that."
        return warning("echo", text, means, "use a speaker on a cable, or smaller buffers")
    return ok("echo", text)


def sweep() -> npt.NDArray[np.float64]:
    """The sound: 16 kHz, -1 to 1, faded at both ends."""
    import numpy as np

    time = np.arange(round(LENGTH * SPEECH.rate)) / SPEECH.rate
    low, high = SWEEP
    phase = 2 * np.pi * (low * time + (high - low) / (2 * LENGTH) * time**2)
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
    wave: npt.NDArray[np.float64] = LOUDNESS * np.sin(phase) * fade
    return wave


def find(heard: bytes, began: int) -> Echo | None:
    """Where in 16 kHz mono the sound is, `began` being the sample at which it was handed over."""
    import numpy as np

    samples = np.frombuffer(heard, "<i2").astype(np.float64) / 32768
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


async def _played(playback: Playback, capture: Capture) -> tuple[bytes, int]:
    """What the microphone gave from before the sound until after it, and when it was handed over
    (in samples)."""
    heard = bytearray()
    began: list[int] = []
    pcm = (sweep() * 32767).astype("<i2").tobytes()
    chunk = AudioChunk(audio=pcm, format=SPEECH)

    def first() -> None:
        began.append(len(heard) // 2)

    async def play() -> None:
        async with aclosing(_once(chunk)) as audio:
            await playback.play(audio, on_first=first)

    await capture.open()
    with first_error(DeviceError):
        async with aclosing(capture.frames()) as frames, asyncio.TaskGroup() as tasks:
            playing: asyncio.Task[Any] | None = None
            async for frame in frames:
                heard += frame
                seconds = len(heard) / 2 / SPEECH.rate
                if playing is None and seconds >= QUIET_BEFORE:
                    playing = tasks.create_task(play())
                if began and seconds >= began[0] / SPEECH.rate + LENGTH + AFTER:
                    break
    return bytes(heard), began[0]


async def _once(chunk: AudioChunk) -> AsyncGenerator[AudioChunk, None]:
    yield chunk


def nothing(event: Event) -> None:
    """Nobody is told of events; errors come as findings."""
