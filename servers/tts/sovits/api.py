"""The HTTP API of GPT-SoVITS's `api_v2.py`, its weights and its failures.

https://github.com/RVC-Boss/GPT-SoVITS/blob/main/api_v2.py. Its path `/control`, which ends the
server, is never called.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from satellite.errors import (
    AnswerBroken,
    EngineBusy,
    EngineClosed,
    EngineDown,
    EngineFailed,
    EngineTimeout,
)
from satellite.values import AudioChunk
from servers import http_api
from servers.http_api import Answer, HttpApi
from servers.tts.sound_stream import SoundStream

LONGEST = 120.0
"""Seconds of sound of one answer: five times as long as the longest piece that is asked for."""


class _Paths(Answer, frozen=True):
    """FastAPI's description of a server."""

    paths: Mapping[str, Any] = msgspec.field(default_factory=dict)


class SovitsApi:
    """One server. Ask it for one thing at a time."""

    def __init__(self, url: str, timeout: float) -> None:
        """`timeout` is the longest silence in seconds. Raises `EngineFailed` for no address."""
        self.url = url.rstrip("/").removesuffix("/tts")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EngineFailed(f"gpt-sovits: url = {url}: is no address as http://127.0.0.1:9880")
        self._timeout = timeout
        self._http = HttpApi(self.url, timeout)
        self._weights: dict[str, str] = {}
        """By kind, the weights that this client has set."""

    async def check(self) -> None:
        """Check that this is the API. Raises `EngineError`s."""
        with self._errors():
            found = await self._http.ask("GET", "/openapi.json", None, _Paths)
        if "/tts" not in found.paths:
            raise EngineFailed(f"gpt-sovits: {self.url} has no /tts: start api_v2.py there")

    async def use_weights(self, gpt: str, sovits: str) -> None:
        """Load weights, as far as they are not those that were set last; empty ones stay.

        Takes seconds. Raises `EngineError`s.
        """
        for kind, path in (("gpt", gpt), ("sovits", sovits)):
            if path and self._weights.get(kind) != path:
                self._weights.pop(kind, None)
                query = f"/set_{kind}_weights?weights_path={quote(path, safe='')}"
                began = time.monotonic()
                try:
                    with self._errors(f" its {kind.upper()} weights are {path} on its machine"):
                        await self._http.ask("GET", query, None, Answer)
                except asyncio.CancelledError:
                    # the server finishes a request that was sent; a caller whose deadline is
                    # shorter would otherwise start it again each time
                    if time.monotonic() - began > http_api.CONNECT:
                        self._weights[kind] = path
                    raise
                self._weights[kind] = path

    async def speak(self, body: Mapping[str, Any], voice: str) -> AsyncGenerator[AudioChunk, None]:
        """Yield the sound of a text, without the silence before it. Raises `EngineError`s.

        Where a streamed answer breaks off before any sound, as for a clip that is missing there,
        the text is asked for once more in one piece: only then has an error a message.
        """
        begun = False
        try:
            async with aclosing(self._sound(body, voice)) as chunks:
                async for chunk in chunks:
                    begun = True
                    yield chunk
            return
        except AnswerBroken:
            if begun or not body["streaming_mode"]:
                raise
        async with aclosing(self._sound({**body, "streaming_mode": 0}, voice)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _sound(self, body: Mapping[str, Any], voice: str) -> AsyncGenerator[AudioChunk, None]:
        """Yield the sound of one answer.

        A failure of the synthesis comes as a second of zeros, at 16 kHz in place of the voice's
        rate: an answer of zeros alone is therefore a failure.
        """
        stream = SoundStream(f"gpt-sovits: {self.url}", None)
        silence, spoken, seconds = bytearray(), False, 0.0
        failed = EngineFailed(f"gpt-sovits: {self.url} failed as {voice} in silence: see its log")
        try:
            with self._errors(f" the clip of {voice} is {body['ref_audio_path']} on that machine"):
                async with aclosing(self._http.blocks("/tts", body)) as blocks:
                    async for block in blocks:
                        if (chunk := stream.push(block)) is None:
                            continue
                        audio, form = chunk.audio, chunk.format
                        seconds += form.seconds(audio)
                        if seconds > LONGEST:
                            raise EngineFailed(
                                f"gpt-sovits: {self.url} speaks without end: try another seed, or "
                                "a clip whose prompt_text is what it says"
                            )
                        if not spoken:
                            silence += audio
                            audio = bytes(silence)
                            spoken = any(audio)
                        if spoken:
                            yield AudioChunk(audio=audio, format=form)
                    stream.end()
        except AnswerBroken as error:
            if silence and not spoken:
                raise failed from error
            raise
        if not spoken:
            raise failed

    async def close(self) -> None:
        """Close every connection. Idempotent."""
        await self._http.close()

    @contextmanager
    def _errors(self, hint: str = "") -> Iterator[None]:
        """Turn an `ApiError` raised inside into an `EngineError` that names the remedy."""
        url = self.url
        try:
            yield
        except http_api.Closed as error:
            raise EngineClosed("gpt-sovits was closed") from error
        except http_api.Refused as error:
            if error.status in (429, 503):
                raise EngineBusy(f"gpt-sovits: {url} is busy ({error.text}): try again") from error
            if error.status == 404:
                raise EngineFailed(
                    f"gpt-sovits: {url} has no such path ({error.text}): start api_v2.py there"
                ) from error
            raise EngineFailed(f"gpt-sovits: {url}: {error.text}{hint and f';{hint}'}") from error
        except http_api.Unreachable as error:
            self._weights.clear()  # after a restart, it has those of its configuration
            raise EngineDown(
                f"gpt-sovits: no server answers at {url}: start api_v2.py, or set the option url"
            ) from error
        except (http_api.Silent, TimeoutError) as error:
            self._weights.clear()
            raise EngineTimeout(
                f"gpt-sovits: {url} was silent for {self._timeout:g} s: see its log, or raise the "
                "option timeout"
            ) from error
        except (http_api.Interrupted, OSError) as error:
            self._weights.clear()
            raise AnswerBroken(
                f"gpt-sovits: the answer of {url} broke off: see its log{hint and f';{hint}'}"
            ) from error
