"""The listener finds utterances, keeps their first syllable, and goes on listening."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import pytest

from satellite import events
from satellite.errors import EngineFailed
from satellite.listening.listener import Listener, Utterance
from satellite.settings import ListenSettings
from satellite.values import SPEECH, Detection, DetectRequest
from tests.support.engines import ScriptedWake
from tests.support.scripted_satellite import MarkVad

VOICE = b"\x01\x00"
SILENCE = b"\x00\x00"
MUSIC = b"\x02\x00"
FRAME = 512


class Tape:
    """A source of recorded sound, then silence, as fast as it is read."""

    def __init__(self, audio: bytes, chunk: int = 1024) -> None:
        self.finished = False
        self._audio = audio
        self._chunk = chunk

    async def frames(self) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(self._audio), self._chunk):
            yield self._audio[start : start + self._chunk]
            await settle()
        self.finished = True
        while True:
            yield SILENCE * FRAME
            await settle()


async def settle() -> None:
    """Let the other tasks run, as they could while a real microphone records."""
    for _ in range(5):
        await asyncio.sleep(0)


def sound(*parts: tuple[bytes, float]) -> bytes:
    return b"".join(sample * int(seconds * SPEECH.rate) for sample, seconds in parts)


class Ears:
    """A listener, its events and its utterances."""

    def __init__(
        self,
        audio: bytes,
        wake: ScriptedWake,
        chunk: int = 1024,
        wanted: bool = True,
        waits: bool = False,
    ) -> None:
        self.attentive: Callable[[], bool] = lambda: True
        self.events: list[events.Event] = []
        self.utterances: list[Utterance] = []
        self.wanted = wanted
        self.listener = Listener(
            Tape(audio, chunk),
            wake,
            MarkVad(),
            ListenSettings(),
            self.events.append,
            attentive=lambda: self.attentive(),
            waits=waits,
        )

    def woken(self, utterance: Utterance) -> bool:
        self.utterances.append(utterance)
        return self.wanted

    async def run(self) -> None:
        """Listen to the end of the source."""
        await self.listener.run(self.woken, idle=lambda: True)

    async def listen(self) -> list[bytes]:
        """Listen to the end of the source; return the audio of each utterance."""
        async with asyncio.timeout(10):
            await self.run()
        return [b"".join([a async for a in u.audio]) for u in self.utterances if self.wanted]


@pytest.mark.parametrize("chunk", [200, 318, 1024, 1026, 64000])
async def test_an_utterance_is_cut_out_whole_whatever_the_chunks(chunk: int) -> None:
    command = sound((VOICE, 1.0))
    audio = sound((SILENCE, 2.0)) + command + sound((SILENCE, 2.0))
    ears = Ears(audio, ScriptedWake([24000]), chunk)
    (heard,) = await ears.listen()
    assert command in heard
    assert ears.utterances[0].has_speech
    start, end = ears.events
    assert isinstance(start, events.SpeechStart)
    assert isinstance(end, events.SpeechEnd)
    waited = end.decided_mono - end.mono
    silence = ListenSettings().silence
    assert silence - 0.05 < waited < silence + 0.05 + chunk / SPEECH.bytes_of(1.0)
    assert start.turn == end.turn == ears.utterances[0].id


async def test_the_first_syllable_survives_a_request_without_a_pause() -> None:
    command = sound((VOICE, 1.5))
    audio = sound((SILENCE, 1.0)) + command + sound((SILENCE, 2.0))
    late = 16000 + 3200  # the detector is 0.2 s late: the request has begun
    (heard,) = await Ears(audio, ScriptedWake([late])).listen()
    assert command in heard


async def test_a_wake_word_and_then_nothing() -> None:
    ears = Ears(sound((SILENCE, 8.0)), ScriptedWake([8000]))
    await ears.listen()
    assert not ears.utterances[0].has_speech
    assert ears.events == []


async def test_ten_wake_words_one_after_another() -> None:
    one = sound((SILENCE, 1.0), (VOICE, 1.0), (SILENCE, 2.0))
    wake = ScriptedWake([turn * 64000 + 14000 for turn in range(10)])
    ears = Ears(one * 10, wake)
    heard = await ears.listen()
    assert len(heard) == 10
    assert all(utterance.has_speech for utterance in ears.utterances)


async def test_a_rejected_utterance_is_not_captured() -> None:
    audio = sound((SILENCE, 1.0), (VOICE, 1.0), (SILENCE, 2.0))
    ears = Ears(audio, ScriptedWake([14000]), wanted=False)
    await ears.listen()
    assert ears.events == []


class HeldWake(ScriptedWake):
    """Reads nothing for a while before it is released, so that it loses sound."""

    def __init__(self, at: list[int], release: asyncio.Event) -> None:
        super().__init__(at)
        self.release = release


class SlowWake(HeldWake):
    """Reads nothing before it is released."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        await self.release.wait()
        async with aclosing(super().detect(audio, request)) as detections:
            async for detection in detections:
                yield detection


