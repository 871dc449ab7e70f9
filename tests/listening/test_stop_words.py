"""Stop words end what is said or rung, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import msgspec
import numpy as np
import pytest

from satellite.audio.echo.playback_reference import PlaybackReference
from satellite.components import spec
from satellite.errors import PackageMissing
from satellite.listening.stop_phrases import StopRecognition, component, stop_recognition
from satellite.listening.stop_words import LONGEST, StopWords
from satellite.ports import Asr
from satellite.values import SPEECH
from tests.support.acoustics import pcm, samples
from tests.support.engines import ScriptedAsr
from tests.support.scripted_satellite import SILENCE, VOICE, MarkVad
from tests.support.speech import noise, silence, speak


class LoudVad:
    """Detects a voice in every loud frame."""

    frame_samples = 512
    floor = 300

    def load(self) -> None:
        pass

    def probability(self, frame: bytes) -> float:
        return float(np.abs(samples(frame)).max() > self.floor)

    def reset(self) -> None:
        pass


class Talker:
    """A talking satellite with a stop word detector."""

    def __init__(self, asr: Asr, vad: object) -> None:
        self.talking = True
        self.stopped = 0
        self.made = 0
        self.asr = asr
        # the files are read here: a test waits only for the detector
        self.recognition = msgspec.structs.replace(stop_recognition("en", None), create=self._make)
        self.reference = PlaybackReference()
        self.words = StopWords(
            *(self._found, vad, 0.5, lambda: self.talking, self._stop, self.reference)  # type: ignore[arg-type]
        )

    def _found(self) -> StopRecognition:
        return self.recognition

    def _make(self) -> Asr:
        self.made += 1
        return self.asr

    def _stop(self) -> None:
        self.stopped += 1
        self.talking = False

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Talker, None]:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.words.run())
            await asyncio.sleep(0.05)  # the detector is loaded on a thread
            try:
                yield self
            finally:
                running.cancel()

    async def hear(self, audio: bytes) -> None:
        """Feed sound as a microphone delivers it; return when it is recognized."""
        for piece in pieces(audio):
            self.reference.advance(len(piece) // 2)
            self.words.hear(piece)
            await asyncio.sleep(0)
        for _ in range(200):
            await asyncio.sleep(0.005 if self.made and not isinstance(self.asr, ScriptedAsr) else 0)
            if self.stopped:
                return


def pieces(audio: bytes) -> Iterator[bytes]:
    for start in range(0, len(audio), 1024):
        yield audio[start : start + 1024]


def marks(*parts: tuple[bytes, float]) -> bytes:
    return b"".join(sample * 512 * round(seconds * 16000 / 512) for sample, seconds in parts)


ONCE = marks((SILENCE, 1.0), (VOICE, 0.5), (SILENCE, 1.0))


async def test_a_stop_word_that_stands_alone_ends_it() -> None:
    async with Talker(ScriptedAsr(["stop"]), MarkVad()).listening() as talker:
        await talker.hear(ONCE)
        assert talker.stopped == 1


async def test_stop_words_can_be_switched_off_and_on() -> None:
    talker = Talker(ScriptedAsr(["stop"]), MarkVad())
    talker.words.use(False)
    async with talker.listening():
        await talker.hear(ONCE)
        assert (talker.stopped, talker.made) == (0, 0)
        talker.words.use(True)
        await talker.hear(ONCE[:1024])
        await asyncio.sleep(0.05)  # the detector is loaded on a thread
        await talker.hear(ONCE)
        assert talker.stopped == 1


async def test_stop_words_are_not_detected_in_silence() -> None:
    talker = Talker(ScriptedAsr(["stop"]), MarkVad())
    talker.talking = False
    async with talker.listening():
        await talker.hear(ONCE)
    assert (talker.stopped, talker.made) == (0, 0)


async def test_the_voice_detector_is_loaded_when_something_is_said_for_the_first_time() -> None:
    class Late(MarkVad):
        loaded = False

        def load(self) -> None:
            self.loaded = True

    vad = Late()
    talker = Talker(ScriptedAsr(["stop"]), vad)
    talker.talking = False
    async with talker.listening():
        await talker.hear(ONCE)
        assert not vad.loaded
        talker.talking = True
        await talker.hear(ONCE[:1024])
        await asyncio.sleep(0.05)  # on a thread
        assert vad.loaded
        await talker.hear(ONCE)
    assert talker.stopped == 1


@pytest.mark.parametrize(
    "audio",
    [
        marks((SILENCE, 1.0), (VOICE, LONGEST + 0.3), (SILENCE, 1.0)),
        marks((SILENCE, 1.0), (VOICE, 0.1), (SILENCE, 1.0)),
        marks((SILENCE, 1.0), (VOICE, 0.5), (SILENCE, 0.2), (VOICE, 2.0), (SILENCE, 1.0)),
        marks((SILENCE, 1.0), (VOICE, 0.5)),
    ],
    ids=["too long", "too short", "in a sentence", "not over"],
)
async def test_a_stop_word_within_speech_is_ignored(audio: bytes) -> None:
    async with Talker(ScriptedAsr(["stop"]), MarkVad()).listening() as talker:
        await talker.hear(audio)
        assert talker.stopped == 0


@pytest.mark.parametrize("text", ["", "candle", "what time is it"])
async def test_other_words_are_ignored(text: str) -> None:
    async with Talker(ScriptedAsr([text]), MarkVad()).listening() as talker:
        await talker.hear(ONCE)
        assert talker.stopped == 0


@pytest.mark.parametrize("known", [True, False])
async def test_its_own_stop_word_is_ignored_and_a_persons_is_not(known: bool) -> None:
    """The recognizer takes everything for a stop word; the played sound makes the difference."""
    own, person = speak("stop", "en-us"), speak("stop", "en-us+m3")
    played = own + silence(1.6) + speak("the bus will stop at the market and go on", "en-us")
    echo = samples(silence(0.1) + played)[: len(played) // 2] * 0.1
    echo += samples(noise(len(echo) / SPEECH.rate + 0.1, 0.001))[: len(echo)]
    heard = echo.copy()
    over = slice(len(own) // 2 + 32000, len(own) // 2 + 32000 + len(person) // 2)
    heard[over] += samples(person)
    vad = LoudVad()
    async with Talker(ScriptedAsr(["stop"]), vad).listening() as talker:
        talker.reference.delay = 1600 if known else None
        await talker.hear(noise(0.5, 0.001))
        talker.reference.played(played, SPEECH)
        await talker.hear(pcm(heard[:24000]))
        assert (talker.made, talker.stopped) == (1, 0)
        vad.floor = 2000  # what is left of the echo is no voice
        await talker.hear(pcm(heard[24000:]))
        assert talker.stopped == 1


async def test_no_stop_word_is_accepted_in_the_first_echo() -> None:
    """The rest of the echo is like nothing that was played, and its delay is unknown."""
    for begun, stopped in ((0.5, 0), (2.5, 1)):
        async with Talker(ScriptedAsr(["stop"]), LoudVad()).listening() as talker:
            talker.reference.played(speak("it is a quarter to six", "en-us") * 4, SPEECH)
            left = speak("be quiet", "en-us+klatt6")
            await talker.hear(silence(begun) + left + silence(0.6))
            assert talker.stopped == stopped


async def test_a_missing_recognizer_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    asr = ScriptedAsr(error=PackageMissing("pocketsphinx is not installed"))
    async with Talker(asr, MarkVad()).listening() as talker:
        await talker.hear(ONCE * 3)
        assert talker.stopped == 0
    assert caplog.text.count("not installed") == 1


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("stop", True),
        ("cancel", True),
        ("never mind", True),
        ("please stop", True),
        ("what time is it", False),
        ("dinner is ready", False),
        ("hello", False),
    ],
)
async def test_real_words_in_a_real_voice(text: str, stops: bool) -> None:
    asr: Asr = spec.create("asr", component())
    vad = spec.create("vad", "silero")
    talker = Talker(asr, vad)
    async with talker.listening():
        room = noise(0.6, 0.001)
        await talker.hear(room + speak(text, "en-us") + silence(0.1) + room + room)
    await asr.close()
    assert talker.stopped == stops
