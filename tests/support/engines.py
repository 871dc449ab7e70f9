"""Engines that follow a script of answers, failures and hangs.

All of them take these keywords in addition to the script:

    gate    an `asyncio.Event` to wait for before the first answer
    error   raised when the script of a call is at its end
    hang    at that end the engine never answers again

and record `requests` (of all calls, in order), `running` (calls that have not ended),
`most` (most calls at once), `stopped` (calls that ended early: cancelled or closed), `loads`
and `closed`. The script of call n is entry n, and the last entry from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from satellite.errors import EngineClosed
from satellite.values import (
    AudioChunk,
    AudioFormat,
    Detection,
    DetectRequest,
    EngineInfo,
    ModelInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from tests.support.speech import tone

T = TypeVar("T")

Script = Sequence[T]


class Scripted:
    """The common part of the scripted engines."""

    def __init__(
        self,
        *,
        gate: asyncio.Event | None = None,
        error: BaseException | None = None,
        hang: bool = False,
        streaming: bool = False,
    ) -> None:
        self.streaming = streaming
        self.requests: list[Any] = []
        self.loads = 0
        self.closed = False
        self.running = 0
        self.most = 0
        self.stopped = 0
        self._gate = gate
        self._error = error
        self._hang = hang

    async def load(self) -> None:
        self.loads += 1

    def describe(self) -> EngineInfo:
        return EngineInfo(
            name=type(self).__name__.lower(),
            version="1",
            models=(ModelInfo(name="script", languages=("en",)),),
            streaming=self.streaming,
        )

    async def close(self) -> None:
        self.closed = True

    @contextmanager
    def _call(self, request: Any) -> Iterator[int]:
        """Count a call and return its number."""
        if self.closed:
            raise EngineClosed("the scripted engine was closed")
        self.requests.append(request)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            yield len(self.requests) - 1
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped += 1
            raise
        finally:
            self.running -= 1

    async def _begin(self) -> None:
        await asyncio.sleep(0)
        if self._gate is not None:
            await self._gate.wait()

    async def _end(self) -> None:
        if self._error is not None:
            raise self._error
        if self._hang:
            await asyncio.Event().wait()


class ScriptedAsr(Scripted):
    """Consumes all of the audio, then returns the text of the script.

        The words of an entry before its last `|` are its partial transcripts: `"turn|turn on"`.
    With `early`, it answers without waiting for the end of the audio.
    """

    def __init__(
        self, texts: Script[str] = ("what time is it",), *, early: bool = False, **keywords: Any
    ) -> None:
        super().__init__(**keywords)
        self.texts = texts
        self.early = early
        self.heard: list[bytes] = []
        """The audio of every call, in the order of their ends."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        with self._call(request) as number:
            if not self.early:
                self.heard.append(b"".join([chunk async for chunk in audio]))
            await self._begin()
            *partials, final = entry(self.texts, number).split("|")
            for text in partials:
                yield Transcript(text=text, final=False)
            await self._end()
            yield Transcript(text=final, final=True, language=request.language)


class ScriptedLlm(Scripted):
    """Answers with the parts of its script; awaits `pace`, if set, between two parts."""

    def __init__(
        self,
        replies: Script[Sequence[ReplyPart]] = (("It is ", "seven o'clock."),),
        *,
        pace: asyncio.Event | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.replies = replies
        self.pace = pace

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        with self._call(request) as number:
            await self._begin()
            if not request.text.strip():
                return
            for index, part in enumerate(entry(self.replies, number)):
                if index and self.pace is not None:
                    await self.pace.wait()
                    self.pace.clear()
                yield part
            await self._end()


class ScriptedTts(Scripted):
    """Synthesizes a tone of `seconds_per_word` for each word, in chunks of one word.

    With `words`, it stops after this many words of each request; `error` and `hang` apply there.
    """

    def __init__(
        self,
        seconds_per_word: float = 0.1,
        *,
        rate: int = 16000,
        words: int | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.format = AudioFormat(rate)
        self.words = words
        self._word = tone(seconds_per_word * rate / 16000)

    @property
    def texts(self) -> list[str]:
        """The texts of all requests."""
        return [request.text for request in self.requests]

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        with self._call(request):
            await self._begin()
            for _ in request.text.split()[: self.words]:
                yield AudioChunk(audio=self._word, format=self.format)
                await asyncio.sleep(0)
            await self._end()


class Unclosable(ScriptedTts):
    """Raises an error when it is closed."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self._problem = error or ValueError("strange")

    async def close(self) -> None:
        self.closed = True
        raise self._problem


class ScriptedWake(Scripted):
    """Detects its word at the scripted samples (16 kHz) of each stream."""

    def __init__(
        self,
        at: Script[int] = (16000,),
        *,
        word: str = "okay_nabu",
        score: float = 0.9,
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.at = at
        self.word = word
        self.score = score
        self.samples = 0
        """Samples received from all streams."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        with self._call(request):
            await self._begin()
            heard, waiting = 0, list(self.at)
            async for chunk in audio:
                heard += len(chunk) // 2
                self.samples += len(chunk) // 2
                while waiting and waiting[0] <= heard:
                    yield Detection(word=self.word, score=self.score, sample=waiting.pop(0))
            await self._end()


def entry(script: Script[T], number: int) -> T:
    """Return entry `number` of a script, or the last entry past its end."""
    return script[min(number, len(script) - 1)]
