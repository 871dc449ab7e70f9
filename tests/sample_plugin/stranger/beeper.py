"""Text-to-speech for robots: a beep for each word."""

from __future__ import annotations

import array
import asyncio
import math
import sys
from collections.abc import AsyncGenerator
from typing import Annotated, ClassVar

from satellite.errors import EngineClosed, ModelMissing
from satellite.options import OptionSet, option
from satellite.values import AudioChunk, AudioFormat, EngineInfo, ModelInfo, SpeechRequest

FORM = AudioFormat(rate=16000)


class Beeper:
    """Beeps once for each word."""

    class Options(OptionSet, frozen=True):
        """How it beeps."""

        frequency: Annotated[
            float, option("Pitch of the beep", unit="Hz", minimum=50, maximum=4000)
        ] = 880.0
        length: Annotated[float, option("A word's beep", unit="s", minimum=0.02, maximum=1)] = 0.1

    argument: ClassVar[str] = "frequency"

    def __init__(self, options: Options) -> None:
        self._options = options
        self._beep = b""
        self._closed = False

    async def load(self) -> None:
        """Make the beep, and the pause that follows it."""
        count = FORM.bytes_of(self._options.length) // FORM.frame_bytes
        step = 2 * math.pi * self._options.frequency / FORM.rate
        beep = array.array("h", (int(9000 * math.sin(step * n)) for n in range(count)))
        if sys.byteorder == "big":
            beep.byteswap()
        self._beep = beep.tobytes() + bytes(FORM.bytes_of(0.05))

    def describe(self) -> EngineInfo:
        return EngineInfo(
            name="beeper", description="Beeps", version="1.2.3", models=(ModelInfo(name="beep"),)
        )

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Beep. Raises `ModelMissing` for any voice but `beep`, `EngineClosed`."""
        if self._closed:
            raise EngineClosed("beeper was closed")
        if request.voice not in (None, "beep"):
            raise ModelMissing(f"beeper has no voice {request.voice!r}, only beep")
        for word in request.text.split():
            await asyncio.sleep(0)
            if self._closed:
                raise EngineClosed("beeper was closed")
            if any(character.isalnum() for character in word):
                yield AudioChunk(audio=self._beep, format=FORM)

    async def close(self) -> None:
        self._closed = True
