"""A trial recording: its level, its sample rate, and what is wrong with them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

import msgspec

from satellite.audio.meter import QUIETEST, level
from satellite.components import spec
from satellite.lib.finding import Finding, broken, note, ok, warning
from satellite.ports import Mic
from satellite.values import AudioFormat

CLOSE = 3.0
"""Seconds to close a device; a driver may hang on one that was unplugged."""

FULL_SCALE = 32700
"""Samples from here on count as clipped; not 32767, as converters differ."""

CLIPPED = 0.001
"""Share of clipped samples from which speech is distorted; a single click has far less."""

FAINT = -80.0
"""dBFS (root mean square); every microphone in a room is louder. 16 bits end at -96."""

LOUD = -25.0
"""dBFS (root mean square) of a room too loud for speech recognition."""

OFFSET = 0.05
"""Mean, as a share of full scale: a larger one limits the sound, and points to a faulty input."""

WRONG = 0.05
"""Relative difference from which the measured rate is another nominal rate: 48000 and 44100 Hz are
0.09 apart."""

DOUBT = 0.05
"""Seconds of uncertainty in the duration: chunks of 32 ms, and a busy machine."""

EXACT = 0.002
"""Relative uncertainty that a longer recording does not reduce: a busy machine reads late."""

BEGIN = 0.5
"""Seconds left out at the beginning: sound servers deliver a first burst at once."""


class TrialRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording (s16le) with the arrival times of its chunks."""

    form: AudioFormat
    audio: bytes
    times: tuple[float, ...]
    """Arrival of each chunk, in monotonic seconds."""
    frames: tuple[int, ...]
    """Total frames at each of these times."""
    overruns: int

    @property
    def seconds(self) -> float:
        """Seconds from the first chunk to the last."""
        return self.times[-1] - self.times[0] if self.times else 0.0


async def record(mic: Mic, seconds: float) -> TrialRecording:
    """Record from a microphone for `seconds`. Raises `DeviceMissing`, `DeviceLost`."""
    audio, times, frames = bytearray(), list[float](), list[int]()
    try:
        form = await mic.open()
        began = monotonic()
        # by the clock and not by the samples, whose rate may be wrong
        while monotonic() - began < seconds:
            audio += await mic.read()
            times.append(monotonic())
            frames.append(len(audio) // form.frame_bytes)
        overruns = mic.overruns
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE):
                await mic.close()
    return TrialRecording(
        form=form, audio=bytes(audio), times=tuple(times), frames=tuple(frames), overruns=overruns
    )


def judge_level(recording: TrialRecording) -> list[Finding]:
    """Judge the samples: silence, clipping, loudness, offset and losses."""
    import numpy as np

    measured = level(recording.audio)
    samples = np.frombuffer(recording.audio, "<i2").astype(np.int32)
    sound = f"{measured.rms:.0f} dBFS on average, {measured.peak:.0f} dBFS at most"
    if measured.peak <= QUIETEST:
        return [
            broken(
                "level",
                "the recording is digital silence",
                "The microphone is muted or switched off, or it is the wrong microphone.",
                "look for a mute switch on it; run pactl set-source-mute @DEFAULT_SOURCE@ 0; or "
                "choose another: satellite devices lists them, --mic NAME",
            )
        ]
    findings = []
    if np.mean(np.abs(samples) >= FULL_SCALE) > CLIPPED:
        means = "The sound is distorted, and words are not understood."
        remedy = "turn the microphone down: alsamixer (F4), or pactl set-source-volume"
        findings.append(
            warning("level", f"clipping: {sound}", means, f"{remedy} @DEFAULT_SOURCE@ 60%")
        )
    elif measured.rms < FAINT:
        means = "The microphone is turned down, or it is not a microphone in a room."
        remedy = "turn it up: alsamixer (F4), or pactl set-source-volume @DEFAULT_SOURCE@ 80%"
        findings.append(warning("level", f"very quiet: {sound}", means, remedy))
    elif measured.rms > LOUD:
        means = "Unless someone was speaking, the room or the input is very loud."
        remedy = "run it again in silence; if it stays as loud, turn the microphone down"
        findings.append(note("level", sound, means, remedy))
    else:
        findings.append(ok("level", sound))
    offset = abs(float(np.mean(samples))) / 32768
    if offset > OFFSET:
        means = "The input is faulty or not connected; loud words are clipped on one side."
        findings.append(warning("level", f"offset of {offset:.0%}", means, "try another cable"))
    if recording.overruns:
        times = "once" if recording.overruns == 1 else f"{recording.overruns} times"
        lost = f"samples were lost {times} in {recording.seconds:.0f} s"
        means = "Words have gaps: the machine or its USB port is too slow."
        remedy = "close other programs; plug the microphone into another port, without a hub"
        findings.append(warning("lost samples", lost, means, remedy))
    return findings


def measured_rate(times: Sequence[float], frames: Sequence[int]) -> float | None:
    """Return the frames per second by the clock; None for too few arrivals.

    Chunks may arrive late, never early. So the line is drawn through the least late arrival at the
    beginning and that at the end, as for the skew of two clocks (Moon, Skelly and Towsley,
    Estimation and Removal of Clock Skew from Network Delay Measurements, 1999).
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


def judge_rate(name: str, recording: TrialRecording) -> list[Finding]:
    """Judge whether the microphone `name` delivers as many samples per second as it announces."""
    if spec.parse(name).plugin == "wav":
        return []  # its pace is the clock's
    rate = measured_rate(recording.times, recording.frames)
    if rate is None:
        return []
    expected = recording.form.rate
    off = rate / expected - 1
    found = f"{rate:.0f} samples/s measured, {expected} expected ({off:+.1%})"
    if abs(off) <= max(EXACT, DOUBT / max(recording.seconds, 1e-3)):
        return [ok("sample rate", found)]
    if abs(off) <= WRONG:
        means = "The device's clock is off: sound is lost now and then, and echo remains."
        remedy = "measure longer (--seconds 60); use another USB port, or another microphone"
        return [warning("sample rate", found, means, remedy)]
    near = min((8000, 16000, 22050, 32000, 44100, 48000, 96000), key=lambda r: abs(r - rate))
    component = spec.parse(name)
    argument = f":{component.argument}" if component.argument else ""
    options = "".join(f"&{k}={v}" for k, v in component.options.items() if k != "rate")
    return [
        broken(
            "sample rate",
            found,
            "The pitch is too high or too low, and no word is understood.",
            f"set the actual rate: --mic '{component.plugin}{argument}?rate={near}{options}'",
        )
    ]