class ThinkingWake(HeldWake):
    """Reports its word some sound after it has read it, and reads nothing meanwhile."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async with aclosing(super().detect(audio, request)) as detections:
            async for detection in detections:
                await self.release.wait()
                yield detection


def release_after(ears: Ears, size: int, release: asyncio.Event) -> None:
    """Release a wake engine once the listener has taken `size` bytes of sound."""
    append = ears.listener._ring.append  # noqa: SLF001  the one clock that counts all sound
    taken = 0

    def count(audio: bytes) -> None:
        nonlocal taken
        append(audio)
        taken += len(audio)
        if taken >= size:
            release.set()

    ears.listener._ring.append = count  # type: ignore[method-assign]  # noqa: SLF001


async def test_sound_lost_to_a_slow_wake_engine_does_not_shift_the_utterance() -> None:
    release = asyncio.Event()
    before = sound((MUSIC, 4.0), (SILENCE, 1.0))  # of 5 s the engine is given the last 2
    command = sound((VOICE, 1.0))
    ears = Ears(before + command + sound((SILENCE, 2.0)), SlowWake([31000], release))
    release_after(ears, len(before), release)
    (heard,) = await ears.listen()
    assert command in heard
    assert MUSIC[:1] not in heard


async def test_sound_lost_after_the_wake_word_does_not_shift_the_utterance() -> None:
    release = asyncio.Event()
    command = sound((VOICE, 1.0))
    before = sound((SILENCE, 1.0))
    ears = Ears(before + command + sound((SILENCE, 3.0)), ThinkingWake([15000], release))
    # 3 s after the word: a second of sound is lost
    release_after(ears, SPEECH.bytes_of(4.0), release)
    (heard,) = await ears.listen()
    assert command in heard


class FailingWake(ScriptedWake):
    """Fails in its first stream; detects its word in the second."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        if not self.requests:
            self.requests.append(request)
            raise EngineFailed("out of order")
        async with aclosing(super().detect(audio, request)) as detections:
            async for detection in detections:
                yield detection


async def test_a_failing_wake_engine_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satellite.listening.listener.RETRY", 0.0)
    audio = sound((SILENCE, 1.0), (VOICE, 1.0), (SILENCE, 2.0))
    ears = Ears(audio, FailingWake([14000]))
    (heard,) = await ears.listen()
    assert sound((VOICE, 1.0)) in heard
    assert [event.kind for event in ears.events] == ["error", "speech_start", "speech_end"]


async def test_another_engine_takes_over_during_an_utterance() -> None:
    """The open utterance is complete, and the position of the next word is right."""
    first, second = ScriptedWake([14000]), ScriptedWake([64000], word="hey_jarvis")
    command = sound((VOICE, 1.0))
    audio = sound((SILENCE, 1.0)) + command + sound((SILENCE, 3.5)) + command
    ears = Ears(audio + sound((SILENCE, 2.0)), first)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(ears.listen())
        while not ears.events:
            await asyncio.sleep(0)
        await ears.listener.use_engine(second)
        assert first.running == 0
        assert second.running == 1
    assert [u.detection.word for u in ears.utterances if u.detection] == ["okay_nabu", "hey_jarvis"]
    assert all(command in heard for heard in listening.result())
