"""Skeleton, text-to-speech: it beeps for each word."""

from __future__ import annotations

import array
import asyncio
import math
import sys
from collections.abc import AsyncGenerator
from typing import Annotated

from satellite.options import OptionSet, option
from satellite.ports import OpenCalls
from satellite.values import AudioChunk, AudioFormat, EngineInfo, ModelInfo, SpeechRequest

FORMAT = AudioFormat(rate=16000)
"""Of all speech that comes from here."""

LENGTH, PAUSE = 0.1, 0.05
"""Seconds of a beep, and of the silence behind it."""

LOUDNESS = 9000
"""Amplitude of a beep; 32767 is the loudest."""


class Skeleton:
    """Beeps for each word."""

    class Options(OptionSet, frozen=True):
        """The voice."""

        frequency: Annotated[
            float, option("Pitch of the beep", unit="Hz", minimum=50, maximum=4000)
        ] = 880.0

    def __init__(self, options: Options) -> None:
        self._options = options
        self._calls = OpenCalls("skeleton")
        self._beep = b""

    async def load(self) -> None:
        """Make the beep. Load models and import heavy packages here. Idempotent."""
        step = 2 * math.pi * self._options.frequency / FORMAT.rate
        count = int(LENGTH * FORMAT.rate)
        samples = array.array("h", (int(LOUDNESS * math.sin(step * n)) for n in range(count)))
        if sys.byteorder == "big":
            samples.byteswap()  # audio is little-endian everywhere
        self._beep = samples.tobytes() + bytes(FORMAT.bytes_of(PAUSE))

    def describe(self) -> EngineInfo:
        """Return the name and, after `load`, the models: here, the voices."""
        return EngineInfo(name="skeleton", version="0.1.0", models=(ModelInfo(name="beep"),))

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech; nothing for a text without words. Raises `EngineClosed`."""
        return self._calls.run(self._speak(request))

    async def close(self) -> None:
        """End the calls under way and release all resources. Idempotent."""
        await self._calls.close()

    async def _speak(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        for word in request.text.split():
            await asyncio.sleep(0)
            if any(character.isalnum() for character in word):
                yield AudioChunk(audio=self._beep, format=FORMAT)
