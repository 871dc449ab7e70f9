"""The stop words of a language, and the recognizer that can hear them on this machine."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import cast

import msgspec

from satellite.components import spec
from satellite.components.auto import language_remedy
from satellite.languages import codes
from satellite.languages.hearing import hearing
from satellite.languages.pack import ENGLISH
from satellite.ports import Asr
from satellite.values import EngineInfo, TranscribeRequest, Transcript

CONFIDENCE = -5.75
"""See `servers.asr.sphinx.confidence`; measured by `python -m tests.bench.stop_words`."""


class StopRecognition(msgspec.Struct, frozen=True):
    """What recognizes stop words."""

    phrases: frozenset[str]
    """The stop words, as `plain` writes them; none where nothing recognizes any."""
    language: str = ENGLISH
    """The language to recognize."""
    create: Callable[[], Asr] = lambda: cast(Asr, spec.create("asr", component()))
    """Creates the recognizer, which its user closes."""
    note: str = ""
    """The limits, for the log; empty where there are none."""


def plain(text: str) -> str:
    """Return a text in small letters, without punctuation and blanks at its ends."""
    written = (" " if unicodedata.category(char)[0] in "PSZ" else char for char in text.casefold())
    return " ".join("".join(written).split())


def component(phrases: frozenset[str] | None = None) -> str:
    """Return the recognizer of English stop words: of all, or of some."""
    english = hearing(ENGLISH)
    chosen = [text for text in english.stop_words if phrases is None or plain(text) in phrases]
    return (
        f"pocketsphinx?phrases={','.join(chosen)}&others={','.join(english.not_stop_words)}"
        f"&confidence={CONFIDENCE}"
    )


def stop_recognition(language: str, local: Asr | None) -> StopRecognition:
    """Return what recognizes the stop words of a language.

    `local` is the speech recognition of this machine if it knows the language; it is not closed.
    English has a recognizer of its own, which needs less memory and time. Without either, the words
    are left that are English ones, too. Reads files. Raises `PluginBroken`.
    """
    words = frozenset(map(plain, hearing(language).stop_words))
    if codes.same(language, ENGLISH):
        return StopRecognition(words)
    if words and local is not None:
        return StopRecognition(words, language, lambda: _Borrowed(local))
    english = words & frozenset(map(plain, hearing(ENGLISH).stop_words))
    remedy = language_remedy("asr", language)
    if not words:
        return StopRecognition(english, note=f"the language {language} has none")
    if not english:
        return StopRecognition(
            english, note=f"none is recognized in the language {language}; remedy: {remedy}"
        )
    only = ", ".join(sorted(english))
    return StopRecognition(
        english,
        create=lambda: cast(Asr, spec.create("asr", component(english))),
        note=f"only {only} is recognized in the language {language}; remedy: {remedy}",
    )


class _Borrowed:
    """Speech recognition that belongs to another part, which loads and closes it."""

    def __init__(self, asr: Asr) -> None:
        self._asr = asr

    async def load(self) -> None:
        """Loaded by its owner."""

    def describe(self) -> EngineInfo:
        return self._asr.describe()

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with aclosing(self._asr.transcribe(audio, request)) as transcripts:
            async for transcript in transcripts:
                yield transcript

    async def close(self) -> None:
        """Closed by its owner."""
