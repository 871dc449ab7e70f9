"""Engines for replicas of Ray, as plugins that exist for a test alone."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, ClassVar
from uuid import uuid4

from satellite.errors import EngineFailed
from satellite.options import OptionSet, option
from satellite.values import (
    AudioChunk,
    AudioFormat,
    EngineInfo,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from tests.support.speech import ROOT

_INFO = EngineInfo(name="scripted", version="1", models=())


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """Install the plugins for this process and those that it starts, within this block."""
    facts = folder / "ray_engines-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: ray-engines\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(
        f"[satellite.asr]\nslow = {__name__}:SlowAsr\n"
        f"[satellite.tts]\nendless = {__name__}:EndlessTts\n"
    )
    sys.path.insert(0, str(folder))
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(folder), str(ROOT)))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


class _Engine:
    async def load(self) -> None:
        pass

    def describe(self) -> EngineInfo:
        return _INFO

    async def close(self) -> None:
        pass


class SlowAsr(_Engine):
    """Takes all sound, works for a while, and says how many bytes it was."""

    argument: ClassVar[str] = "seconds"

    class Options(OptionSet, frozen=True):
        """How long it works."""

        seconds: Annotated[float, option("Time of its work", unit="s")] = 0.2

    def __init__(self, options: Options) -> None:
        self._seconds = options.seconds

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        heard = 0
        async for piece in audio:
            heard += len(piece)
        await asyncio.sleep(self._seconds)
        yield Transcript(text=str(heard), final=True)


class EndlessTts(_Engine):
    """Speaks until it is stopped, and then writes the time into a file of a folder."""

    argument: ClassVar[str] = "folder"

    class Options(OptionSet, frozen=True):
        """The folder."""

        folder: Annotated[str, option("Where it writes the times")] = ""

    def __init__(self, options: Options) -> None:
        self._folder = Path(options.folder)

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        if request.text == "fail":
            raise EngineFailed("it was asked to fail")
        try:
            while True:
                yield AudioChunk(audio=bytes(640), format=AudioFormat(16000))
                await asyncio.sleep(0.02)
        finally:
            (self._folder / uuid4().hex).write_text(f"{os.getpid()} {time.time()}")
