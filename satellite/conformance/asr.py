"""What a speech-to-text engine promises."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from satellite.conformance.audio_input import Listening, listening_checks
from satellite.conformance.check import Case, expect
from satellite.conformance.engine import engine_checks
from satellite.conformance.feeding import feed, feed_for_ever
from satellite.values import SPEECH, TranscribeRequest, Transcript

LONG_SECONDS = 60
"""Length of the long utterance: four times the longest that a satellite sends."""


class AsrSample(msgspec.Struct, frozen=True):
    """An utterance that the engine understands."""

    audio: bytes
    """16 kHz mono."""
    text: str
    """The spoken words; case and punctuation do not count."""
    patience: float = 30.0


class _Asr:
    def usual(self, sample: AsrSample) -> Case:
        return Case(
            lambda engine: _ask(engine, feed(sample.audio)), lambda items: _judge(items, sample)
        )

    def other(self, sample: AsrSample) -> Case:
        return Case(lambda engine: _ask(engine, feed(bytes(SPEECH.bytes_of(1)))), _judge_silence)

    def empty(self, sample: AsrSample) -> list[Case]:
        async def nothing() -> AsyncIterator[bytes]:
            for chunk in (b"", b""):
                yield chunk

        return [
            Case(lambda engine: _ask(engine, nothing()), _judge_silence),
            Case(lambda engine: _ask(engine, feed(b"")), _judge_silence),
        ]

    def strange(self, sample: AsrSample) -> list[Case]:
        requests = (
            TranscribeRequest(language="tlh"),
            TranscribeRequest(language="\0 not a language"),
            TranscribeRequest(model="no-such-model"),
            TranscribeRequest(names=("\0", "", "\U0001f600", "(a|b", "x" * 1000), terms=("[", "*")),
        )
        return [
            Case(
                lambda engine, request=request: engine.transcribe(feed(sample.audio), request),  # type: ignore[misc]
                _judge_order,
            )
            for request in requests
        ]

    def long(self, sample: AsrSample) -> Case:
        audio = sample.audio * (SPEECH.bytes_of(LONG_SECONDS) // len(sample.audio) + 1)
        return Case(lambda engine: _ask(engine, feed(audio)))

    def endless(self, sample: AsrSample) -> Case:
        return Case(lambda engine: _ask(engine, feed_for_ever(sample.audio)), _judge_order)


def _ask(engine: Any, audio: AsyncIterator[bytes]) -> Any:
    return engine.transcribe(audio, TranscribeRequest())


def _judge_order(items: list[Any]) -> None:
    expect(all(isinstance(item, Transcript) for item in items), f"yielded {items!r}")
    finals = [item.final for item in items]
    expect(
        finals.count(True) == 1 and finals[-1],
        f"yielded {finals.count(True)} final transcripts, and final are {finals}",
    )


def _judge(items: list[Any], sample: AsrSample) -> None:
    _judge_order(items)
    text = items[-1].text
    expect(_words(text) == _words(sample.text), f"text {text!r} instead of {sample.text!r}")


def _same(first: list[Any], second: list[Any]) -> bool:
    return _words(first[-1].text) == _words(second[-1].text)


def _judge_silence(items: list[Any]) -> None:
    _judge_order(items)
    expect(not _words(items[-1].text), f"text {items[-1].text!r} in silence")


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())


ASR_CHECKS = (
    *engine_checks(_Asr()),
    *listening_checks(Listening(_ask, _judge, _same)),
)
