"""The owner of a speaker: one sound at a time, ended at once, and reopened after a loss."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.audio.playback import Playback, quieter
from satellite.errors import DeviceLost, DeviceMissing
from satellite.events import AudioLoss, Error, Event
from satellite.values import SPEECH, AudioChunk, AudioFormat
from tests.support.devices import ScriptedSpeaker
from tests.support.sound import pitch, tone


def chunk(audio: bytes, form: AudioFormat = SPEECH) -> AudioChunk:
    return AudioChunk(audio=audio, format=form)


async def chunks(*sounds: bytes | AudioChunk) -> AsyncGenerator[AudioChunk, None]:
    for sound in sounds:
        yield sound if isinstance(sound, AudioChunk) else chunk(sound)


async def unending(started: asyncio.Event) -> AsyncIterator[AudioChunk]:
    yield chunk(b"\1\0" * 10)
    started.set()
    await asyncio.Event().wait()


async def test_sound_is_handed_over_and_drained_and_its_first_sample_reported() -> None:
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, lambda event: None)
    told: list[int] = []
    await playback.play(
        chunks(b"", b"\1\0" * 4000, b"\2\0"), on_first=lambda: told.append(len(speaker.heard))
    )
    assert speaker.heard == b"\1\0" * 4000 + b"\2\0"
    assert told == [3200]  # bytes of the first tenth of a second, told once
    assert speaker.calls[0] == "open"
    assert speaker.calls[-1] == "drain"


async def test_nothing_to_play_plays_nothing() -> None:
    speaker = ScriptedSpeaker()
    told: list[None] = []
    await Playback(speaker, lambda event: None).play(chunks(), on_first=lambda: told.append(None))
    assert (speaker.heard, told, speaker.calls) == (b"", [], ["open"])


async def test_formats_may_change_within_a_sound() -> None:
    speaker = ScriptedSpeaker(AudioFormat(48000, 2))
    low, high = AudioFormat(16000), AudioFormat(22050)
    await Playback(speaker, lambda event: None).play(
        chunks(chunk(tone(400, 0.4), low), chunk(tone(900, 0.4, 22050), high))
    )
    left = np.frombuffer(speaker.heard, "<i2")[::2].tobytes()
    assert len(left) / 96000 == pytest.approx(0.8, abs=0.002)
    assert pitch(left[:36000], 48000) == pytest.approx(400, abs=10)
    assert pitch(left[-36000:], 48000) == pytest.approx(900, abs=10)


async def test_volume_makes_it_quieter() -> None:
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, lambda event: None)
    playback.volume = 0.5
    await playback.play_clip(chunk(b"\x00\x40\x00\xc0"))
    assert speaker.heard == b"\x00\x20\x00\xe0"
    for wish, volume in ((7.0, 1.0), (-1.0, 0.0)):
        playback.volume = wish
        assert playback.volume == volume


@given(st.lists(st.integers(-32768, 32767)), st.floats(0, 1))
def test_no_volume_overflows(values: list[int], volume: float) -> None:
    result = np.frombuffer(quieter(np.array(values, "<i2").tobytes(), volume), "<i2")
    assert np.abs(result - np.array(values) * volume).max(initial=0) <= 0.51


async def test_one_sound_at_a_time() -> None:
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, lambda event: None)

    async def slow(word: bytes) -> AsyncIterator[AudioChunk]:
        for _ in range(3):
            yield chunk(word)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(playback.play(slow(b"\1\0")))
        tasks.create_task(playback.play(slow(b"\2\0")))
    assert speaker.heard == b"\1\0" * 3 + b"\2\0" * 3


@pytest.mark.parametrize("where", ["source", "write", "drain"])
async def test_stop_silences_and_lets_play_return(where: str) -> None:
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, lambda event: None)
    started = asyncio.Event()
    if where == "drain":
        speaker.slow = asyncio.Event()
    speaker.stuck = where == "write"
    playing = asyncio.ensure_future(
        playback.play(unending(started) if where == "source" else chunks(b"\1\0"))
    )
    while {"source": not started.is_set()}.get(where, where not in speaker.calls):
        await asyncio.sleep(0)
    await playback.stop()
    assert await asyncio.wait_for(playing, 1) is None
    assert "stop" in speaker.calls
    speaker.stuck, speaker.slow, speaker.heard = False, None, b""
    await playback.play_clip(chunk(b"\5\0"))
    assert speaker.heard == b"\5\0"


async def test_stop_with_nothing_playing_does_nothing() -> None:
    speaker = ScriptedSpeaker()
    await Playback(speaker, lambda event: None).stop()
    assert speaker.calls == []


async def test_cancelling_silences_and_is_seen_by_the_caller() -> None:
    speaker = ScriptedSpeaker()
    started = asyncio.Event()
    playing = asyncio.ensure_future(Playback(speaker, lambda event: None).play(unending(started)))
    await started.wait()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert speaker.calls[-1] == "stop"


async def test_a_failing_source_silences_the_speaker_and_raises() -> None:
    async def failing() -> AsyncIterator[AudioChunk]:
        yield chunk(b"\1\0")
        raise TimeoutError("of the source's own")

    speaker = ScriptedSpeaker()
    with pytest.raises(TimeoutError, match="of the source's own"):
        await Playback(speaker, lambda event: None).play(failing())
    assert speaker.calls[-1] == "stop"


async def test_a_lost_speaker_is_reported_and_reopened_for_the_next_sound() -> None:
    events: list[Event] = []
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, events.append)
    await playback.open()
    speaker.failures = [DeviceLost("pulled out")]
    with pytest.raises(DeviceLost, match="pulled out"):
        await playback.play_clip(chunk(b"\1\0"))
    speaker.open_failures = [DeviceMissing("not yet")]
    with pytest.raises(DeviceLost, match="not yet"):
        await playback.play_clip(chunk(b"\2\0"))
    await playback.play_clip(chunk(b"\3\0"))
    assert speaker.heard == b"\3\0"
    assert [e.where for e in events if isinstance(e, Error)] == ["speaker", "speaker"]
    assert speaker.calls.count("open") == 3


async def test_a_speaker_that_takes_nothing_is_lost() -> None:
    speaker = ScriptedSpeaker()
    speaker.stuck = True
    playback = Playback(speaker, lambda event: None, deadline=0.01)
    with pytest.raises(DeviceLost, match="stuck"):
        await playback.play_clip(chunk(b"\1\0"))
    assert speaker.calls[-1] == "close"
    speaker.stuck, speaker.slow = False, asyncio.Event()
    with pytest.raises(DeviceLost, match="stuck"):
        await playback.play_clip(chunk(b"\1\0"))


async def test_a_missing_speaker_raises_an_error() -> None:
    speaker = ScriptedSpeaker()
    speaker.open_failures = [DeviceMissing("none")]
    with pytest.raises(DeviceMissing, match="none"):
        await Playback(speaker, lambda event: None).open()


async def test_underruns_are_reported_after_the_sound() -> None:
    events: list[Event] = []
    speaker = ScriptedSpeaker()
    playback = Playback(speaker, events.append)
    await playback.open()
    for total in (2, 2, 3):
        speaker.underruns = total
        await playback.play_clip(chunk(b"\1\0"))
    losses = [(e.loss, e.count) for e in events if isinstance(e, AudioLoss)]
    assert losses == [("underrun", 2), ("underrun", 1)]


class Taps:
    """Records its calls."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def played(self, audio: bytes, form: AudioFormat) -> None:
        self.told.append((audio, form))

    def finished(self) -> None:
        self.told.append("finished")

    def silenced(self) -> None:
        self.told.append("silenced")


async def test_a_tap_receives_the_sound_at_the_volume_of_the_speaker() -> None:
    tap = Taps()
    playback = Playback(ScriptedSpeaker(), lambda event: None, tap=tap)
    playback.volume = 0.5
    await playback.play_clip(chunk(b"\x00\x40"))
    assert tap.told == [(b"\x00\x20", SPEECH), "finished"]


async def test_a_tap_is_notified_when_the_rest_is_not_heard() -> None:
    tap = Taps()
    playback = Playback(ScriptedSpeaker(), lambda event: None, tap=tap)
    started = asyncio.Event()
    playing = asyncio.ensure_future(playback.play(unending(started)))
    await started.wait()
    await playback.stop()
    await playing
    assert tap.told[-1] == "silenced"
