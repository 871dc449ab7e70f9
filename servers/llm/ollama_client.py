"""Ollama's interface, as far as a brain needs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from satellite import models
from satellite.errors import EngineClosed, EngineFailed
from servers.llm.prompt import ChatMessage
from servers.llm.trouble import broken, explained

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ollama

CONNECT = 3.0
"""Seconds to reach Ollama, on this machine or in the house."""
ASKING = 5.0
"""Seconds for an answer that takes no work."""


class Call(msgspec.Struct, frozen=True):
    """A tool that the model wants to be called."""

    name: str
    arguments: Mapping[str, Any]


class Piece(msgspec.Struct, frozen=True):
    """A piece of an answer."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    prompt_tokens: int | None = None
    """How many tokens the prompt had; told with the last piece."""


class OllamaClient:
    """Asks one Ollama. Every method raises `EngineError`s, `EngineClosed` after `close`."""

    def __init__(self, host: str, timeout: float) -> None:
        self._host = host
        self._timeout = timeout
        self._client: ollama.AsyncClient | None = None
        self._address = host
        self._closed = False

    async def models(self) -> tuple[str, ...]:
        """The names of the models that it has."""
        client = await self._ready()
        with self._explained(""):
            async with asyncio.timeout(ASKING):
                listed = await client.list()
        return tuple(model.model for model in listed.models if model.model)

    async def chat(
        self,
        model: str,
        messages: Sequence[ChatMessage],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        parameters: Mapping[str, Any],
        keep_alive: str | int,
        think: bool | str = False,
    ) -> AsyncGenerator[Piece, None]:
        """Yield an answer as it is written. Closing the generator ends the work."""
        client = await self._ready()
        with self._explained(model):
            answer: Any = await client.chat(
                model=model,
                messages=messages,
                tools=tools or None,
                options=parameters,
                keep_alive=keep_alive,
                think=think,
                stream=True,
            )
            done = False
            async with aclosing(answer) as parts:
                async for part in parts:
                    said = part.message
                    done = done or bool(part.done)
                    yield Piece(
                        said.content or "",
                        tuple(
                            Call(call.function.name, call.function.arguments)
                            for call in said.tool_calls or ()
                        ),
                        part.prompt_eval_count if part.done else None,
                    )
            if not done:
                raise broken(model, "it ended without its last line")

    async def has_blob(self, digest: str) -> bool:
        """Whether it has a file, by its `sha256:…`."""
        client = await self._ready()
        with self._explained(""):
            found = await client._client.head(f"/api/blobs/{digest}")  # noqa: SLF001
        return bool(found.status_code == 200)

    async def send_blob(self, path: str) -> None:
        """Send it a file."""
        client = await self._ready()
        with self._explained(""):
            await client.create_blob(path)

    async def create(self, model: str, **recipe: Any) -> None:
        """Make a model of another one or of files that were sent."""
        client = await self._ready()
        with self._explained(model):
            steps: Any = await client.create(model=model, stream=True, **recipe)
            async with aclosing(steps):
                async for _ in steps:
                    pass  # an error among them is raised

    async def close(self) -> None:
        """Hang up, in the middle of answers too. Twice is once."""
        self._closed = True
        if self._client is not None:
            await self._client._client.aclose()  # noqa: SLF001  older versions have no close

    @contextmanager
    def _explained(self, model: str) -> Iterator[None]:
        try:
            with explained(model, self._address, self._timeout):
                yield
        except (GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as error:
            if self._closed:
                raise EngineClosed("ollama was closed") from error
            raise

    async def _ready(self) -> ollama.AsyncClient:
        if self._client is None and not self._closed:
            made = await asyncio.to_thread(self._make)
            if self._client is None:  # another call may have been quicker
                self._client = made
        if self._closed or self._client is None:
            raise EngineClosed("ollama was closed")
        return self._client

    def _make(self) -> ollama.AsyncClient:
        import httpx
        import ollama

        host = self._host or models.in_force().ollama
        try:
            timeout = httpx.Timeout(self._timeout, connect=CONNECT)
            client = ollama.AsyncClient(host=host or None, timeout=timeout)
        except (ValueError, httpx.InvalidURL) as error:
            raise EngineFailed(f"host = {host}: is no address of an Ollama ({error})") from error
        self._address = str(client._client.base_url).rstrip("/")  # noqa: SLF001
        return client
