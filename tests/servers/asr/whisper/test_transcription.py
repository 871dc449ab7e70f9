"""Transcription during speech, with a clock that follows the sound."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from itertools import pairwise
from typing import cast

import msgspec
import numpy as np
import pytest

from satellite.lib.worker import Worker
from satellite.values import TranscribeRequest, Transcript
from servers.asr.whisper.alternatives import Alternative
from servers.asr.whisper.batch_scheduler import BatchScheduler
from servers.asr.whisper.decoding import Decoder
from servers.asr.whisper.decoding import DecodingOptions as Decoding
from servers.asr.whisper.machine import Machine
from servers.asr.whisper.model import Floats, Model
from servers.asr.whisper.quality import Attempt, Thresholds
from servers.asr.whisper.sound_buffer import BLOCK_SAMPLES, SoundBuffer
from servers.asr.whisper.speech_detection import FRAME
from servers.asr.whisper.tokens import Prompt
from servers.asr.whisper.transcription import (
    Style,
    Transcription,
    TranscriptionOptions,
    likely_names,
)
from tests.servers.asr.whisper.test_windows import Loudness
from tests.support.speech import silence, speak, tone

OPTIONS = TranscriptionOptions(Thresholds(), True, True, 0.5)
PIECE = 3200
"""Bytes: 0.1 s."""


def vowel(seconds: float, frequency: float) -> bytes:
    """Return a tone with the second formant of a voice in the room."""
    low, high = (
        np.frombuffer(tone(seconds, hertz, level), "<i2")
        for hertz, level in ((frequency, 0.3), (2000.0, 0.03))
    )
    return (low + high).tobytes()


class Counted(Decoder):
    """Records the seconds of sound of each decoding."""

    lengths: list[float]

    async def decode(  # type: ignore[override]
        self, samples: Floats, *arguments: object
    ) -> object:
        # without the silence before the voice, which may have been added
        said = np.trim_zeros(samples, "f")
        self.lengths.append(len(said) / 16000)
        return await super().decode(samples, *arguments)  # type: ignore[arg-type]


class Room:
    """An utterance in a room where time follows the sound, `pace` times as fast."""

    def __init__(
        self,
        model: Model,
        batches: BatchScheduler,
        options: TranscriptionOptions = OPTIONS,
        kind: type[Counted] = Counted,
        style: Callable[[str | None], Style] = lambda language: Style(),
        pauses: bool = False,
        lasting: bool = False,
    ) -> None:
        self.now = 100.0
        self.heard: list[int] = []
        self.decoder = kind(model, batches, Decoding())
        self.decoder.lengths = []
        self.utterance = Transcription(
            SoundBuffer(Loudness(), 0.2, 0, FRAME if pauses else BLOCK_SAMPLES),
            self.decoder,
            options,
            language=None,
            names=(),
            style=style,
            pauses=pauses,
            lasting=lasting,
            clock=lambda: self.now,
        )

    async def speak(self, audio: bytes, pace: float) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(audio), PIECE):
            self.now += 0.1 / pace
            yield audio[start : start + PIECE]

    async def hear(self, audio: bytes, pace: float = 1.0) -> list[Transcript]:
        worker = Worker("detection")
        try:
            sound: AsyncIterator[bytes] = self.speak(audio, pace)
            return [transcript async for transcript in self.utterance.run(sound, worker)]
        finally:
            await worker.close()


async def test_partial_transcripts_grow_and_the_final_one_begins_with_them(
    model: Model, batches: BatchScheduler
) -> None:
    sound = speak("turn on the lamp in the living room please, and then open the window")
    found = await Room(model, batches).hear(silence(0.5) + sound + silence(1.0))
    *partials, final = found
    assert len(partials) >= 2
    assert [transcript.final for transcript in found] == [False] * len(partials) + [True]
    assert all(later.text.startswith(earlier.text) for earlier, later in pairwise(found))
    assert all(earlier.text != later.text for earlier, later in pairwise(partials))
    assert final.language == "en"
    assert len(final.text.split()) == 12


async def test_after_a_pause_the_final_transcript_is_ready(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches)
    await room.hear(vowel(2.0, 300) + silence(1.5))
    begun = room.decoder.lengths
    assert begun[-1] == pytest.approx(2.3, abs=0.1), "everything, once the voice pauses"
    assert len(begun) == len(set(begun)), "and not again at the end"


async def test_at_a_pause_the_text_so_far_is_there_before_the_utterance_ends(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches, pauses=True)
    found = await room.hear(vowel(2.0, 300) + silence(0.5) + vowel(1.0, 300) + silence(1.5))
    heard = [each for each in found if each.pause_text is not None]
    assert [each.until for each in heard] == pytest.approx([2.2, 3.7], abs=0.12)
    assert not any(each.final for each in heard)
    assert heard[-1].pause_text == found[-1].text, "nothing more was said"
    ends = [seconds for seconds in room.decoder.lengths if seconds > 3.4]
    assert len(ends) == 1, "and it was not decoded again at the end"


async def test_the_text_at_a_pause_need_not_wait_for_another_one(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches, pauses=True)
    await room.hear(vowel(2.5, 300) + silence(0.5))
    assert len(room.decoder.lengths) == 1, "at the pause"
    room = Room(model, batches, pauses=True)
    await room.hear(vowel(7.0, 300) + silence(0.5))
    assert len(room.decoder.lengths) == 3, "after 3 and 6 seconds, and at the pause"


async def test_a_pause_that_lasts_is_reported_again_and_decoded_once(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches, pauses=True, lasting=True)
    found = await room.hear(vowel(2.0, 300) + silence(0.6) + vowel(1.0, 300) + silence(1.5))
    heard = [each for each in found if each.pause_text is not None]
    first = [each for each in heard if each.until < 2.65]
    assert [each.quiet for each in first] == sorted(each.quiet for each in first)
    assert first[0].quiet == pytest.approx(0.2, abs=0.12)
    assert first[-1].quiet == pytest.approx(0.6, abs=0.12)
    assert all(each.quiet == pytest.approx(each.until - 2.0, abs=0.12) for each in first)
    assert len({each.pause_text for each in first}) == 1
    assert all(each.until > 3.1 for each in heard[len(first) :]), "none while the voice goes on"
    at_pauses = [seconds for seconds in room.decoder.lengths if 2.1 < seconds < 2.65]
    assert len(at_pauses) == 1


async def test_a_recording_that_is_sent_at_once_is_decoded_once(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches)
    (final,) = await room.hear(vowel(6.0, 300) + silence(1.0), pace=20)
    assert final.final
    assert len(room.decoder.lengths) == 1


async def test_partial_transcripts_never_delay_other_requests(
    model: Model, batches: BatchScheduler
) -> None:
    class Busy(BatchScheduler):
        idle = False

    busy = Busy(model, Machine("cpu", "int8", threads=1, workers=1))
    room = Room(model, busy)
    (final,) = await room.hear(vowel(4.0, 300) + silence(1.0))
    assert final.final
    assert len(room.decoder.lengths) == 1
    await busy.close()


async def test_without_partial_transcripts_there_is_only_the_final_one(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches, msgspec.structs.replace(OPTIONS, partials=False))
    (final,) = await room.hear(vowel(4.0, 300) + silence(1.0))
    assert final.final
    assert len(room.decoder.lengths) == 1


async def test_a_long_speech_is_decoded_as_its_windows_close(
    model: Model, batches: BatchScheduler
) -> None:
    """At the end, only the sound after the last window is decoded."""
    room = Room(model, batches, msgspec.structs.replace(OPTIONS, partials=False))
    found = await room.hear(vowel(20.0, 300) + silence(1.0) + vowel(15.0, 500) + silence(1.0))
    assert len(found) == 1
    assert len(found[0].text.split()) == 24
    assert room.decoder.lengths == [pytest.approx(20.5, abs=0.2), pytest.approx(15.3, abs=0.2)]


class Chinese(Counted):
    """Writes the same Chinese words for each window, and records the prompts."""

    prompts: list[str]

    async def decode(  # type: ignore[override]
        self,
        samples: Floats,
        prompt: Callable[[str | None], Prompt],
        language: str | None,
    ) -> tuple[Attempt, str | None]:
        self.prompts.append(self.vocabulary.decode(prompt(language or "zh").before))
        text = self.says[len(self.prompts) - 1]
        return Attempt(text, (1, 2), avg_logprob=-0.1, no_speech_prob=0.0, ended=True), "zh"

    says: tuple[str, ...] = ()


def _style(language: str | None) -> Style:
    return {"zh": Style("one", lambda text: text.replace("開", "开"))}.get(language or "", Style())


async def test_windows_of_chinese_are_joined_without_spaces_in_the_script_of_the_language(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches, msgspec.structs.replace(OPTIONS, partials=False), Chinese, _style)
    decoder = cast(Chinese, room.decoder)
    decoder.prompts, decoder.says = [], ("打開灯。", "打開窗帘。")
    (final,) = await room.hear(vowel(20.0, 300) + silence(1.0) + vowel(15.0, 500) + silence(1.0))
    assert final == Transcript(text="打开灯。打开窗帘。", final=True, language="zh")
    assert decoder.prompts[0] == " one", "for the detected language"


async def test_a_prompt_that_is_written_is_no_text(model: Model, batches: BatchScheduler) -> None:
    def style(language: str | None) -> Style:
        return Style("以下是普通话的句子。" if language == "zh" else "")

    room = Room(model, batches, msgspec.structs.replace(OPTIONS, partials=False), Chinese, style)
    decoder = cast(Chinese, room.decoder)
    decoder.prompts, decoder.says = [], ("我以下是普通话的句子。",)
    assert (await room.hear(vowel(2.0, 300) + silence(1.0)))[-1].text == ""


class Numbers(Counted):
    """Hears one of two numbers, and cannot say which."""

    async def decode(  # type: ignore[override]
        self,
        samples: Floats,
        prompt: Callable[[str | None], Prompt],
        language: str | None,
    ) -> tuple[Attempt, str | None]:
        best, other = (
            tuple(self.vocabulary.encode(f" set a timer for {number} minutes"))
            for number in (40, 14)
        )
        self.prefixes.append(prompt(language).prefix)
        text = self.vocabulary.decode(best).strip()
        found = Attempt(text, best, avg_logprob=-0.1, no_speech_prob=0.0, ended=True)
        second = Alternative(self.vocabulary.decode(other).strip(), other)
        return msgspec.structs.replace(found, alternatives=(second,)), "en"

    prefixes: list[tuple[int, ...]]


async def test_the_alternatives_of_a_text_go_with_it(model: Model, batches: BatchScheduler) -> None:
    room = Room(model, batches, kind=Numbers, pauses=True)
    cast(Numbers, room.decoder).prefixes = []
    found = await room.hear(vowel(2.0, 300) + silence(1.0))
    paused = [transcript for transcript in found if transcript.pause_text is not None]
    assert paused
    for transcript in (*paused, found[-1]):
        assert transcript.pause_text in (None, "set a timer for 40 minutes")
        assert transcript.alternatives == ("set a timer for 14 minutes",)


async def test_a_partial_text_ends_before_what_may_be_another_word(
    model: Model, batches: BatchScheduler
) -> None:
    room = Room(model, batches, kind=Numbers)
    decoder = cast(Numbers, room.decoder)
    decoder.prefixes = []
    *partials, final = await room.hear(vowel(6.0, 300) + silence(1.0))
    assert {partial.text for partial in partials} == {"set a timer for"}
    assert {decoder.vocabulary.decode(prefix) for prefix in decoder.prefixes} == {
        "",
        " set a timer for",
    }
    assert final.text == "set a timer for 40 minutes"


async def test_a_rejected_text_has_no_alternatives(model: Model, batches: BatchScheduler) -> None:
    class Looping(Numbers):
        async def decode(self, *arguments: object) -> tuple[Attempt, str | None]:  # type: ignore[override]
            attempt, language = await super().decode(*arguments)  # type: ignore[arg-type]
            return msgspec.structs.replace(attempt, avg_logprob=-2.0, no_speech_prob=0.9), language

    room = Room(model, batches, msgspec.structs.replace(OPTIONS, partials=False), Looping)
    cast(Numbers, room.decoder).prefixes = []
    (final,) = await room.hear(vowel(2.0, 300) + silence(1.0))
    assert (final.text, final.alternatives) == ("", ())


async def test_silence_is_never_decoded(model: Model, batches: BatchScheduler) -> None:
    room = Room(model, batches)
    assert await room.hear(silence(5.0)) == [Transcript(text="", final=True)]
    assert room.decoder.lengths == []


def test_likely_words_are_those_configured_and_those_of_the_request() -> None:
    request = TranscribeRequest(names=("lamp", " fan ", ""), terms=("kitchen", "lamp"))
    assert likely_names(request, "Nabu, oven") == ("Nabu", "oven", "lamp", "fan", "kitchen")
    assert likely_names(TranscribeRequest(), "") == ()
