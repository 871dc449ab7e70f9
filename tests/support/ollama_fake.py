"""Ollama's wire, as it was recorded of version 0.17.4, for what a tiny model does not do at will:
thinking, broken streams, missing models, too little memory.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

Line = dict[str, Any]


class Script(msgspec.Struct, frozen=True):
    """The answer to a chat request."""

    lines: tuple[Line, ...] = ()
    status: int = 200
    end: str = "whole"
    """`whole`, `broken` in the middle of a line, `short` without the last line, or `hang`."""


def _line(model: str, message: Line, **more: Any) -> Line:
    created = "2026-11-20T11:20:41.839862730Z"
    return {"model": model, "created_at": created, "message": message, "done": False, **more}


def words(
    *pieces: str, thinking: Sequence[str] = (), tokens: int = 168, model: str = "m"
) -> Script:
    """Return an answer in words, after reasoning in its own field."""
    thought = (
        _line(model, {"role": "assistant", "content": "", "thinking": text}) for text in thinking
    )
    said = (_line(model, {"role": "assistant", "content": text}) for text in pieces)
    return Script((*thought, *said, _last(model, tokens)))


def calls(*wanted: tuple[str, Any], before: str = "", model: str = "m") -> Script:
    """Return an answer that calls tools."""
    asked = [
        {"id": f"call_{index}", "function": {"index": index, "name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(wanted)
    ]
    said = [_line(model, {"role": "assistant", "content": before})] if before else []
    called = _line(model, {"role": "assistant", "content": "", "tool_calls": asked})
    return Script((*said, called, _last(model, 168)))


def failure(status: int, text: str) -> Script:
    """Return a refusal."""
    return Script(({"error": text},), status=status)


def cut(script: Script, how: str) -> Script:
    """Return an answer with a faulty end."""
    return msgspec.structs.replace(script, lines=script.lines[:-1], end=how)


def erring(script: Script, text: str) -> Script:
    """Return an answer with an error in the middle."""
    return msgspec.structs.replace(script, lines=(*script.lines[:-1], {"error": text}))


def _last(model: str, tokens: int) -> Line:
    return _line(
        model,
        {"role": "assistant", "content": ""},
        done=True,
        done_reason="stop",
        total_duration=887435242,
        load_duration=296602394,
        prompt_eval_count=tokens,
        prompt_eval_duration=285379766,
        eval_count=2,
        eval_duration=303726396,
    )


class FakeOllama:
    """Answers chats by its scripts in order, and then repeats the last one."""

    def __init__(self, *scripts: Script, models: Sequence[str] = ("m:latest",)) -> None:
        self.scripts = list(scripts) or [words("Well.")]
        self.models = list(models)
        self.asked: list[Line] = []
        """Bodies of the chats, without warm-ups."""
        self.warmed: list[Line] = []
        """Bodies of the warm-ups."""
        self.warm_up = words(tokens=0)
        """The answer to warm-ups, without statistics on lengths."""
        self.loaded: list[Line] = []
        """Bodies of the requests to load a model."""
        self.card: Line = {"capabilities": ["completion"], "template": "{{ .Prompt }}"}
        """The answer to `/api/show`."""
        self.created: list[Line] = []
        self.blobs: dict[str, bytes] = {}
        self.hung_up = 0
        """Number of clients that disconnected during an answer."""
        self.host = ""
        self.connections: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def open(self, port: int) -> None:
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", port)
        self.host = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        await asyncio.sleep(0.02)  # asyncio loses connections that it accepts while closing
        self._server.close()
        left = list(self.connections)
        for writer in self.connections.values():
            writer.transport.abort()
        await asyncio.gather(*left)
        await asyncio.sleep(0.001)  # transports close one step after their connections

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections[task] = writer
        try:
            while line := await reader.readline():
                method, path, _ = line.decode().split(" ", 2)
                body = await _body(reader)
                try:
                    if await self._answer(method, path, body, writer):
                        self.hung_up += not await reader.read(1)
                except (ConnectionResetError, BrokenPipeError):
                    self.hung_up += 1  # before it had read what was sent
                    raise
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # intended by the script or the client
        finally:
            writer.transport.abort()
            del self.connections[task]

    async def _answer(
        self, method: str, path: str, body: bytes, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer a request; return whether the answer is left open."""
        if path == "/api/tags":
            listed = [{"model": name, "name": name, "size": 1} for name in self.models]
            await _send(writer, Script(({"models": listed},)))
        elif path == "/api/show":
            await _send(writer, Script(({**self.card, "model_info": {}},)))
        elif path == "/api/generate":
            self.loaded.append(json.loads(body))
            await _send(writer, Script(({"model": "m", "done": True, "done_reason": "load"},)))
        elif path.startswith("/api/blobs/"):
            digest = path.rpartition("/")[2]
            if method == "POST":
                self.blobs[digest] = body
            status = 200 if digest in self.blobs else 404
            await _send(writer, Script(status=status), bare=method == "HEAD")
        elif path == "/api/create":
            self.created.append(json.loads(body))
            self.models.append(self.created[-1]["model"])
            await _send(writer, Script(({"status": "success"},)))
        else:
            return await self._chat(json.loads(body), writer)
        return False

    async def _chat(self, asked: Line, writer: asyncio.StreamWriter) -> bool:
        if asked["options"].get("num_predict") == 1:
            self.warmed.append(asked)
            await _send(writer, self.warm_up)
            return self.warm_up.end == "hang"
        number = len(self.asked)
        self.asked.append(asked)
        script = self.scripts[min(number, len(self.scripts) - 1)]
        await _send(writer, script)
        return script.end == "hang"


@asynccontextmanager
async def fake_ollama(
    *scripts: Script, port: int = 0, **keywords: Any
) -> AsyncIterator[FakeOllama]:
    """Run a fake on its own port and thread, so that its tasks are not the engine's."""
    fake = FakeOllama(*scripts, **keywords)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake ollama")
    thread.start()
    try:
        opening = asyncio.run_coroutine_threadsafe(fake.open(port), loop)
        await asyncio.wrap_future(opening)
        yield fake
    finally:
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(fake.close(), loop))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _body(reader: asyncio.StreamReader) -> bytes:
    headers: dict[str, str] = {}
    while (line := (await reader.readline()).strip()) != b"":
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int((await reader.readline()).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
        return body
    return await reader.readexactly(int(headers.get("content-length", 0)))


async def _send(writer: asyncio.StreamWriter, script: Script, *, bare: bool = False) -> None:
    kind = "application/x-ndjson" if script.status == 200 else "application/json"
    head = f"HTTP/1.1 {script.status} X\r\nContent-Type: {kind}\r\n"
    if bare:
        writer.write(f"{head}Content-Length: 0\r\n\r\n".encode())
        await writer.drain()
        return
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    for line in script.lines:
        data = json.dumps(line).encode() + b"\n"
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await writer.drain()
        await asyncio.sleep(0)
    if script.end == "hang":
        return
    if script.end == "broken":
        writer.write(b'40\r\n{"model":"m","message":{"ro')
        await writer.drain()
        raise ConnectionAbortedError
    writer.write(b"0\r\n\r\n")
    await writer.drain()
