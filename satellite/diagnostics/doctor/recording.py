"""A short recording: whether there is sound in it, how loud, and at the rate it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from time import monotonic

import msgspec

from satellite.audio.meter import QUIETEST, level
from satellite.components import spec
from satellite.diagnostics.doctor.device_error import refusal
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding, broken, note, ok, warning
from satellite.errors import DeviceError
from satellite.lib.daemon_thread import run_in_daemon_thread
from satellite.ports import Mic
from satellite.values import AudioFormat

CLOSE = 3.0
"""Seconds to close a device; a driver may hang over one that was pulled out."""

FULL_SCALE = 32700
"""Samples from here on are cut off; not 32767, as converters differ."""

CLIPPED = 0.001
"""Share of the samples at full scale from which speech is torn; one click has far less."""

FAINT = -80.0
"""dBFS (root mean square) below which no microphone in a room is; 16 bits end at -96."""

LOUD = -25.0
"""dBFS (root mean square) of a room in which nobody is understood."""

OFFSET = 0.05
"""Mean of full scale: more takes room from the sound, and speaks for a broken input."""

WRONG = 0.05
"""Share by which the measured rate differs so that it is another rate than was said: 48000 and
44100 Hz are 0.09 apart."""

DOUBT = 0.05
"""Seconds of doubt in the time in which the sound came: chunks of 32 ms, and a busy machine."""

EXACT = 0.002
"""Share that no longer recording improves: a busy machine reads late."""

BEGIN = 0.5
"""Seconds at the beginning that do not count: sound servers hand over a first heap at once."""


class RecordedSample(msgspec.Struct, frozen=True, kw_only=True):
    """What came from a microphone."""

    form: AudioFormat
    audio: bytes
    times: tuple[float, ...]
    """When each chunk came, in monotonic seconds."""
    frames: tuple[int, ...]
    """Frames that had come by then."""
    overruns: int


async def recording(case: ExaminationInput) -> AsyncGenerator[Finding, None]:
    """Listen for some seconds, and judge what came. Nothing of it is kept."""
    name = await chosen(case, "mic")
    if name is None:
        return  # the check of the devices tells why
    async with case.sound_devices():
        case.say(f"listening to {name} for {case.seconds:g} s")
        mic: Mic = spec.create("mic", name)
        try:
            heard = await record(mic, case.seconds)
        except DeviceError as error:
            yield await refusal(case, "microphone", error)
            return
    for finding in (*judge(heard), *judge_rate(name, heard)):
        yield finding


async def chosen(case: ExaminationInput, role: str) -> str | None:
    """The component of a microphone or speaker, with `auto` resolved; None where there is none."""
    from satellite.builtin.audio.devices import default_mic, default_speaker

    name: str = getattr(case.settings, role)
    if name != spec.AUTO:
        return name
    with suppress(DeviceError):
        return await run_in_daemon_thread({"mic": default_mic, "speaker": default_speaker}[role])
    return None


async def record(mic: Mic, seconds: float) -> RecordedSample:
    """Take so many seconds from a microphone. Raises `DeviceMissing`, `DeviceLost`."""
    audio, times, frames = bytearray(), list[float](), list[int]()
    try:
        form = await mic.open()
        began = monotonic()
        # by the clock and not by the samples: a device of a wrong rate would make it endless
        while monotonic() - began < seconds:
            audio += await mic.read()
            times.append(monotonic())
            frames.append(len(audio) // form.frame_bytes)
        overruns = mic.overruns
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE):
                await mic.close()
    return RecordedSample(
        form=form, audio=bytes(audio), times=tuple(times), frames=tuple(frames), overruns=overruns
    )


def judge(heard: RecordedSample) -> list[Finding]:
    """What the samples tell."""
    import numpy as np

    measured = level(heard.audio)
    samples = np.frombuffer(heard.audio, "<i2").astype(np.int32)
    sound = f"{measured.rms:.0f} dBFS on average, {measured.peak:.0f} at most"
    if measured.peak <= QUIETEST:
        return [
            broken(
                "level",
                "nothing but digital silence came",
                "The microphone is muted, switched off, or another one is meant.",
                "look for a mute switch on it; pactl set-source-mute @DEFAULT_SOURCE@ 0; or choose "
                "another: satellite devices, then --mic",
            )
        ]
    findings = []
    if np.mean(np.abs(samples) >= FULL_SCALE) > CLIPPED:
        means = "The sound is cut off, and words are not understood."
        turn_down = "turn the microphone down: alsamixer (F4), or pactl set-source-volume"
        findings.append(
            warning("level", f"clipping: {sound}", means, f"{turn_down} @DEFAULT_SOURCE@ 60%")
        )
    elif measured.rms < FAINT:
        means = "It is hardly a microphone in a room, or one that is turned down."
        turn_up = "turn it up: alsamixer (F4), or pactl set-source-volume @DEFAULT_SOURCE@ 80%"
        findings.append(warning("level", f"very quiet: {sound}", means, turn_up))
    elif measured.rms > LOUD:
        means = "If nobody spoke just now, the room or the input is so loud."
        findings.append(note("level", sound, means, "try it in silence; then turn it down"))
    else:
        findings.append(ok("level", sound))
    if abs(float(np.mean(samples))) > OFFSET * 32768:
        share = abs(float(np.mean(samples))) / 32768
        means = "The input is faulty or not connected; loud words are cut off on one side."
        findings.append(warning("level", f"offset of {share:.0%}", means, "try another cable"))
    if heard.overruns:
        lost = f"samples were lost {heard.overruns} times in {length(heard):.0f} s"
        means = "Words are torn: the machine or its USB does not keep up."
        remedy = "close other programs; plug the microphone into another port, without a hub"
        findings.append(warning("lost samples", lost, means, remedy))
    return findings


def length(heard: RecordedSample) -> float:
    """How long was listened."""
    return heard.times[-1] - heard.times[0] if heard.times else 0.0


def measured_rate(times: Sequence[float], frames: Sequence[int]) -> float | None:
    """Frames per second by the clock; None where there are too few arrivals to tell.

    Sound comes late now and then, and never early. So the line is drawn through the least late
    arrival at the beginning and that at the end, as for the skew of two clocks (Moon, Skelly and
    Towsley, Estimation and Removal of Clock Skew from Network Delay Measurements, 1999).
    """
    import numpy as np

    if not times:
        return None
    settled = np.array(times) - times[0] >= BEGIN
    third = int(settled.sum()) // 3
    if third < 3:
        return None
    x, y = np.array(times)[settled], np.array(frames, dtype=float)[settled]
    slope = float(np.polyfit(x - x[0], y, 1)[0])
    for _ in range(3):
        ahead = y - slope * x
        first, last = int(ahead[:third].argmax()), len(x) - third + int(ahead[-third:].argmax())
        slope = float((y[last] - y[first]) / (x[last] - x[first]))
    return slope


def judge_rate(name: str, heard: RecordedSample) -> list[Finding]:
    """Whether as many samples come as the device says."""
    if spec.parse(name).plugin == "wav":
        return []  # its pace is the clock's
    rate = measured_rate(heard.times, heard.frames)
    if rate is None:
        return []
    off = rate / heard.form.rate - 1
    doubt = max(EXACT, DOUBT / max(length(heard), 1e-3))
    found = f"{rate:.0f} samples/s measured, {heard.form.rate} expected ({off:+.1%})"
    if abs(off) <= doubt:
        return [ok("sample rate", found)]
    if abs(off) <= WRONG:
        means = "The device's clock is off: sound is lost or torn now and then, and echo stays."
        remedy = "measure longer (--seconds 60); use another USB port, or another microphone"
        return [warning("sample rate", found, means, remedy)]
    near = min((8000, 16000, 22050, 32000, 44100, 48000, 96000), key=lambda r: abs(r - rate))
    return [
        broken(
            "sample rate",
            found,
            "Sound comes out too high or too low: no word is understood.",
            f"set the rate that it really has, as --mic '{_with_rate(name, near)}'",
        )
    ]


def _with_rate(name: str, rate: int) -> str:
    component = spec.parse(name)
    argument = f":{component.argument}" if component.argument else ""
    others = "".join(f"&{key}={value}" for key, value in component.options.items() if key != "rate")
    return f"{component.plugin}{argument}?rate={rate}{others}"
