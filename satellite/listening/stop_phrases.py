"""The stop words of a language, and the recognizer that can hear them on this machine."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
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
    create: Callable[[], Asr] = lambda: _of_english()
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
    English has a recognizer of its own, which needs little memory and time. In another language it
    recognizes the words that are English ones, too, and `local` the others. Reads files. Raises
    `PluginBroken`.
    """
    words = frozenset(map(plain, hearing(language).stop_words))
    if codes.same(language, ENGLISH):
        return StopRecognition(words)
    english = words & frozenset(map(plain, hearing(ENGLISH).stop_words))
    if words and local is not None:
        return StopRecognition(words, language, lambda: _Both(english, local))
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
        create=lambda: _of_english(english),
        note=f"only {only} is recognized in the language {language}; remedy: {remedy}",
    )


def of_all(found: Sequence[StopRecognition]) -> StopRecognition:
    """Return what recognizes the stop words of several languages, one after another."""
    able = [each for each in found if each.phrases]
    if len(able) < 2:
        only = able[0] if able else StopRecognition(frozenset())
        return msgspec.structs.replace(only, note=_notes(found))
    phrases = frozenset[str]().union(*(each.phrases for each in able))
    return StopRecognition(phrases, able[0].language, lambda: _Several(able), _notes(found))


def _notes(found: Sequence[StopRecognition]) -> str:
    return "; ".join(dict.fromkeys(each.note for each in found if each.note))


def _of_english(phrases: frozenset[str] | None = None) -> Asr:
    """Create the recognizer of English stop words: of all, or of some."""
    return cast(Asr, spec.create("asr", component(phrases)))


class _Both:
    """The recognizer of English words, and after it one that belongs to another part."""

    def __init__(self, english: frozenset[str], local: Asr) -> None:
        self._phrases = english
        self._english = _of_english(english) if english else None
        self._local = local

    async def load(self) -> None:
        """Loaded when it is first needed, or by its owner."""

    def describe(self) -> EngineInfo:
        return self._local.describe()

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield the transcript, after all of the sound, which has seconds at most."""
        sound = b"".join([chunk async for chunk in audio])
        if self._english is not None:
            text = await _transcribed(self._english, sound, TranscribeRequest(language=ENGLISH))
            if plain(text) in self._phrases:
                yield Transcript(text=text, final=True)
                return
        yield Transcript(text=await _transcribed(self._local, sound, request), final=True)

    async def close(self) -> None:
        if self._english is not None:
            await self._english.close()


class _Several:
    """The recognizers of several languages: the first that hears a stop word of its own decides."""

    def __init__(self, found: Sequence[StopRecognition]) -> None:
        self._found = [(each, each.create()) for each in found]

    async def load(self) -> None:
        """Loaded when they are first needed, or by their owners."""

    def describe(self) -> EngineInfo:
        return self._found[0][1].describe()

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield the transcript, after all of the sound, which has seconds at most."""
        sound = b"".join([chunk async for chunk in audio])
        text = ""
        for recognition, asr in self._found:
            own = TranscribeRequest(language=recognition.language)
            text = await _transcribed(asr, sound, own)
            if plain(text) in recognition.phrases:
                break
        yield Transcript(text=text, final=True)

    async def close(self) -> None:
        for _recognition, asr in self._found:
            await asr.close()


async def _transcribed(asr: Asr, sound: bytes, request: TranscribeRequest) -> str:
    async def once() -> AsyncGenerator[bytes, None]:
        yield sound

    text = ""
    async with aclosing(asr.transcribe(once(), request)) as transcripts:
        async for transcript in transcripts:
            text = transcript.text
    return text
