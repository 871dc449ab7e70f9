"""Ollama's interface, as far as a brain needs it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Coroutine, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from satellite.engines import context as models
from satellite.errors import EngineClosed, EngineFailed
from servers.llm.ollama.errors import broken, explained
from servers.llm.ollama.prompt import ChatMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    import ollama

T = TypeVar("T")

CONNECT = 3.0
"""Seconds to reach Ollama, on this machine or in the house."""
ASKING = 5.0
"""Seconds for an answer that takes no work."""


_USUAL = ("127.0.0.1", 11434)
"""Where Ollama listens unless it is told otherwise."""

AHEAD = 1
"""Items that may wait for their reader."""
CLOSING = 3.0
"""Seconds for the making to end before its reader goes on without it: it hangs up a socket."""


async def may_be_there() -> bool:
    """Whether it is worth to load the client: nobody listening at the usual place is known at once.

    A place that somebody has named is always worth it.
    """
    if models.in_force().ollama or os.environ.get("OLLAMA_HOST"):
        return True
    try:
        async with asyncio.timeout(CONNECT):
            _, writer = await asyncio.open_connection(*_USUAL)
    except OSError:
        return False
    writer.close()
    return True


_SENT: ContextVar[asyncio.Event] = ContextVar("sent")
"""Set when the request that a task makes has been sent."""


async def _trace(request: httpx.Request) -> None:
    async def note(name: str, _info: Mapping[str, Any]) -> None:
        if name == "http11.send_request_body.complete" and (sent := _SENT.get(None)):
            sent.set()

    request.extensions["trace"] = note


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
        self._waiting: set[asyncio.Timeout] = set()
        self._idle = asyncio.Event()
        self._streams: set[asyncio.Task[None]] = set()
        """Answers on their way."""

    async def models(self) -> tuple[str, ...]:
        """The names of the models that it has."""
        client = await self._ready()
        with self._explained(""):
            async with asyncio.timeout(ASKING):
                listed = await self._unless_closed(client.list())
        return tuple(model.model for model in listed.models if model.model)

    async def talks(self, model: str) -> bool:
        """Whether a model answers in words; others only turn texts into numbers."""
        client = await self._ready()
        with self._explained(model):
            async with asyncio.timeout(ASKING):
                shown = await self._unless_closed(client.show(model))
        # versions of Ollama that do not tell say nothing here
        return "completion" in (shown.capabilities or ("completion",))

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
        answer: Any = await client.chat(  # asks when the first part is asked for
            model=model,
            messages=messages,
            tools=tools or None,
            options=parameters,
            keep_alive=keep_alive,
            think=think,
            stream=True,
        )
        done = False
        with self._explained(model):
            async with aclosing(self._aside(answer)) as parts:
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

    def _aside(self, answer: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        sent = asyncio.Event()

        async def parts() -> AsyncGenerator[T, None]:
            _SENT.set(sent)
            async with aclosing(answer) as parts:
                while part := await self._unless_closed(anext(parts, None)):
                    yield part

        return apart(parts(), self._streams, sent)

    async def has_blob(self, digest: str) -> bool:
        """Whether it has a file, by its `sha256:…`."""
        client = await self._ready()
        with self._explained(""):
            asking = client._client.head(f"/api/blobs/{digest}")  # noqa: SLF001
            found = await self._unless_closed(asking)
        return bool(found.status_code == 200)

    async def send_blob(self, path: str) -> None:
        """Send it a file."""
        client = await self._ready()
        with self._explained(""):
            await self._unless_closed(client.create_blob(path))

    async def create(self, model: str, **recipe: Any) -> None:
        """Make a model of another one or of files that were sent."""
        client = await self._ready()
        with self._explained(model):
            steps: Any = await client.create(model=model, stream=True, **recipe)
            async with aclosing(self._aside(steps)) as parts:
                async for _ in parts:
                    pass  # an error among them is raised

    async def close(self) -> None:
        """Hang up, in the middle of answers too. Twice is once."""
        self._closed = True
        # the library's own way to close loses connections that are being made
        while self._waiting:
            self._idle.clear()
            for wait in self._waiting:
                wait.reschedule(asyncio.get_running_loop().time())
            await self._idle.wait()
        if self._streams:
            await asyncio.wait(self._streams, timeout=CLOSING)
        if self._client is not None:
            await self._client._client.aclose()  # noqa: SLF001  older versions have no close

    async def _unless_closed(self, doing: Awaitable[T]) -> T:
        """Await something; give it up when this client is closed. Raises `EngineClosed`."""
        wait = asyncio.timeout(None)
        try:
            async with wait:
                self._waiting.add(wait)
                if self._closed:
                    wait.reschedule(0)
                return await doing
        except TimeoutError:
            if wait.expired():
                raise EngineClosed("ollama was closed") from None
            raise
        finally:
            self._waiting.discard(wait)
            if not self._waiting:
                self._idle.set()

    @contextmanager
    def _explained(self, model: str) -> Iterator[None]:
        with explained(model, self._address, self._timeout):
            yield

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
            # a connection for each request: an idle one is dead when Ollama was started anew
            limits = httpx.Limits(max_keepalive_connections=0)
            hooks = {"request": [_trace]}
            client = ollama.AsyncClient(
                host=host or None, timeout=timeout, limits=limits, event_hooks=hooks
            )
        except (ValueError, httpx.InvalidURL) as error:
            raise EngineFailed(f"host = {host}: is no address of an Ollama ({error})") from error
        self._address = str(client._client.base_url).rstrip("/")  # noqa: SLF001
        return client


class _Item(msgspec.Struct, Generic[T], frozen=True):
    value: T


class _End(msgspec.Struct, frozen=True):
    error: Exception | None = None


async def apart(
    items: AsyncGenerator[T, None], owner: set[asyncio.Task[None]], safe: asyncio.Event
) -> AsyncGenerator[T, None]:
    """Yield the items; closing this generator ends their making, once `safe` says that it can.

    HTTP libraries lose a connection that is being made when they are cancelled, or whose closing is
    cancelled; and a reader may be cancelled twice: by a client that hung up, and by the end of what
    it was a part of. `owner` holds the tasks until they are done, perhaps a moment later.
    """
    ready: asyncio.Queue[_Item[T] | _End] = asyncio.Queue(AHEAD)
    task = _owned(_make(items, ready), owner)
    task.add_done_callback(lambda _: safe.set())
    try:
        while isinstance(item := await ready.get(), _Item):
            yield item.value
        if item.error is not None:
            raise item.error
    finally:
        ending = _owned(_end(task, safe), owner)
        await asyncio.wait([ending], timeout=CLOSING)


def _owned(work: Coroutine[Any, Any, None], owner: set[asyncio.Task[None]]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(work)
    owner.add(task)
    task.add_done_callback(owner.discard)
    return task


async def _end(task: asyncio.Task[None], safe: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await safe.wait()
    task.cancel()
    await asyncio.wait([task], timeout=CLOSING)


async def _make(items: AsyncGenerator[T, None], ready: asyncio.Queue[_Item[T] | _End]) -> None:
    try:
        async with aclosing(items):
            async for item in items:
                await ready.put(_Item(item))
    except Exception as error:
        end = _End(error)  # the reader's to deal with
    else:
        end = _End()
    await ready.put(end)
