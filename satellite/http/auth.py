"""Who may use the desk, by what a request says of itself.

A web page that somebody looks at can send requests to this machine as well: browsers say which page
it was (`Origin`, RFC 6454), and under which name this machine was reached (`Host`). Without a token
only names that are surely ours count, lest a page's own name is pointed at us (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from satellite.http.token import Token


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is turned away."""

    status: int
    text: str


class Guard:
    """Looks at the headers of each request."""

    def __init__(
        self, token: Token | None, origins: Sequence[str] = (), name: str | None = None
    ) -> None:
        """`name` is what this machine is called, as the system says it where it is None."""
        self._token = token
        self._origins = {origin.rstrip("/").lower() for origin in origins}
        called = (socket.gethostname() if name is None else name).lower()
        self._names = {"localhost", called, f"{called.partition('.')[0]}.local"}

    def refuses(self, headers: Mapping[str, str]) -> Refusal | None:
        """Why, or None for who may come in. `headers` are found whatever their letters' case."""
        host = headers.get("Host", "").lower()
        if self._token is None and not self._ours(host):
            return Refusal(
                403, f"this satellite is not called {host!r:.80}: use its address, or a token"
            )
        origin = headers.get("Origin")
        if origin is not None and not self._admits(origin.lower(), host):
            return Refusal(
                403, f"pages of {origin!r:.80} may not use this satellite: http.origins names those"
            )
        if self._token is not None and not self._token.opens(headers.get("Authorization", "")):
            return Refusal(401, "show the token: Authorization: Bearer TOKEN")
        return None

    def _ours(self, host: str) -> bool:
        try:
            called = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            ipaddress.ip_address(called)
        except ValueError:
            return called in self._names
        return True

    def _admits(self, origin: str, host: str) -> bool:
        return origin in self._origins or origin in (f"http://{host}", f"https://{host}")
