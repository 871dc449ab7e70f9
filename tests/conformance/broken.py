"""Engines that break one promise each of loading, answering, stopping or closing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator

from satellite.errors import EngineFailed
from satellite.values import (
    AudioChunk,
    Detection,
    DetectRequest,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from tests.conformance.engines import FORM, GoodAsr, GoodLlm, GoodTts, GoodWake
from tests.support.speech import tone


class LoadsOnce(GoodTts):
    loads = 0

    async def load(self) -> None:
        self.loads += 1
        if self.loads > 1:
            raise RuntimeError("loaded already")


class Nameless(GoodTts):
    def describe(self) -> EngineInfo:
        return EngineInfo(name="")


class WithoutModels(GoodTts):
    def describe(self) -> EngineInfo:
        return EngineInfo(name="good")


class OnlyOnce(GoodTts):
    used = False

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if self.used:
            raise EngineFailed("used up")
        self.used = True
        async for chunk in super().synthesize(request):
            yield chunk


class FailsOnEmpty(GoodLlm):
    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        yield request.text.split()[0]


class EndsNever(GoodLlm):
    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        if len(request.text) > 1000:
            await asyncio.Event().wait()
        async for part in super().reply(request):
            yield part


class RaisesAnything(GoodLlm):
    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        request.text.encode()  # fails for a lone surrogate
        async for part in super().reply(request):
            yield part


class MixesCalls(GoodAsr):
    """Keeps what it heard in one place for all calls."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        self.check()
        async for chunk in audio:
            self.check()
            self.heard += chunk
        tenths = round(sum(map(bool, self.heard[1::2])) / 1600)
        self.heard.clear()
        yield Transcript(text=f"{tenths}" if tenths else "", final=True)


class Swallows(GoodTts):
    """Goes on when it is cancelled."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        self.check()
        for _ in filter(str.isalnum, request.text.split()):
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                pass
            yield AudioChunk(audio=tone(0.05), format=FORM)


class StaysBusy(GoodTts):
    """Is busy for ever when a call ended before its time."""

    busy = False

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if self.busy:
            raise EngineFailed("busy")
        self.busy = True
        async for chunk in super().synthesize(request):
            yield chunk
        self.busy = False


class LeavesTask(GoodTts):
    """Starts a helper, and ends it only when the call is not stopped."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        helper = asyncio.create_task(asyncio.sleep(2))
        async for chunk in super().synthesize(request):
            yield chunk
        helper.cancel()
        await asyncio.wait({helper})


class Blocks(GoodTts):
    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        time.sleep(0.3)  # noqa: ASYNC251
        async for chunk in super().synthesize(request):
            yield chunk


class ClosesOnce(GoodTts):
    async def close(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        await super().close()


class NeverClosed(GoodTts):
    async def close(self) -> None:
        pass


class HangsUnderClose(GoodTts):
    """Waits for a queue that nobody fills after close."""

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        self.check()
        for _ in filter(str.isalnum, request.text.split()):
            await asyncio.sleep(0)
            if self.closed:
                await asyncio.Event().wait()
            yield AudioChunk(audio=tone(0.05), format=FORM)


class RaisesUnderClose(GoodTts):
    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        self.check()
        for _ in filter(str.isalnum, request.text.split()):
            await asyncio.sleep(0)
            if self.closed:
                raise AttributeError("'NoneType' object has no attribute 'speak'")
            yield AudioChunk(audio=tone(0.05), format=FORM)


class DropsRest(GoodAsr):
    """Forgets what does not fill a frame, so that it hears less in small chunks."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async def whole() -> AsyncIterator[bytes]:
            async for chunk in audio:
                yield chunk[: len(chunk) // 512 * 512]

        async for transcript in super().transcribe(whole(), request):
            yield transcript


class SplitsSamples(GoodWake):
    """Takes every chunk for whole samples."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async def whole() -> AsyncIterator[bytes]:
            async for chunk in audio:
                if not chunk or len(chunk) % 2:
                    raise EngineFailed("not whole samples")
                yield chunk

        async for detection in super().detect(whole(), request):
            yield detection


class SwallowsInput(GoodWake):
    """Takes a failing microphone for the end of the sound."""

    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        async def quiet() -> AsyncIterator[bytes]:
            try:
                async for chunk in audio:
                    yield chunk
            except Exception:
                return

        async for detection in super().detect(quiet(), request):
            yield detection


class WrapsInput(GoodAsr):
    """Says something else than its input did."""

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        try:
            async for transcript in super().transcribe(audio, request):
                yield transcript
        except Exception as error:
            raise EngineFailed("something went wrong") from error


class HidesWord(GoodWake):
    async def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        if request.words:
            raise EngineFailed("words cannot be chosen")
        async for detection in super().detect(audio, request):
            yield detection
