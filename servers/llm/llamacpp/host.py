"""llama.cpp inside this process, by the package xllamacpp: loading, and answers in parallel.

The package runs llama.cpp's server with its scheduler, which batches conversations and computes
again only what differs from an earlier prompt. It also listens on a port of the loopback interface,
whether wanted or not: a random key, which nothing stores, refuses every request there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from satellite.errors import EngineClosed, EngineFailed
from satellite.lib.platform.processes import lower_priority
from satellite.text.reason_of import reason_of
from servers.llm.chat.openai_format import Chunk
from servers.llm.llamacpp.options import LlamaCppOptions

_LOGGER = logging.getLogger(__name__)

THREADS = 8
"""Most threads that are chosen by themselves: memory, not the cores, limits a model beyond."""

BATCH = 256
"""Tokens of a prompt that are computed before a request can end. With the package's 2048, an
abandoned prompt of 1081 tokens was computed whole (33 s on a busy machine); with 256, a quarter."""

CACHED_PROMPTS = 256
"""MiB of main memory for the computed prompts of conversations that are not in a slot any more; the
package's default is 8 GB."""

ENDING = 30.0
"""Seconds to wait at `close` for answers on their way."""

UNWINDING = 2.0
"""Seconds to wait at `close` for a thread whose answer has ended."""

_END = None


class _Answering:
    """One request on a thread: what it wrote so far, and whether it has to stop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.chunks: asyncio.Queue[Any] = asyncio.Queue()
        """Bounded by the longest answer: a chunk has one token."""
        self.stopped = threading.Event()

    def put(self, chunk: Any) -> bool:
        """Take a chunk, on the thread; return whether the answer has to end.

        The reader does not get the progress of the prompt, which comes after each of its batches.
        """
        if isinstance(chunk, dict) and chunk.get("prompt_progress"):
            return self.stopped.is_set()
        try:
            self._loop.call_soon_threadsafe(self.chunks.put_nowait, chunk)
        except RuntimeError:  # the loop has ended, and its reader with it
            return True
        return self.stopped.is_set()


class Host:
    """One model in memory."""

    def __init__(self, options: LlamaCppOptions, cores: int, nice: int) -> None:
        """`nice`: see `lower_priority`."""
        self._options = options
        self._cores = cores
        self._nice = nice
        self._server: Any = None
        self._places = asyncio.Semaphore(options.parallel)
        self._answering: set[_Answering] = set()
        self._threads: list[threading.Thread] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def load(self, path: Path) -> None:
        """Load a GGUF file, on a thread. Blocks for seconds. Raises `EngineFailed`."""
        lower_priority(self._nice)  # inherited by the library's own threads
        xllamacpp = _imported()
        try:
            self._server = xllamacpp.Server(self._parameters(xllamacpp, path))
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineFailed(
                f"llama.cpp cannot load {path}: {reason_of(error)}; check the file (satellite "
                "models verify), or take a smaller model"
            ) from error

    @property
    def address(self) -> str:
        """The URL of the port that the library has opened; it refuses every request."""
        return str(self._server.listening_address)

    async def stream(self, body: Mapping[str, Any]) -> AsyncGenerator[Chunk, None]:
        """Yield the chunks of an answer; closing the generator stops it at the next token, or
        after the next `BATCH` tokens of the prompt.

        Waits while `parallel` answers are on their way. Raises `EngineFailed`, `EngineClosed`.
        """
        await self._places.acquire()
        answering = _Answering(asyncio.get_running_loop())
        try:
            self._start(answering, {**body, "return_progress": True})
        except BaseException:
            self._places.release()
            raise
        try:
            while (chunk := await answering.chunks.get()) is not _END:
                yield _decoded(chunk)
            if self._closed:
                raise EngineClosed("llamacpp was closed")
        finally:
            answering.stopped.set()

    async def close(self) -> None:
        """Stop every answer and free the model. Idempotent."""
        self._closed = True
        for answering in self._answering:
            answering.stopped.set()
        try:
            async with asyncio.timeout(ENDING):
                await self._idle.wait()
        except TimeoutError:
            _LOGGER.warning("llamacpp: an answer did not stop within %g s", ENDING)
        await asyncio.to_thread(self._free)

    def _free(self) -> None:
        for thread in self._threads:  # each holds the server until its end
            thread.join(UNWINDING)
        self._threads.clear()
        self._server = None  # its destructor waits for the library's threads

    def _start(self, answering: _Answering, body: dict[str, Any]) -> None:
        if self._closed or self._server is None:
            raise EngineClosed("llamacpp was closed")
        server, loop = self._server, asyncio.get_running_loop()
        self._answering.add(answering)
        self._idle.clear()

        def run() -> None:
            lower_priority(self._nice)
            try:
                whole = server.handle_chat_completions(body, answering.put)
                if isinstance(whole, dict) and whole.get("error"):
                    answering.put(whole)
            except BaseException as error:  # delivered to the reader, whatever it is
                answering.put(error)
            try:
                loop.call_soon_threadsafe(self._ended, answering)
            except RuntimeError:  # the loop has ended
                _LOGGER.debug("an answer ended after the event loop")

        # not an executor's thread: the interpreter would wait at its end for a long prompt
        thread = threading.Thread(target=run, name="llamacpp", daemon=True)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def _ended(self, answering: _Answering) -> None:
        self._answering.discard(answering)
        if not self._answering:
            self._idle.set()
        self._places.release()
        answering.chunks.put_nowait(_END)

    def _parameters(self, xllamacpp: Any, path: Path) -> Any:
        options = self._options
        threads = options.threads or min(self._cores, THREADS)
        chosen = xllamacpp.CommonParams()
        chosen.model.path = str(path)
        chosen.n_ctx = options.ctx_size * options.parallel
        chosen.n_parallel = options.parallel
        chosen.n_batch = BATCH
        chosen.n_gpu_layers = options.n_gpu_layers
        chosen.cpuparams.n_threads = threads
        chosen.cpuparams_batch.n_threads = threads
        chosen.cache_ram_mib = CACHED_PROMPTS
        chosen.api_keys = [secrets.token_urlsafe(32)]
        chosen.ui = False
        chosen.endpoint_slots = False
        chosen.endpoint_metrics = False
        chosen.endpoint_props = False
        chosen.verbosity = -1
        return chosen


def _imported() -> Any:
    """Import the package so that its threads sleep while they wait for each other.

    By default they spin, and on a machine with other work each waits for one that has no core: with
    SmolLM2 135M on 2 cores and a load of 8, 1.0 to 2.7 tokens/s instead of 48 to 56.
    """
    with _environment("OMP_WAIT_POLICY", "PASSIVE"):
        import xllamacpp
    return xllamacpp


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable that a library reads when it is loaded, unless the user has set it."""
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def _decoded(chunk: Any) -> Chunk:
    """Return a chunk as a struct. Raises `EngineFailed` for an error in its place."""
    if isinstance(chunk, BaseException):
        raise EngineFailed(f"llama.cpp: {reason_of(chunk)}") from chunk
    try:
        found = msgspec.convert(chunk, Chunk)
    except msgspec.ValidationError as error:
        raise EngineFailed(f"llama.cpp: an answer of another form: {error}") from error
    if found.error:
        message = found.error.get("message") if isinstance(found.error, dict) else found.error
        raise EngineFailed(f"llama.cpp: {str(message)[:300]}")
    return found
