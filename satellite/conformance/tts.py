"""What a text-to-speech engine promises."""

from __future__ import annotations

from typing import Any

import msgspec

from satellite.conformance.check import Case, expect
from satellite.conformance.engine import engine_checks
from satellite.values import AudioChunk, SpeechRequest

LONG_WORDS = 20_000
"""Words of the long text: 100 kB, hours of speech."""
SHORTEST = 0.1
"""Seconds that the shortest sample lasts, and that a longer text lasts longer."""
LOWEST, HIGHEST = 8000, 192_000
"""Rates in Hz that speakers can be expected to play."""


class TtsSample(msgspec.Struct, frozen=True):
    """A text that the engine can speak, and one that takes longer to say."""

    text: str
    longer: str
    patience: float = 30.0


class _Tts:
    def usual(self, sample: TtsSample) -> Case:
        return Case(lambda engine: _ask(engine, sample.text), _judge)

    def other(self, sample: TtsSample) -> Case:
        return Case(lambda engine: _ask(engine, sample.longer), _judge)

    def empty(self, sample: TtsSample) -> list[Case]:
        return [
            Case(lambda engine, text=text: _ask(engine, text), _judge_nothing)  # type: ignore[misc]
            for text in ("", "  \n", "...", "?!")
        ]

    def strange(self, sample: TtsSample) -> list[Case]:
        requests = (
            *(
                SpeechRequest(text=text)
                for text in ("a\0b", "\ud800", "\U0001f600", "<speak>x</speak>", "[[x", "\x1b[1m")
            ),
            SpeechRequest(text=sample.text, voice="no-such-voice"),
            SpeechRequest(text=sample.text, voice="../\0"),
            SpeechRequest(text=sample.text, language="tlh"),
            SpeechRequest(text=sample.text, speaker="no-such-speaker"),
        )
        return [
            Case(lambda engine, request=request: engine.synthesize(request), _judge_order)  # type: ignore[misc]
            for request in requests
        ]

    def long(self, sample: TtsSample) -> Case:
        return Case(lambda engine: _ask(engine, "word " * LONG_WORDS))

    def endless(self, sample: TtsSample) -> Case:
        return Case(lambda engine: _ask(engine, sample.longer * 20), _judge_order)


def _ask(engine: Any, text: str) -> Any:
    return engine.synthesize(SpeechRequest(text=text))


def _judge_order(items: list[Any]) -> None:
    expect(all(isinstance(item, AudioChunk) for item in items), f"yielded {items!r:.200}")
    formats = {item.format for item in items}
    expect(len(formats) <= 1, f"changed its format within a text: {formats}")
    for item in items:
        expect(item.audio, "yielded an empty chunk")
        expect(
            len(item.audio) % item.format.frame_bytes == 0,
            f"yielded {len(item.audio)} bytes, no whole number of samples",
        )
        expect(LOWEST <= item.format.rate <= HIGHEST, f"speaks at {item.format.rate} Hz")
        expect(item.format.channels in (1, 2), f"speaks on {item.format.channels} channels")


def _judge(items: list[Any]) -> None:
    _judge_order(items)
    seconds = sum(item.format.seconds(item.audio) for item in items)
    expect(seconds >= SHORTEST, f"spoke for {seconds:.2f} s only")
    expect(any(any(item.audio) for item in items), "spoke nothing but silence")


def _judge_nothing(items: list[Any]) -> None:
    expect(not items, "spoke where there was nothing to say")


TTS_CHECKS = engine_checks(_Tts())
