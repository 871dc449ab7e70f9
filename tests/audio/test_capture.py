"""The owner of a microphone: one stream of 16 kHz mono, through every loss."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

import pytest

from satellite.audio import capture as capture_module
from satellite.audio.capture import Capture
from satellite.errors import DeviceLost, DeviceMissing
from satellite.events import AudioLoss, Error, Event
from satellite.values import SPEECH, AudioFormat
from tests.support.devices import ScriptedMic
from tests.support.sound import pitch, tone


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry in milliseconds."""
    monkeypatch.setattr(capture_module, "_RETRY_FIRST", 0.001)
    monkeypatch.setattr(capture_module, "_RETRY_MOST", 0.004)


async def take(capture: Capture, count: int) -> list[bytes]:
    async with aclosing(capture.frames()) as frames:
        return [await anext(frames) for _ in range(count)]


async def test_any_format_comes_out_as_speech() -> None:
    form = AudioFormat(44100, 2)
    sound = tone(500, 1.0, 44100, 2)
    mic = ScriptedMic([sound[i : i + 5001] for i in range(0, len(sound), 5001)], form=form)
    audio = b"".join(await take(Capture(mic, lambda event: None), 20))
    assert pitch(audio) == pytest.approx(500, abs=5)
    assert SPEECH.seconds(audio) > 0.4
    assert not mic.is_open


async def test_a_missing_microphone_raises_an_error() -> None:
    events: list[Event] = []
    mic = ScriptedMic(DeviceMissing("none"), DeviceMissing("none"))
    capture = Capture(mic, events.append)
    with pytest.raises(DeviceMissing, match="none"):
        await capture.open()
    with pytest.raises(DeviceMissing, match="none"):
        await take(capture, 1)
    assert events == []


async def test_opening_first_and_reading_then_opens_once() -> None:
    mic = ScriptedMic([b"\1\0"])
    capture = Capture(mic, lambda event: None)
    await capture.open()
    await capture.open()
    assert await take(capture, 1) == [b"\1\0"]
    assert mic.opened == 1


@pytest.mark.usefixtures("quick")
async def test_a_lost_microphone_is_reported_once_and_reopened(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "satellite.audio.capture")
    events: list[Event] = []
    mic = ScriptedMic(
        [b"\1\0", DeviceLost("pulled out")],
        DeviceMissing("not yet"),
        DeviceMissing("not yet"),
        DeviceMissing("not yet"),
        [b"\2\0", DeviceLost("again")],
        [b"\3\0"],
    )
    assert await take(Capture(mic, events.append), 3) == [b"\1\0", b"\2\0", b"\3\0"]
    errors = [event for event in events if isinstance(event, Error)]
    assert [(e.where, e.text, e.code) for e in errors] == [
        ("mic", "pulled out", "device-lost"),
        ("mic", "again", "device-lost"),
    ]
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert "pulled out" in warnings[0]


@pytest.mark.usefixtures("quick")
async def test_a_microphone_that_falls_silent_without_a_word_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capture_module, "_READ", 0.01)
    events: list[Event] = []
    mic = ScriptedMic([b"\1\0"], [b"\2\0"])
    assert await take(Capture(mic, events.append), 2) == [b"\1\0", b"\2\0"]
    assert [event.kind for event in events] == ["error"]


@pytest.mark.usefixtures("quick")
async def test_after_it_was_closed_on_request_it_waits_for_a_lost_microphone() -> None:
    """Unmuting while the microphone is unplugged must not end the satellite."""
    mic = ScriptedMic([b"\1\0"], DeviceMissing("gone"), [b"\2\0"])
    capture = Capture(mic, lambda event: None)
    assert await take(capture, 1) == [b"\1\0"]
    assert await take(capture, 1) == [b"\2\0"]


async def test_overruns_are_reported_at_most_once_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = 100.0
    monkeypatch.setattr(capture_module, "monotonic", lambda: clock)
    events: list[Event] = []
    mic = ScriptedMic([b"\1\0"] * 6)
    async with aclosing(Capture(mic, events.append).frames()) as frames:
        await anext(frames)
        for overruns, clock in ((2, 100.0), (3, 100.1), (7, 100.5), (7, 101.1), (7, 103)):  # noqa: B007
            mic.overruns = overruns
            await anext(frames)
    losses = [(e.loss, e.count) for e in events if isinstance(e, AudioLoss)]
    assert losses == [("overrun", 2), ("overrun", 5)]


async def test_cancelling_closes_the_microphone() -> None:
    mic = ScriptedMic([])
    capture = Capture(mic, lambda event: None)
    reading = asyncio.ensure_future(take(capture, 1))
    while not mic.is_open:
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not mic.is_open


async def test_one_channel_of_several() -> None:
    """Microphone arrays have their own processed sound, or the loudspeaker's, in one channel."""
    form = AudioFormat(16000, 3)
    left, mid, right = (tone(frequency, 0.5) for frequency in (400, 700, 1500))
    frames = zip(*(memoryview(sound).cast("h") for sound in (left, mid, right)), strict=True)
    sound = b"".join(value.to_bytes(2, "little", signed=True) for f in frames for value in f)
    mic = ScriptedMic([sound], form=form)
    assert b"".join(await take(Capture(mic, lambda event: None, channel=2), 1)) == mid


async def test_a_missing_channel_is_reported() -> None:
    mic = ScriptedMic([bytes(4)], form=AudioFormat(16000, 2))
    with pytest.raises(DeviceMissing, match=r"no channel 3, only 2; set sound\.mic_channel"):
        await Capture(mic, lambda event: None, channel=3).open()
    assert not mic.is_open
