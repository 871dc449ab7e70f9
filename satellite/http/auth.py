"""Access control of the HTTP API, by the headers of each request.

A web page in a browser can send requests to this machine, too. Browsers state the page (`Origin`,
RFC 6454) and the name under which the page reached this machine (`Host`). Without a token only
names that are surely ours are accepted, so that no page can point its own name at us (DNS
rebinding).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence

import msgspec

from satellite.http.token import Token
from satellite.text.quoted import quoted

_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
"""A `Host` header: a name or an address, and a port (RFC 9112, 3.2), without a user or a path."""
_MDNS = ".local"
"""Suffix of names that any machine of the LAN may answer for (RFC 6762): none is surely ours."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is refused: an HTTP status and a message."""

    status: int
    text: str


class Guard:
    """Checks the headers of each request."""

    def __init__(
        self, token: Token | None, origins: Sequence[str] = (), name: str | None = None
    ) -> None:
        """`name` is the name of this machine, by default its host name."""
        self._token = token
        self._origins = {origin.rstrip("/").lower() for origin in origins}
        called = (socket.gethostname() if name is None else name).lower()
        self._names = {"localhost", called}
        if called.endswith(_MDNS):
            self._names.discard(called)

    def refuses(self, headers: Mapping[str, str]) -> Refusal | None:
        """Return why a request is refused, or None. `headers` must ignore the case of names."""
        host = headers.get("Host", "").lower()
        if self._token is None and not self._ours(host):
            return Refusal(
                403, f"this satellite has no name {quoted(host, 80)}: use its address, or a token"
            )
        origin = headers.get("Origin")
        if origin is not None and not self._admits(origin.lower(), host):
            return Refusal(
                403, f"pages of {quoted(origin, 80)} may not use this satellite: see http.origins"
            )
        if self._token is not None and not self._token.opens(headers.get("Authorization", "")):
            return Refusal(401, "send the token: Authorization: Bearer TOKEN")
        return None

    def _ours(self, host: str) -> bool:
        parts = _HOST.fullmatch(host)
        if parts is None:
            return False
        called = parts["address"] or parts["name"]
        try:
            ipaddress.ip_address(called)
        except ValueError:
            return parts["name"] in self._names
        return True

    def _admits(self, origin: str, host: str) -> bool:
        return origin in self._origins or origin in (f"http://{host}", f"https://{host}")
