"""Speaker and microphone: found, heard, measured."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from satellite.audio.meter import PERIOD, level, tone
from satellite.audio.playback import Playback
from satellite.builtin.audio import devices
from satellite.builtin.audio.devices import DeviceInfo
from satellite.components import spec
from satellite.diagnostics.doctor.device_error import refusal
from satellite.diagnostics.doctor.echo import echo, nothing
from satellite.diagnostics.doctor.recording import RecordedSample, chosen, judge, judge_rate, record
from satellite.errors import DeviceError, DeviceMissing
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.ports import Mic
from satellite.setup.asking import Choice
from satellite.setup.wizard import Wizard
from satellite.values import AudioChunk, AudioFormat

SECONDS = 4.0
"""How long somebody speaks: a sentence or two."""

TONE = (440.0, 0.8)
"""Hz and seconds of the tone."""

APART = 10.0
"""Decibels by which a voice near the microphone stands out of the room, at least."""

_SHOWN = 8
"""Devices offered by number; `satellite devices` lists all."""


class Loudness(msgspec.Struct, frozen=True):
    """A recording in which somebody spoke, in dBFS."""

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
        async with aclosing(echo(session.case())) as findings:
            async for finding in findings:
                session.tell(finding)


async def _device(session: Wizard, role: str, found: Sequence[DeviceInfo]) -> None:
    choices = await _choices(session, role, found)
    if role not in session.given:
        question = "Which speaker?" if role == "speaker" else "Which microphone?"
        await session.component(role, question, choices)
    attempt = _heard if role == "speaker" else _spoken
    while session.ask.present and not await attempt(session):
        await session.component(role, "Which one?", choices)


async def _choices(session: Wizard, role: str, found: Sequence[DeviceInfo]) -> list[Choice]:
    default, direction = (
        (devices.default_speaker, "out") if role == "speaker" else (devices.default_mic, "in")
    )
    try:
        automatic = f"the system's default ({await run_in_daemon_thread(default)})"
    except DeviceMissing as error:
        session.ask.say(f"  ! {error}")
        automatic = "the system's default, when there is one"
    own = [device for device in found if device.direction == direction]
    choices = [Choice("auto", automatic)]
    choices += [Choice(device.component, device.description) for device in own[:_SHOWN]]
    now = getattr(session.settings, role)
    if now not in {choice.value for choice in choices}:
        choices.append(Choice(now, "as it is now"))
    return choices


async def _heard(session: Wizard) -> bool:
    """Play a tone; False to choose another speaker."""
    name = await chosen(session.case(), "speaker")
    if name is None or spec.parse(name).plugin == "wav":
        return True
    try:
        await _play(session, name, [tone(*TONE)])
    except DeviceError as error:
        session.tell(await refusal(session.case(), "speaker", error))
        return not await session.ask.yes("Choose another one?", False)
    return await session.ask.yes("That was a tone. Was it heard?", True)


async def _spoken(session: Wizard) -> bool:
    """Let somebody speak and hear themselves; False to choose another microphone."""
    name = await chosen(session.case(), "mic")
    if name is None:
        return True
    session.ask.say(f"  Say something for {SECONDS:g} seconds, from where you will speak to it.")
    mic: Mic = spec.create("mic", name)
    try:
        heard = await record(_Shown(mic, session.ask.level), SECONDS)
    except DeviceError as error:
        session.tell(await refusal(session.case(), "microphone", error))
        return not await session.ask.yes("Choose another one?", False)
    session.ask.level(-96.0, -96.0, last=True)
    # notes are for rooms in which nobody speaks
    findings = [f for f in (*judge(heard), *judge_rate(name, heard)) if f.state != "note"]
    for finding in findings:
        session.tell(finding)
    if any(finding.state == "broken" for finding in findings):
        return not await session.ask.yes("Choose another one?", False)
    _tell(session, loudness(heard))
    speaker = await chosen(session.case(), "speaker")
    if speaker is None:
        return True
    try:
        await _play(session, speaker, [AudioChunk(audio=heard.audio, format=heard.form)])
    except DeviceError:
        return True  # told when the speaker was tried
    return await session.ask.yes("That is how it hears you. Is it clear?", True)


def loudness(heard: RecordedSample) -> Loudness:
    """How loud the room was, and who spoke in it."""
    size = heard.form.bytes_of(PERIOD)
    starts = range(0, max(1, len(heard.audio) - size + 1), size)
    loud = sorted(level(heard.audio[start : start + size]).rms for start in starts)
    return Loudness(loud[len(loud) // 10], loud[-1 - len(loud) // 20])


def _tell(session: Wizard, measured: Loudness) -> None:
    apart = measured.voice - measured.noise
    text = f"the room {measured.noise:.0f} dBFS, the voice {measured.voice:.0f} dBFS"
    if apart < APART:
        session.ask.say(f"  ! noise: {text}: nobody spoke, or far away, or the room is loud")
    else:
        session.ask.say(f"  + noise: {text}, {apart:.0f} dB apart")


async def _play(session: Wizard, name: str, chunks: Sequence[AudioChunk]) -> None:
    async def audio() -> AsyncGenerator[AudioChunk, None]:
        for chunk in chunks:
            yield chunk

    playback = Playback(spec.create("speaker", name), nothing)
    playback.volume = session.settings.volume
    try:
        await playback.open()
        async with aclosing(audio()) as sounds:
            await playback.play(sounds)
    finally:
        await playback.close()


class _Shown:
    """A microphone whose level is shown while it is read."""

    def __init__(self, mic: Mic, show: Callable[[float, float], None]) -> None:
        self._mic = mic
        self._show = show
        self._heard = b""
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
        self._heard += audio
        if len(self._heard) >= self._size:
            measured = level(self._heard)
            self._show(measured.rms, measured.peak)
            self._heard = b""
        return audio

    async def close(self) -> None:
        await self._mic.close()
