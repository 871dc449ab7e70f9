"""Speaker and microphone: chosen, tried and measured."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import msgspec

from satellite.audio.capture import Capture
from satellite.audio.meter import PERIOD, QUIETEST, level, tone
from satellite.audio.playback import Playback
from satellite.builtin.audio import devices
from satellite.builtin.audio.devices import DeviceInfo
from satellite.cli.guided_setup.asking import Choice
from satellite.cli.guided_setup.wizard import Wizard
from satellite.components import spec
from satellite.components.spec import AUTO
from satellite.diagnostics.soundcheck import echo
from satellite.diagnostics.soundcheck.devices import chosen, explain
from satellite.diagnostics.soundcheck.recording import (
    TrialRecording,
    judge_level,
    judge_rate,
    record,
)
from satellite.errors import DeviceError, DeviceMissing
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.ports import Mic
from satellite.values import AudioChunk, AudioFormat

SECONDS = 4.0
"""Seconds for a person to speak: a sentence or two."""

TONE = (440.0, 0.8)
"""Hz and seconds of the tone."""

APART = 10.0
"""Decibels by which a voice near the microphone is louder than the room, at least."""

_SHOWN = 8
"""Devices offered by number; `satellite devices` lists all."""


class Loudness(msgspec.Struct, frozen=True):
    """The loudness of a recording of a voice, in dBFS."""

    noise: float
    """The quietest tenth of it."""
    voice: float
    """The loudest twentieth."""


async def sound(session: Wizard) -> None:
    """Choose speaker and microphone, try both, and measure the echo."""
    found = await run_in_daemon_thread(devices.list_devices)
    session.ask.head("Speaker")
    await _device(session, "speaker", found)
    session.ask.head("Microphone")
    await _device(session, "mic", found)
    if session.ask.present:
        session.ask.head("Echo")
        await _measure_echo(session)


async def _device(session: Wizard, role: str, found: Sequence[DeviceInfo]) -> None:
    choices = await _choices(session, role, found)
    noun = "speaker" if role == "speaker" else "microphone"
    if role not in session.preset:
        await session.component(role, f"Which {noun}?", choices)
    attempt = _try_speaker if role == "speaker" else _try_mic
    while session.ask.present and not await attempt(session):
        await session.component(role, f"Which other {noun}?", choices)


async def _choices(session: Wizard, role: str, found: Sequence[DeviceInfo]) -> list[Choice]:
    default, direction = (
        (devices.default_speaker, "out") if role == "speaker" else (devices.default_mic, "in")
    )
    now = getattr(session.settings, role)
    try:
        automatic = f"the system's default ({await run_in_daemon_thread(default)})"
    except DeviceMissing as error:
        if now == AUTO:
            session.ask.say(f"  ! {error}")
        automatic = "the system's default, once there is one"
    known = [device for device in found if device.direction == direction]
    choices = [Choice(AUTO, automatic)]
    choices += [Choice(device.component, device.description) for device in known[:_SHOWN]]
    if now not in {choice.value for choice in choices}:
        choices.append(Choice(now, "the current setting"))
    return choices


async def _try_speaker(session: Wizard) -> bool:
    """Play a tone; return False to choose another speaker."""
    name = await chosen(session.settings, "speaker")
    if name is None or spec.parse(name).plugin == "wav":
        return True
    try:
        await _play(session, name, tone(*TONE))
    except DeviceError as error:
        session.show(await explain("speaker", error))
        return not await session.ask.yes("Choose another one?", False)
    return await session.ask.yes("Did you hear a tone?", True)


async def _try_mic(session: Wizard) -> bool:
    """Record a person and play it back; return False to choose another microphone."""
    name = await chosen(session.settings, "mic")
    if name is None:
        return True
    session.ask.say(f"  Say something for {SECONDS:g} seconds, from your usual place in the room.")
    mic: Mic = spec.create("mic", name)
    try:
        recording = await record(_MeteredMic(mic, session.ask.level), SECONDS)
    except DeviceError as error:
        session.show(await explain("mic", error))
        return not await session.ask.yes("Choose another one?", False)
    session.ask.level(QUIETEST, QUIETEST, last=True)
    # notes are about rooms in which no one speaks
    findings = [
        finding
        for finding in (*judge_level(recording), *judge_rate(name, recording))
        if finding.state != "note"
    ]
    for finding in findings:
        session.show(finding)
    if any(finding.state == "broken" for finding in findings):
        return not await session.ask.yes("Choose another one?", False)
    _show_loudness(session, loudness(recording))
    speaker = await chosen(session.settings, "speaker")
    if speaker is None:
        return True
    try:
        await _play(session, speaker, AudioChunk(audio=recording.audio, format=recording.form))
    except DeviceError:
        return True  # reported when the speaker was tried
    return await session.ask.yes("This is how the satellite hears you. Is it clear?", True)


def loudness(recording: TrialRecording) -> Loudness:
    """Measure the room and the voice in a recording."""
    size = recording.form.bytes_of(PERIOD)
    starts = range(0, max(1, len(recording.audio) - size + 1), size)
    levels = sorted(level(recording.audio[start : start + size]).rms for start in starts)
    return Loudness(levels[len(levels) // 10], levels[-1 - len(levels) // 20])


def _show_loudness(session: Wizard, measured: Loudness) -> None:
    apart = measured.voice - measured.noise
    text = f"the room {measured.noise:.0f} dBFS, the voice {measured.voice:.0f} dBFS"
    if apart < APART:
        session.ask.say(f"  ! noise: {text}: speak louder or nearer, or make the room quieter")
    else:
        session.ask.say(f"  + noise: {text}, {apart:.0f} dB apart")


async def _measure_echo(session: Wizard) -> None:
    mic = await chosen(session.settings, "mic")
    speaker = await chosen(session.settings, "speaker")
    if mic is None or speaker is None:
        session.ask.say("    Not measured, as microphone or speaker is missing")
        return
    if "wav" in (spec.parse(mic).plugin, spec.parse(speaker).plugin):
        session.ask.say("    Not measured, as microphone or speaker is a file")
        return
    session.ask.say(f"  Playing a short sound on {speaker}")
    try:
        async with _playback(session, speaker) as playback:
            capture = Capture(spec.create("mic", mic), lambda event: None)
            session.show(echo.judge(await echo.measure(playback, capture)))
    except DeviceError as error:
        session.ask.say(f"  ! {error}")


async def _play(session: Wizard, speaker: str, chunk: AudioChunk) -> None:
    async with _playback(session, speaker) as playback, aclosing(_single(chunk)) as audio:
        await playback.play(audio)


@asynccontextmanager
async def _playback(session: Wizard, speaker: str) -> AsyncGenerator[Playback, None]:
    playback = Playback(
        spec.create("speaker", speaker), lambda event: None, volume=session.settings.volume
    )
    try:
        await playback.open()
        yield playback
    finally:
        await playback.close()


async def _single(chunk: AudioChunk) -> AsyncGenerator[AudioChunk, None]:
    yield chunk


class _MeteredMic:
    """A microphone that shows its level while it is read."""

    def __init__(self, mic: Mic, show: Callable[[float, float], None]) -> None:
        self._mic = mic
        self._show = show
        self._audio = b""
        self._size = 0

    @property
    def finished(self) -> bool:
        return self._mic.finished

    @property
    def overruns(self) -> int:
        return self._mic.overruns

    async def open(self) -> AudioFormat:
        form = await self._mic.open()
        self._size = form.bytes_of(PERIOD)
        return form

    async def read(self) -> bytes:
        audio = await self._mic.read()
        self._audio += audio
        if len(self._audio) >= self._size:
            measured = level(self._audio)
            self._show(measured.rms, measured.peak)
            self._audio = b""
        return audio

    async def close(self) -> None:
        await self._mic.close()
