"""Access control of the HTTP door, by the headers of each request.

A web page in a browser can send requests to this machine, too. Browsers state the page (`Origin`,
RFC 6454), its relation to us (`Sec-Fetch-Site`, Fetch Metadata), and the name under which the page
reached this machine (`Host`). Only names that are surely ours are accepted without the token, so
that no page can point its own name at us (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping, Sequence

import msgspec

from satellite.http.token import Token, is_here
from satellite.text.quoted import quoted

_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(?::[0-9]{1,5})?")
"""A `Host` header: a name or an address, and a port (RFC 9112, 3.2), without a user or a path."""
_MDNS = ".local"
"""Suffix of names that any machine of the LAN may answer for (RFC 6762): none is surely ours."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is refused: an HTTP status and a message."""

    status: int
    text: str


LOCAL, TOKEN, ANYONE = "local", "token", "anyone"
"""How a caller is known: as a program of this machine, by the token, or not at all."""


class Caller(msgspec.Struct, frozen=True):
    """The sender of a request."""

    how: str
    """`LOCAL`, `TOKEN`, or `ANYONE`, which only public routes see."""


class Arrival(msgspec.Struct, frozen=True):
    """How a request has come, beside its headers."""

    address: str = "127.0.0.1"
    """The client's."""
    public: bool = False
    """Whether it is for a route that needs no log-in."""


_HERE = Arrival()
_PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
"""Headers of requests that a proxy on this machine passes on for others (RFC 7239, and custom)."""


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

    def refuses(self, headers: Mapping[str, str], arrival: Arrival = _HERE) -> Refusal | None:
        """Return why a request is refused, or None. `headers` must ignore the case of names."""
        caller = self.judge(headers, arrival)
        return caller if isinstance(caller, Refusal) else None

    def judge(self, headers: Mapping[str, str], arrival: Arrival = _HERE) -> Caller | Refusal:
        """Return who sends a request, or why it is refused.

        `headers` must ignore the case of names.
        """
        host = headers.get("Host", "").lower()
        if self._token is None and not self._ours(host):
            return Refusal(
                403, f"this satellite has no name {quoted(host, 80)}: use its address, or a token"
            )
        if foreign := self._foreign_page(headers, host):
            return Refusal(
                403, f"pages of {quoted(foreign, 80)} may not use this satellite: see http.origins"
            )
        if self._token is not None and self._token.opens(headers.get("Authorization", "")):
            return Caller(TOKEN)
        if self._token is None and is_here(arrival.address) and not _proxied(headers):
            return Caller(LOCAL)
        if arrival.public:
            return Caller(ANYONE)
        return Refusal(401, "send the token: Authorization: Bearer TOKEN")

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

    def _foreign_page(self, headers: Mapping[str, str], host: str) -> str:
        """Return the page that sends a request, if it may not; empty otherwise."""
        origin = headers.get("Origin")
        if origin is not None:
            known = {*self._origins, f"http://{host}", f"https://{host}"}
            return "" if origin.lower() in known else origin or "no origin"
        # images, scripts and the like have no Origin; a link to us is followed
        site, mode = headers.get("Sec-Fetch-Site", ""), headers.get("Sec-Fetch-Mode", "")
        foreign = site in ("cross-site", "same-site") and mode != "navigate"
        return "another site" if foreign and not self._origins else ""


def _proxied(headers: Mapping[str, str]) -> bool:
    return any(name in headers for name in _PROXIED)
