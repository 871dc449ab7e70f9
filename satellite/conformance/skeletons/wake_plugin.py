"""Skeleton, a wake word engine: its word is a sound that lasts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from satellite.conformance import WakeSample
from satellite.options import OptionSet, option
from satellite.ports import OpenCalls
from satellite.values import SPEECH, Detection, DetectRequest, EngineInfo, ModelInfo

FRAME = 320
"""Samples that are judged together: 20 ms."""

WORD = "beep"


class Skeleton:
    """Detects a sound that lasts."""

    class Options(OptionSet, frozen=True):
        """What counts as the wake word."""

        length: Annotated[
            float, option("The sound lasts at least this long", unit="s", minimum=0.1, maximum=5)
        ] = 0.3

    def __init__(self, options: Options) -> None:
        self._options = options
        self._calls = OpenCalls("skeleton")

    @staticmethod
    def conformance_sample() -> WakeSample:
        """Return the wake word once, and speech without it."""
        quiet, loud = bytes(SPEECH.bytes_of(0.4)), b"\x00\x20\x00\xe0"
        word = quiet + loud * (SPEECH.rate // 4) + quiet
        return WakeSample(audio=word, word=WORD, other=loud * (SPEECH.rate // 10) + quiet)

    async def load(self) -> None:
        """Load models and import heavy packages here. Idempotent."""

    def describe(self) -> EngineInfo:
        """Return the name and, after `load`, the wake words as models."""
        return EngineInfo(name="skeleton", version="0.1.0", models=(ModelInfo(name=WORD),))

    def detect(
        self, audio: AsyncIterator[bytes], request: DetectRequest
    ) -> AsyncGenerator[Detection, None]:
        """Yield each detection until `audio` (16 kHz mono, 16-bit) ends. Raises `EngineClosed`."""
        return self._calls.run(self._listen(audio))

    async def close(self) -> None:
        """End the calls under way and release all resources. Idempotent."""
        await self._calls.close()

    async def _listen(self, audio: AsyncIterator[bytes]) -> AsyncGenerator[Detection, None]:
        wanted = int(self._options.length * SPEECH.rate / FRAME)
        waiting, position, loud = b"", 0, 0
        async for chunk in audio:
            waiting += chunk
            while len(waiting) >= 2 * FRAME:
                frame, waiting = waiting[: 2 * FRAME], waiting[2 * FRAME :]
                position += FRAME
                loud = loud + 1 if any(frame) else 0
                if loud == wanted:
                    yield Detection(word=WORD, score=1.0, sample=position)
