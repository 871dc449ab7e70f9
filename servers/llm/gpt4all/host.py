"""A model of GPT4All inside this process: loading it, and one answer at a time."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from satellite.errors import EngineClosed, EngineFailed
from satellite.lib.platform.processes import lower_priority
from satellite.lib.stderr import captured_stderr
from satellite.text.reason_of import reason_of
from servers.llm.gpt4all import templates
from servers.llm.gpt4all.options import Gpt4AllOptions
from servers.llm.gpt4all.templates import Form

_LOGGER = logging.getLogger(__name__)

THREADS = 8
"""Most threads that are chosen by themselves, as for llama.cpp."""

ENDING = 30.0
"""Seconds to wait at `close` for an answer on its way: a long prompt ends at its first token."""

_CUDA = "llamamodel-mainline-cuda"
"""In the two lines about missing CUDA libraries, which every machine without them gets."""

_FAILED = -1
"""The token of a text that is an error."""

Messages = Sequence[dict[str, Any]]


class Host:
    """One model in memory, with the conversation that it has computed."""

    def __init__(self, options: Gpt4AllOptions, template: str, cores: int, nice: int) -> None:
        """`template`: the catalogue's, empty for a file from elsewhere."""
        self._options = options
        self._template = options.prompt_template or template
        self._cores = cores
        self._nice = nice
        self._model: Any = None
        self._form: Form = templates.PLAIN
        self._session: ExitStack | None = None
        self._computed: list[tuple[str, str]] = []
        """Role and text of each message that the session has."""
        self._turn = asyncio.Lock()
        self._stopping = threading.Event()
        self._closed = False

    def load(self, path: Path) -> None:
        """Load a GGUF file, on a thread. Blocks for seconds. Raises `EngineFailed`."""
        lower_priority(self._nice)  # inherited by the library's own threads
        self._form = templates.form_of(self._template, path)
        options, written = self._options, bytearray()
        try:
            with captured_stderr() as written:
                from gpt4all import GPT4All  # also writes lines about CUDA

                model = GPT4All(
                    path.name,
                    model_path=path.parent,
                    allow_download=False,  # it would ask its catalogue at every start
                    device=options.device or None,
                    n_ctx=options.n_ctx,
                    ngl=options.ngl,
                )
                # fails for a model that was not loaded, which the package does not report
                model.model.set_thread_count(options.n_threads or min(self._cores, THREADS))
        except Exception as error:  # the package raises plain ones, too
            reason = next(iter(_without_cuda(written)), "") or reason_of(error)
            raise EngineFailed(
                f"GPT4All cannot load {path}: {reason}; if this model is newer than GPT4All "
                f"(2024), use llamacpp, as in --llm llamacpp:{path}"
            ) from error
        if lines := _without_cuda(written):  # other threads write there, too
            os.write(2, "".join(f"{line}\n" for line in lines).encode())
        self._model = model

    async def answer(self, messages: Messages, longest: int | None) -> AsyncGenerator[str, None]:
        """Yield the answer to the newest message; closing the generator stops it.

        Waits while another answer is on its way. Raises `EngineFailed`, `EngineClosed`.
        """
        await self._turn.acquire()
        pieces: asyncio.Queue[str | BaseException | None] = asyncio.Queue()
        stopped = threading.Event()
        try:
            self._start(messages, longest, pieces, stopped)
        except BaseException:
            self._turn.release()
            raise
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise EngineFailed(f"GPT4All: {reason_of(piece)}") from piece
                yield piece
            if self._closed:
                raise EngineClosed("gpt4all was closed")
        finally:
            stopped.set()

    def _start(
        self,
        messages: Messages,
        longest: int | None,
        pieces: asyncio.Queue[str | BaseException | None],
        stopped: threading.Event,
    ) -> None:
        """Answer on a thread, which holds the turn until its end.

        The reader may leave before: the model takes one call at a time, and must not be freed
        during one.
        """
        if self._closed or self._model is None:
            raise EngineClosed("gpt4all was closed")
        loop = asyncio.get_running_loop()

        def put(piece: str | BaseException) -> bool:
            try:
                loop.call_soon_threadsafe(pieces.put_nowait, piece)
            except RuntimeError:  # the loop has ended, and its reader with it
                return False
            return not stopped.is_set() and not self._stopping.is_set()

        def end() -> None:
            pieces.put_nowait(None)
            self._turn.release()

        def run() -> None:
            lower_priority(self._nice)
            try:
                self._generate(messages, longest, put)
            except BaseException as error:  # delivered to the reader, whatever it is
                put(error)
            try:
                loop.call_soon_threadsafe(end)
            except RuntimeError:
                _LOGGER.debug("an answer ended after the event loop")

        # not an executor's thread: the interpreter would wait at its end for a long prompt
        threading.Thread(target=run, name="gpt4all", daemon=True).start()

    async def close(self) -> None:
        """Stop the answer and free the model. Idempotent."""
        self._closed = True
        self._stopping.set()
        try:
            async with asyncio.timeout(ENDING), self._turn:
                model, self._model = self._model, None
        except TimeoutError:
            _LOGGER.warning("gpt4all: an answer did not stop within %g s", ENDING)
            return
        if model is not None:
            await asyncio.to_thread(model.close)

    def _generate(self, messages: Messages, longest: int | None, put: Any) -> None:
        """Compute what the session does not have yet, and write the answer; on a thread."""
        *earlier, newest = messages
        text = templates.plain(newest["content"])
        if self._session is None or self._computed != _facts(earlier):
            self._begin(earlier)
            text = templates.unsaid_system(self._form, earlier) + text
        self._computed.append(("user", _without_facts(newest["content"])))
        parameters = self._options.parameters()
        if longest is not None:
            parameters["max_tokens"] = longest
        answer: list[str] = []

        def take(token: int, piece: str) -> bool:
            if token == _FAILED:
                put(EngineFailed(piece))
                return False
            answer.append(piece)
            return bool(put(piece))

        self._model.generate(text, callback=take, **parameters)
        self._computed.append(("assistant", "".join(answer).strip()))

    def _begin(self, earlier: Messages) -> None:
        """Begin a session with a conversation that another one may have had."""
        if self._session is not None:
            self._session.close()
        self._session = ExitStack()
        system = templates.beginning(self._form, earlier)
        request = templates.session_template(self._form)
        self._session.enter_context(self._model.chat_session(system, request))
        self._computed = _facts(earlier)


def _facts(messages: Messages) -> list[tuple[str, str]]:
    return [(m["role"], _without_facts(m["content"]).strip()) for m in messages]


def _without_facts(content: str) -> str:
    """Return a request without the facts in brackets: an earlier one may come with or without."""
    return content.rpartition("\n[")[0] or content


def _without_cuda(written: bytearray) -> list[str]:
    """Return the lines on standard error other than those about CUDA."""
    lines = written.decode("utf-8", "replace").splitlines()
    return [line for line in lines if line.strip() and _CUDA not in line]
