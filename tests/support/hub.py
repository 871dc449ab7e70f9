"""A fake Hugging Face hub on localhost that can be made to misbehave."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BLOCK = 16 << 10

Misdeed = Callable[["Request"], None]
"""A faulty answer in place of the hub's."""


class Request(BaseHTTPRequestHandler):
    """One request to the hub."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        hub = self.server.hub
        path = unquote(urlsplit(self.path).path)
        hub.requests.append((path, self.headers.get("range", "")))
        hub.tokens.append(self.headers.get("authorization", ""))
        name = path.rpartition("/")[2]
        misdeeds = hub.misdeeds.get(name, [])
        if misdeeds:
            misdeed = misdeeds[0] if hub.forever else misdeeds.pop(0)
            misdeed(self)
        elif path.startswith("/api/models/"):
            self.answer_model(path.removeprefix("/api/models/"))
        else:
            self.answer_file()

    def answer_model(self, repository: str) -> None:
        """Answer with the metadata of a repository."""
        hub = self.server.hub
        files = hub.repositories.get(repository)
        if files is None:
            self.reply(401, b'{"error":"Repository not found"}', {"x-error-code": "RepoNotFound"})
            return
        siblings = [sibling(name, content, name in hub.large) for name, content in files.items()]
        info = {"id": repository, "modelId": repository, "sha": COMMIT, "siblings": siblings}
        self.reply(200, json.dumps(info).encode(), {"content-type": "application/json"})

    @property
    def content(self) -> bytes | None:
        """The bytes of the requested file."""
        repository, _, rest = unquote(urlsplit(self.path).path)[1:].partition("/resolve/")
        return self.server.hub.repositories.get(repository, {}).get(rest.partition("/")[2])

    @property
    def offset(self) -> int:
        """The requested offset."""
        return int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def answer_file(self) -> None:
        """Answer with the requested file from the requested offset."""
        content = self.content
        if content is None:
            self.reply(404, b"Entry not found")
            return
        headers = {"content-type": "application/octet-stream", "x-repo-commit": COMMIT}
        if self.server.hub.linked:
            headers["x-linked-etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
        offset = self.offset
        if offset and offset >= len(content):
            self.reply(416, b"", {"content-range": f"bytes */{len(content)}"})
        elif offset:
            headers["content-range"] = f"bytes {offset}-{len(content) - 1}/{len(content)}"
            self.reply(206, content[offset:], headers)
        else:
            self.reply(200, content, headers)

    def reply(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        length: int | None = -1,
    ) -> None:
        """Send an answer; `length` is its Content-Length, None for no header."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("content-length", str(len(body) if length < 0 else length))
        self.end_headers()
        try:
            for start in range(0, len(body), BLOCK):
                self.server.hub.pace()
                self.wfile.write(body[start : start + BLOCK])
                self.server.hub.sent += len(body[start : start + BLOCK])
        except OSError:
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Suppress the request log."""


class Server(ThreadingHTTPServer):
    """Answers on threads that end with the server."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, hub: Hub) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.hub = hub
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.hub.connections += 1
        self._connections.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors of clients that disconnect at any time."""

    def hang_up(self) -> None:
        """Close every connection, so that no thread waits for another request."""
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Hub:
    """The hub's content, its faults, and a record of its requests."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.large: set[str] = {"model.bin"}
        """Names of files stored as large files, with a SHA-256."""
        self.linked = False
        """Whether the answer for a file names its SHA-256."""
        self.misdeeds: dict[str, list[Misdeed]] = {}
        """Faulty answers to the next requests, by the last part of the path."""
        self.forever = False
        """Whether each file misbehaves only once."""
        self.requests: list[tuple[str, str]] = []
        """The path and the range of every request."""
        self.tokens: list[str] = []
        """The authorization of every request."""
        self.connections = 0
        """Number of connections."""
        self.sent = 0
        """Bytes sent in bodies."""
        self.pace: Callable[[], object] = lambda: None
        """Called before every block of 16 KiB."""
        self.endpoint = ""

    def asked(self, name: str) -> list[str]:
        """Return the requested ranges of a file, in order."""
        return [where for path, where in self.requests if path.endswith(f"/{name}")]

    def add_voice(self, name: str, files: dict[str, bytes]) -> None:
        """Publish a Piper voice."""
        voices = self.repositories.setdefault("rhasspy/piper-voices", {"voices.json": b"{}"})
        folder = f"xx/{name.replace('-', '/')}"
        listed = json.loads(voices["voices.json"])
        listed[name] = {
            "key": name,
            "files": {
                f"{folder}/{file}": {
                    "size_bytes": len(content),
                    "md5_digest": hashlib.md5(content).hexdigest(),
                }
                for file, content in files.items()
            },
        }
        voices["voices.json"] = json.dumps(listed).encode()
        voices.update({f"{folder}/{file}": content for file, content in files.items()})


def sibling(name: str, content: bytes, large: bool) -> dict[str, Any]:
    """Return a file's entry in the metadata of a repository."""
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
    if large:
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
    return entry


@contextmanager
def hub_running() -> Iterator[Hub]:
    """Run a hub inside this block, at its `endpoint`."""
    hub = Hub()
    server = Server(hub)
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join()
