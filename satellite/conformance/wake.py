"""What a wake word engine promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from satellite.conformance.audio_input import Listening, listening_checks
from satellite.conformance.check import Case, Check, Make, answer, expect, loaded
from satellite.conformance.engine import engine_checks
from satellite.conformance.feeding import feed, feed_for_ever
from satellite.values import SPEECH, Detection, DetectRequest

LONG_SECONDS = 120
"""Length of the long stream. Sound without a wake word may go on for hours."""
LATE = SPEECH.rate
"""Samples after the end of the word by which it must have been heard: a second."""

FRAME = 1280
"""Samples by which the same word may be heard at different places: openWakeWord's frame, 80 ms."""


class WakeSample(msgspec.Struct, frozen=True):
    """A wake word that the engine hears once, and sound in which it hears none."""

    audio: bytes
    """16 kHz mono, with the word in it."""
    word: str
    """The model's name."""
    other: bytes
    """16 kHz mono, speech without the word."""
    patience: float = 30.0


class _Wake:
    def usual(self, sample: WakeSample) -> Case:
        return Case(
            lambda engine: _ask(engine, feed(sample.audio)), lambda items: _judge(items, sample)
        )

    def other(self, sample: WakeSample) -> Case:
        return Case(lambda engine: _ask(engine, feed(sample.other)), _judge_nothing)

    def empty(self, sample: WakeSample) -> list[Case]:
        async def nothing() -> AsyncIterator[bytes]:
            for chunk in (b"", b""):
                yield chunk

        return [
            Case(lambda engine: _ask(engine, nothing()), _judge_nothing),
            Case(lambda engine: _ask(engine, feed(b"")), _judge_nothing),
        ]

    def strange(self, sample: WakeSample) -> list[Case]:
        return [
            Case(
                lambda engine, words=words: engine.detect(  # type: ignore[misc]
                    feed(sample.audio), DetectRequest(words=words)
                ),
                _judge_order,
            )
            for words in (("no-such-word",), ("",), ("../\0",), (sample.word, sample.word))
        ]

    def long(self, sample: WakeSample) -> Case:
        quiet = bytes(SPEECH.bytes_of(LONG_SECONDS))
        return Case(lambda engine: _ask(engine, feed(quiet + sample.audio)))

    def endless(self, sample: WakeSample) -> Case:
        return Case(lambda engine: _ask(engine, feed_for_ever(sample.audio)), _judge_order)


async def _hears_the_words_asked_for(make: Make, sample: Any) -> None:
    named = Case(
        lambda engine: engine.detect(feed(sample.audio), DetectRequest(words=(sample.word,))),
        lambda items: _judge(items, sample),
    )
    async with loaded(make, sample.patience) as engine:
        names = {model.name for model in engine.describe().models}
        expect(sample.word in names, f"describe() does not name {sample.word!r}: {sorted(names)}")
        await answer(engine, named, sample.patience, "a request that names the word")


def _ask(engine: Any, audio: AsyncIterator[bytes]) -> Any:
    return engine.detect(audio, DetectRequest())


def _judge_order(items: list[Any]) -> None:
    expect(all(isinstance(item, Detection) for item in items), f"yielded {items!r}")
    samples = [item.sample for item in items]
    expect(samples == sorted(samples), f"detections are not in order: {samples}")
    expect(all(sample >= 0 for sample in samples), f"a detection before the beginning: {samples}")
    expect(all(0 <= item.score <= 1 for item in items), f"scores beyond 0 to 1: {items}")


def _judge(items: list[Any], sample: WakeSample) -> None:
    _judge_order(items)
    words = [item.word for item in items]
    expect(words == [sample.word], f"heard {words} instead of [{sample.word!r}]")
    end = len(sample.audio) // SPEECH.frame_bytes + LATE
    expect(items[0].sample <= end, f"heard the word at sample {items[0].sample}, after {end}")


def _same(first: list[Any], second: list[Any]) -> bool:
    return [item.word for item in first] == [item.word for item in second] and all(
        abs(a.sample - b.sample) <= FRAME for a, b in zip(first, second, strict=True)
    )


def _judge_nothing(items: list[Any]) -> None:
    expect(not items, f"heard {[item.word for item in items]} where there was none")


WAKE_CHECKS = (
    *engine_checks(_Wake()),
    *listening_checks(Listening(_ask, _judge, _same)),
    Check(
        "hears-the-words-asked-for",
        "It names its words, and hears one that a request names.",
        _hears_the_words_asked_for,
    ),
)
