"""Skeleton, speech-to-text: it takes any loud sound for the word "beep"."""

from __future__ import annotations

import array
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from satellite.conformance import AsrSample
from satellite.options import OptionSet, option
from satellite.ports import OpenCalls
from satellite.values import EngineInfo, ModelInfo, TranscribeRequest, Transcript


class Skeleton:
    """Takes any loud sound for the word "beep"."""

    class Options(OptionSet, frozen=True):
        """What counts as loud."""

        loudness: Annotated[
            int, option("Amplitude that counts as sound", minimum=1, maximum=32767)
        ] = 1000

    def __init__(self, options: Options) -> None:
        self._options = options
        self._calls = OpenCalls("skeleton")

    @staticmethod
    def conformance_sample() -> AsrSample:
        """Return an utterance that this engine understands."""
        quiet, loud = bytes(3200), b"\x00\x20\x00\xe0" * 4000
        return AsrSample(audio=quiet + loud + quiet, text="beep")

    async def load(self) -> None:
        """Load models and import heavy packages here. Idempotent."""

    def describe(self) -> EngineInfo:
        """Return the name and, after `load`, the models."""
        return EngineInfo(name="skeleton", version="0.1.0", models=(ModelInfo(name="beep"),))

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield partial transcripts, if any, and one final transcript. Raises `EngineClosed`.

        `audio` is 16 kHz mono, 16-bit, in chunks of any size.
        """
        return self._calls.run(self._listen(audio))

    async def close(self) -> None:
        """End the calls under way and release all resources. Idempotent."""
        await self._calls.close()

    async def _listen(self, audio: AsyncIterator[bytes]) -> AsyncGenerator[Transcript, None]:
        sound, half = False, b""
        async for chunk in audio:
            whole = half + chunk
            half = whole[len(whole) // 2 * 2 :]
            sound = sound or self._is_loud(whole[: len(whole) // 2 * 2])
        yield Transcript(text="beep" if sound else "", final=True)

    def _is_loud(self, audio: bytes) -> bool:
        samples = array.array("h", audio)
        if sys.byteorder == "big":
            samples.byteswap()  # audio is little-endian everywhere
        return max(map(abs, samples), default=0) >= self._options.loudness
