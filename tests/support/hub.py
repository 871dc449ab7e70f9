"""A Hugging Face of our own on localhost, that can be told to misbehave."""

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
"""Answers a request in place of the hub."""


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
        """What is known of a repository."""
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
        """The bytes of the file that is asked for."""
        repository, _, rest = unquote(urlsplit(self.path).path)[1:].partition("/resolve/")
        return self.server.hub.repositories.get(repository, {}).get(rest.partition("/")[2])

    @property
    def offset(self) -> int:
        """Where it is asked for from."""
        return int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def answer_file(self) -> None:
        """The file that is asked for, from where it is asked for."""
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
        """Send an answer; `length` is what it claims to be long, None for no claim."""
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
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Answers on threads that end with it."""

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
        """Clients may go at any time."""

    def hang_up(self) -> None:
        """End every connection, lest threads wait for the next request on one."""
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Hub:
    """What the hub holds, how it misbehaves, and what was asked of it."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.large: set[str] = {"model.bin"}
        """Files that are stored as large ones: with a SHA-256."""
        self.linked = False
        """Whether a file's answer names its SHA-256."""
        self.misdeeds: dict[str, list[Misdeed]] = {}
        """By the last part of the path: what answers the next requests for it."""
        self.forever = False
        """Whether the first misdeed of a file is its last."""
        self.requests: list[tuple[str, str]] = []
        """The path and the range of every request."""
        self.tokens: list[str] = []
        """The authorization of every request."""
        self.connections = 0
        """Connections that were made, whatever was asked on them."""
        self.sent = 0
        """Bytes of bodies."""
        self.pace: Callable[[], object] = lambda: None
        """Called before every block of 16 KiB."""
        self.endpoint = ""

    def asked(self, name: str) -> list[str]:
        """The ranges that were asked of a file, in order."""
        return [where for path, where in self.requests if path.endswith(f"/{name}")]

    def add_voice(self, name: str, files: dict[str, bytes]) -> None:
        """Publish a voice of Piper."""
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
    """A file's entry in what is known of a repository."""
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
    if large:
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
    return entry


@contextmanager
def hub_running() -> Iterator[Hub]:
    """A hub that answers inside this block, at its `endpoint`."""
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
