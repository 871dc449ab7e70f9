"""Ollama's HTTP API, described in its docs/api.md."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

from servers.http_api import Answer, HttpApi, Refused

PORT = 11434
"""Ollama's port; `http://` and `https://` addresses without a port mean 80 and 443."""

_BLOCK = 1 << 20
"""Bytes of a file read and sent at a time."""


def base_url(host: str) -> str:
    """Return the URL that `host` names, as Ollama's own programs read OLLAMA_HOST.

    An empty host means OLLAMA_HOST, or port 11434 of this machine. Raises `ValueError` for a text
    that is no http or https address.
    """
    host = host or os.environ.get("OLLAMA_HOST", "")
    scheme, separator, rest = host.partition("://")
    if not separator:
        scheme, rest = "http", host
    port = {"http": 80, "https": 443}[scheme] if separator and scheme in ("http", "https") else PORT
    if scheme not in ("http", "https"):
        raise ValueError(f"{scheme}:// is neither http:// nor https://")
    parts = urlsplit(f"{scheme}://{rest}")
    name = parts.hostname or "127.0.0.1"
    name = f"[{name}]" if ":" in name else name
    path = parts.path.strip("/")
    return f"{scheme}://{name}:{parts.port or port}" + (f"/{path}" if path else "")


def tagged(name: str) -> str:
    """Return a model's name with its tag, `latest` by default."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


class OllamaApi(HttpApi):
    """One Ollama server."""

    def __init__(self, host: str, timeout: float) -> None:
        """`timeout` is the longest silence in seconds. Raises `ValueError` (see `base_url`)."""
        # the key is one of ollama.com, or of a proxy
        super().__init__(base_url(host), timeout, os.environ.get("OLLAMA_API_KEY", ""))

    async def has_blob(self, digest: str) -> bool:
        """Return whether Ollama has the file with this `sha256:` digest. Raises `ApiError`."""
        try:
            await self.ask("HEAD", f"/api/blobs/{digest}", None, Answer)
        except Refused as error:
            if error.status == 404:
                return False
            raise
        return True

    async def send_blob(self, digest: str, path: Path) -> None:
        """Upload a file under its `sha256:` digest. Raises `ApiError`, `TimeoutError`."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._timeout) as limit:

            async def blocks() -> AsyncGenerator[bytes, None]:
                with path.open("rb") as file:
                    while block := await asyncio.to_thread(file.read, _BLOCK):
                        limit.reschedule(loop.time() + self._timeout)
                        yield block

            async with self._response("POST", f"/api/blobs/{digest}", blocks()):
                pass
