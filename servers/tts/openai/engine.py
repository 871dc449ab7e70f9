"""The engine `openai`: text-to-speech by any server of OpenAI's API."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, ClassVar, Literal

from satellite.errors import EngineClosed, EngineError, EngineFailed
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.values import (
    AudioChunk,
    AudioFormat,
    EngineInfo,
    ModelInfo,
    ProgramInfo,
    SpeechRequest,
)
from servers.openai.api import OpenAiApi, engine_errors
from servers.openai.identity import PATIENCE, identify
from servers.tts.sound_stream import SoundStream
from servers.tts.text_splitter import is_audible
from servers.tts.wav_stream import longest_sound

_LOGGER = logging.getLogger(__name__)

NAME = "openai"


class OpenAiTts:
    """Speaks with the voices of a server."""

    class Options(OptionSet, frozen=True):
        """The server, its model and its voice."""

        url: Annotated[
            str, option("Address with its path, as http://localhost:8880/v1; OPENAI_BASE_URL")
        ] = ""
        key_file: Annotated[
            str,
            option("File with the API key; OPENAI_API_KEY by default, for https:// alone"),
        ] = ""
        model: Annotated[str, option("Model, such as tts-1 or kokoro")] = "tts-1"
        voice: Annotated[str, option("Voice of requests that name none")] = "alloy"
        voices: Annotated[tuple[str, ...], option("Further voices that requests may name")] = ()
        speed: Annotated[float, option("Speed", minimum=0.25, maximum=4)] = 1.0
        response_format: Annotated[
            Literal["wav", "pcm"],
            option("wav, which names its rate, or pcm, in which some servers answer sooner"),
        ] = "wav"
        sample_rate: Annotated[
            int, option("Rate of pcm", unit="Hz", minimum=8000, maximum=96000)
        ] = 24000
        languages: Annotated[
            tuple[str, ...], option("Languages of the voices; any language if empty")
        ] = ()
        timeout: Annotated[float, option("Longest silence of the server", unit="s", minimum=1)] = (
            30.0
        )

    argument: ClassVar[str] = "url"
    requires: ClassVar[tuple[Requirement, ...]] = (Package("aiohttp"),)

    def __init__(self, options: Options, context: EngineContext | None = None) -> None:
        self._options = options
        self._api: OpenAiApi | None = None
        self._closed = False

    async def load(self) -> None:
        """Look for the server. A missing one is logged: it may come later.

        Raises `EngineFailed` for an address or a key that cannot be used.
        """
        api = self._ready()
        try:
            with engine_errors(NAME, api.url, self._options.model, self._options.timeout):
                await api.models()
        except EngineError as error:
            _LOGGER.warning("text-to-speech unavailable: %s", error)

    async def served_by(self) -> ProgramInfo:
        """Ask the server which program it is. Raises `EngineError`s."""
        api = self._ready()
        with engine_errors(NAME, api.url, self._options.model, PATIENCE):
            return await identify(api)

    def describe(self) -> EngineInfo:
        """Describe the engine; its models are its voices."""
        names = dict.fromkeys((self._options.voice, *self._options.voices))
        languages = self._options.languages
        return EngineInfo(
            name=NAME,
            description="A server of OpenAI's text-to-speech",
            models=tuple(ModelInfo(name=name, languages=languages) for name in names),
        )

    async def synthesize(self, request: SpeechRequest) -> AsyncGenerator[AudioChunk, None]:
        """Yield speech as it comes. Raises `EngineError`s."""
        api, options = self._ready(), self._options
        if not any(map(is_audible, request.text)):
            return
        bare = AudioFormat(options.sample_rate) if options.response_format == "pcm" else None
        remedy = "set the option response_format to pcm if the server sends bare samples"
        stream, spoken = SoundStream(f"{NAME}: {api.url}", bare, remedy), 0.0
        longest = longest_sound(request.text)
        with engine_errors(NAME, api.url, options.model, options.timeout):
            async with aclosing(api.blocks("/audio/speech", self._body(request))) as blocks:
                async for block in blocks:
                    if (chunk := stream.push(block)) is not None:
                        spoken += chunk.format.seconds(chunk.audio)
                        if spoken > longest:
                            raise EngineFailed(f"openai: {api.url} answers with sound without end")
                        yield chunk
                stream.end()
        if not spoken:
            raise EngineFailed(f"openai: {api.url} answered without a sound")

    async def close(self) -> None:
        self._closed = True
        if self._api is not None:
            await self._api.close()

    def _ready(self) -> OpenAiApi:
        if self._closed:
            raise EngineClosed("openai was closed")
        if self._api is None:
            options = self._options
            self._api = OpenAiApi(options.url, options.key_file, options.timeout)
        return self._api

    def _body(self, request: SpeechRequest) -> dict[str, Any]:
        options = self._options
        rate = {"sample_rate": options.sample_rate} if options.response_format == "pcm" else {}
        return {
            "model": options.model,
            "input": request.text,
            "voice": request.voice or options.voice,
            "speed": options.speed,
            "response_format": options.response_format,
            **rate,
        }
