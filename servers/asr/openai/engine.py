"""The engine `openai`: speech-to-text by any server of OpenAI's API."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, ClassVar
from unicodedata import east_asian_width

from satellite.audio.wavfile import wav_bytes
from satellite.errors import EngineClosed, EngineError, EngineFailed
from satellite.options import OptionSet, option
from satellite.ports import EngineContext
from satellite.requirements import Package, Requirement
from satellite.values import (
    SPEECH,
    EngineInfo,
    ModelInfo,
    ProgramInfo,
    TranscribeRequest,
    Transcript,
)
from servers.http_api import Answer, Form, Silent
from servers.openai.api import OpenAiApi, Unended, engine_errors
from servers.openai.identity import PATIENCE, identify

_LOGGER = logging.getLogger(__name__)

NAME = "openai"

LONGEST = 600.0
"""Seconds of sound in one request, 19 MB: OpenAI takes 25 MB at most."""

PATH = "/audio/transcriptions"


class OpenAiAsr:
    """Sends each utterance to a server when it has ended."""

    class Options(OptionSet, frozen=True):
        """The server and its model."""

        url: Annotated[
            str, option("Address with its path, as http://localhost:8000/v1; OPENAI_BASE_URL")
        ] = ""
        key_file: Annotated[
            str,
            option("File with the API key; OPENAI_API_KEY by default, for https:// alone"),
        ] = ""
        model: Annotated[str, option("Model, such as whisper-1")] = "whisper-1"
        language: Annotated[
            str, option("Language of requests that name none; empty detects the language")
        ] = ""
        prompt: Annotated[str, option("A text in the style of the expected speech")] = ""
        temperature: Annotated[float, option("Randomness of the text", minimum=0, maximum=1)] = 0.0
        stream: Annotated[
            bool, option("Ask for the text while it is being written, which few servers do")
        ] = False
        languages: Annotated[
            tuple[str, ...], option("Languages of the model; any language if empty")
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
            _LOGGER.warning("speech-to-text unavailable: %s", error)

    async def served_by(self) -> ProgramInfo:
        """Ask the server which program it is. Raises `EngineError`s."""
        api = self._ready()
        with engine_errors(NAME, api.url, self._options.model, PATIENCE):
            return await identify(api)

    def describe(self) -> EngineInfo:
        """Describe the engine and its model."""
        model = ModelInfo(name=self._options.model, languages=self._options.languages)
        return EngineInfo(
            name=NAME, description="A server of OpenAI's speech-to-text", models=(model,)
        )

    async def transcribe(
        self, audio: AsyncIterator[bytes], request: TranscribeRequest
    ) -> AsyncGenerator[Transcript, None]:
        """Yield the text of an utterance once it has ended. Raises `EngineError`s."""
        sound = bytearray()
        async for chunk in audio:
            self._ready()  # raises once the engine is closed
            sound += chunk
            if len(sound) > SPEECH.bytes_of(LONGEST):
                raise EngineFailed(f"openai: the speech is longer than {LONGEST:g} s")
        api, options = self._ready(), self._options
        language = request.language or options.language
        if not any(sound):
            yield Transcript(text="", final=True, language=language or None)
            return
        model = request.model or options.model
        form = self._form(bytes(sound), model, language)
        text: str | None = None
        with engine_errors(NAME, api.url, model, options.timeout):
            async with aclosing(_texts(api.events(PATH, form, _Event), options.timeout)) as texts:
                async for text in texts:
                    if options.stream:
                        yield Transcript(text=text.strip(), final=False)
        if text is None:
            raise EngineFailed(f"openai: {api.url} with {model} answered without a text")
        yield Transcript(text=text.strip(), final=True, language=language or None)

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

    def _form(self, sound: bytes, model: str, language: str) -> Form:
        options = self._options
        fields = {
            "model": model,
            "language": language.partition("-")[0],
            "prompt": options.prompt,
            "temperature": f"{options.temperature:g}",
            "response_format": "json",
            "stream": "true" if options.stream else "",
        }
        return Form(
            fields={name: value for name, value in fields.items() if value},
            file=wav_bytes(SPEECH, sound),
            name="speech.wav",
            kind="audio/wav",
        )


class _Event(Answer, frozen=True):
    """The text, a segment of it, or a piece (`transcript.text.delta`)."""

    type: str = ""
    text: str | None = None
    delta: str | None = None


async def _texts(events: AsyncGenerator[_Event, None], timeout: float) -> AsyncGenerator[str, None]:
    """Yield the text so far with each event. Raises `Silent` after `timeout` seconds without any.

    Speaches and its forerunners send events without a type for each segment of the speech, and end
    without `[DONE]`.
    """
    text, whole, ended = "", "", False
    latest = time.monotonic()
    try:
        async with aclosing(events):
            async for event in events:
                if event.text is None and event.delta is None:
                    if time.monotonic() - latest > timeout:
                        raise Silent("its events have no text")
                    continue
                latest = time.monotonic()
                if event.type == "transcript.text.done":
                    whole, ended = event.text or text, True
                elif event.text is not None:
                    text, ended = _with_segment(text, event.text), True
                else:
                    text += event.delta or ""
                yield whole or text
    except Unended:
        if not ended:
            raise


def _with_segment(text: str, segment: str) -> str:
    """Add a segment to a text; some servers repeat the text with each segment."""
    if segment.startswith(text):
        return segment
    first, last = segment.lstrip()[:1], text.rstrip()[-1:]
    wide = all(sign and east_asian_width(sign) in "WF" for sign in (first, last))
    return f"{text.rstrip()}{'' if wide else ' '}{segment.lstrip()}"
