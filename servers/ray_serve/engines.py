"""Engines whose requests run on replicas of Ray Serve."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Protocol

from satellite.audio.replay import Recording, recording
from satellite.errors import AnswerBroken, EngineClosed, EngineDown
from satellite.ports import EngineContext, OpenCalls
from satellite.values import (
    AudioChunk,
    EngineInfo,
    ReplyPart,
    ReplyRequest,
    SpeechRequest,
    TranscribeRequest,
    Transcript,
)
from servers.ray_serve.deployed import Deployed
from servers.ray_serve.failure import Failure, ReplicaLost
from servers.ray_serve.upload import Upload

_LOGGER = logging.getLogger(__name__)

PAUSES = (0.0, 0.2, 1.0)
"""Seconds before each of the replicas that a request is given to while they are lost: the actor of
sound starts again within one or two."""


class Cluster(Protocol):
    """Deploys engines, and removes them."""

    async def deploy(self, role: str, component: str, context: EngineContext) -> Deployed:
        """Start the replicas of an engine, and wait until one runs. Raises `EngineDown`."""

    async def remove(self, deployed: Deployed) -> None:
        """End the replicas of an engine."""


class _RayEngine:
    """The base: deploys an engine and sends its requests to the replicas."""

    role = ""

    def __init__(self, component: str, context: EngineContext, cluster: Cluster) -> None:
        self._component = component
        self._context = context
        self._cluster = cluster
        self._deployed: Deployed | None = None
        self._info: EngineInfo | None = None
        self._calls = OpenCalls(f"{component} on Ray")

    async def load(self) -> None:
        """Start the replicas. Raises `EngineDown`, and what their engines raise."""
        if self._deployed is not None:
            return
        deployed = await self._cluster.deploy(self.role, self._component, self._context)
        try:
            info = await deployed.describe()
            if isinstance(info, Failure):
                raise info.error()
        except BaseException:
            await self._cluster.remove(deployed)
            raise
        self._deployed, self._info = deployed, info

    def describe(self) -> EngineInfo:
        if self._info is None:
            raise EngineClosed(f"{self._component} on Ray is not loaded")
        return self._info

    async def close(self) -> None:
        await self._calls.close()
        deployed, self._deployed = self._deployed, None
        if deployed is not None:
            await self._cluster.remove(deployed)

    async def _ask(
        self, method: str, request: Any, record: Recording | None = None
    ) -> AsyncGenerator[Any, None]:
        """Yield the results of a replica; begin again where one is lost before its first result."""
        lost = ""
        for pause in PAUSES:
            begun = False
            await asyncio.sleep(pause)
            try:
                async with aclosing(self._once(method, request, record)) as results:
                    async for result in results:
                        begun = begun or not _is_partial(result)
                        yield result
                return
            except ReplicaLost as error:
                lost = str(error)
                if begun and method == "transcribe":
                    return  # the final transcript was the last result
                if begun:
                    raise AnswerBroken(f"a replica of {self._component} was lost") from error
                _LOGGER.warning("%s: a replica was lost, asking another: %s", self.role, lost)
        raise EngineDown(f"{len(PAUSES)} replicas of {self._component} were lost: {lost}")

    async def _once(
        self, method: str, request: Any, record: Recording | None
    ) -> AsyncGenerator[Any, None]:
        """Yield the results of one replica. Raises `ReplicaLost`, and what the engine raises."""
        if (deployed := self._deployed) is None:
            raise EngineClosed(f"{self._component} on Ray is closed")
        upload = Upload(deployed, record)
        response, complete = None, False
        try:
            await upload.open()
            response = deployed.ask(method, request, upload.number)
            upload.start(response.cancel)
            async for result in response:
                if isinstance(result, Failure):
                    complete = True
                    raise result.error()
                yield result
            complete = True
        except ReplicaLost as error:
            if (reason := upload.error) is not None:
                raise reason from error
            raise
        finally:
            if response is not None and not complete:
                response.cancel()
            await upload.close()


def _is_partial(result: Any) -> bool:
    """Return whether a result is a transcript that another one replaces."""
    return isinstance(result, Transcript) and not result.final


class RayAsr(_RayEngine):
    """Speech-to-text on replicas."""

    role = "asr"

    def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        return self._calls.run(self._transcribe(audio, request))

    async def _transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        async with (
            recording(audio) as record,
            aclosing(self._ask("transcribe", request, record)) as transcripts,
        ):
            async for transcript in transcripts:
                yield transcript


class RayLlm(_RayEngine):
    """A brain on replicas."""

    role = "llm"

    def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart, None]:
        return self._calls.run(self._ask("reply", request))


class RayTts(_RayEngine):
    """Text-to-speech on replicas."""

    role = "tts"

    def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        return self._calls.run(self._ask("synthesize", request))


RAY_ENGINES: dict[str, type[_RayEngine]] = {kind.role: kind for kind in (RayAsr, RayLlm, RayTts)}
