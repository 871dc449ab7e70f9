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
from contextlib import suppress

import msgspec

from satellite.http.browsers import Browser, Browsers
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


LOCAL, TOKEN, BROWSER, INGRESS, ANYONE = "local", "token", "browser", "ingress", "anyone"
"""How a caller is known: as a program of this machine, by the token, by the cookie of a browser
that has logged in, by Home Assistant, which has logged it in, or not at all."""


class Caller(msgspec.Struct, frozen=True):
    """The sender of a request."""

    how: str
    """`LOCAL`, `TOKEN`, `BROWSER`, `INGRESS`, or `ANYONE`, which only public routes see."""
    browser: Browser | None = None
    cookie: str = ""
    """The secret of the browser."""


class Arrival(msgspec.Struct, frozen=True):
    """How a request has come, beside its headers."""

    address: str = "127.0.0.1"
    """The client's."""
    public: bool = False
    """Whether it is for a route that needs no log-in."""
    secure: bool = False
    """Whether it came by TLS, to this program itself."""
    ingress: bool = False
    """Whether it came to the port where only the Supervisor of Home Assistant connects."""


_HERE = Arrival()
_PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
"""Headers of requests that a proxy on this machine passes on for others (RFC 7239, and custom)."""
_INGRESS_PATH = re.compile(r"/api/hassio_ingress/[A-Za-z0-9_-]{1,200}/?")
"""A header `X-Ingress-Path`, which Home Assistant gives to each request of a user of its own."""


class Guard:
    """Checks the headers of each request."""

    def __init__(
        self,
        token: Token | None,
        origins: Sequence[str] = (),
        name: str | None = None,
        browsers: Browsers | None = None,
    ) -> None:
        """`name` is the name of this machine, by default its host name."""
        self._token = token
        self._browsers = browsers
        self._origins = {origin.rstrip("/").lower() for origin in origins}
        called = (socket.gethostname() if name is None else name).lower()
        self._names = {"localhost", called}
        if called.endswith(_MDNS):
            self._names.discard(called)
        self._other_names = {f"{called.partition('.')[0]}{_MDNS}"}
        """Names that are ours by convention or by configuration, and free for no caller."""
        for origin in self._origins:
            host = _HOST.fullmatch(origin.rpartition("://")[2])
            if host is not None and host["name"]:
                self._other_names.add(host["name"])

    def refuses(self, headers: Mapping[str, str], arrival: Arrival = _HERE) -> Refusal | None:
        """Return why a request is refused, or None. `headers` must ignore the case of names."""
        caller = self.judge(headers, arrival)
        return caller if isinstance(caller, Refusal) else None

    def judge(self, headers: Mapping[str, str], arrival: Arrival = _HERE) -> Caller | Refusal:
        """Return the sender of a request, or why it is refused.

        `headers` must ignore the case of names.
        """
        host = headers.get("Host", "").lower()
        if arrival.ingress:
            return self._through_ingress(headers, host)
        bearer = self.shows_token(headers)
        free = self._free(headers, arrival)
        if not bearer and not self._ours(host, free):
            if self._token is not None and not arrival.secure and not arrival.public:
                return Refusal(401, "send the token: Authorization: Bearer TOKEN")
            return Refusal(
                403, f"this satellite has no name {quoted(host, 80)}: use its address, or a token"
            )
        if foreign := self._foreign_page(headers, host):
            return Refusal(
                403, f"pages of {quoted(foreign, 80)} may not use this satellite: see http.origins"
            )
        if bearer:
            return Caller(TOKEN)
        if (browser := self._browser(headers, arrival)) is not None:
            return browser
        if free:
            return Caller(LOCAL)
        if arrival.public:
            return Caller(ANYONE)
        return Refusal(
            401, "log in (see `satellite page`), or send the token: Authorization: Bearer TOKEN"
        )

    def _through_ingress(self, headers: Mapping[str, str], host: str) -> Caller | Refusal:
        """Judge a request that the Supervisor sends, for a user whom Home Assistant has logged in.

        Its `Host` is Home Assistant's, under whatever name the user has opened that.
        """
        if _INGRESS_PATH.fullmatch(headers.get("X-Ingress-Path", "")) is None:
            return Refusal(403, "this port is for users of Home Assistant: no X-Ingress-Path")
        if foreign := self._foreign_page(headers, host, headers.get("X-Forwarded-Host", "")):
            return Refusal(403, f"pages of {quoted(foreign, 80)} may not use this satellite")
        return Caller(INGRESS)

    def shows_token(self, headers: Mapping[str, str]) -> bool:
        """Return whether a request shows the token."""
        return self._token is not None and self._token.opens(headers.get("Authorization", ""))

    def still_valid(self, caller: Caller) -> bool:
        """Return whether a browser is logged in still."""
        return self._browsers is not None and self._browsers.find(caller.cookie) is not None

    def _free(self, headers: Mapping[str, str], arrival: Arrival) -> bool:
        """Return whether a request is of a program of this machine, which needs no log-in."""
        local = is_here(arrival.address) and not arrival.secure
        return self._token is None and local and not _proxied(headers)

    def _browser(self, headers: Mapping[str, str], arrival: Arrival) -> Caller | None:
        """Return the browser that sends a request, if it shows a valid cookie."""
        secure = is_secure(headers, arrival)
        if self._browsers is None or not (secure or is_here(arrival.address)):
            return None
        name = cookie_name(self._browsers, secure)
        for part in headers.get("Cookie", "").split(";"):
            key, _, secret = part.strip().partition("=")
            if name and key == name and (found := self._browsers.find(secret)) is not None:
                return Caller(BROWSER, found, secret)
        return None

    def _ours(self, host: str, free: bool) -> bool:
        """Return whether a `Host` is ours: surely, where a request would be free."""
        parts = _HOST.fullmatch(host)
        if parts is None:
            return False
        called = parts["address"] or parts["name"]
        try:
            ipaddress.ip_address(called)
        except ValueError:
            names = self._names if free else self._names | self._other_names
            return parts["name"] in names
        return True

    def _foreign_page(self, headers: Mapping[str, str], *hosts: str) -> str:
        """Return the page that sends a request, if it may not; empty otherwise.

        `hosts` are the names under which the browser has asked.
        """
        origin = headers.get("Origin")
        if origin is not None:
            ours = (f"{scheme}://{host.lower()}" for scheme in ("http", "https") for host in hosts)
            known = {*self._origins, *ours}
            return "" if origin.lower() in known else origin or "no origin"
        # images, scripts and the like have no Origin; a link to us is followed
        site, mode = headers.get("Sec-Fetch-Site", ""), headers.get("Sec-Fetch-Mode", "")
        foreign = site in ("cross-site", "same-site") and mode != "navigate"
        return "another site" if foreign and not self._origins else ""


def is_secure(headers: Mapping[str, str], arrival: Arrival) -> bool:
    """Return whether the browser has sent a request by TLS, to us or to a proxy that we trust."""
    forwarded = headers.get("X-Forwarded-Proto", "").lower() == "https"
    return arrival.secure or (forwarded and (arrival.ingress or is_here(arrival.address)))


def named_host(headers: Mapping[str, str]) -> str:
    """Return the name or address of a `Host`, without its port; empty if it has another form."""
    parts = _HOST.fullmatch(headers.get("Host", "").lower())
    if parts is None:
        return ""
    return parts["name"] or f"[{parts['address']}]"


def client_address(headers: Mapping[str, str], arrival: Arrival) -> str:
    """Return the address of the client, or of the client of a proxy on this machine."""
    if is_here(arrival.address):
        last = headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        with suppress(ValueError):
            return str(ipaddress.ip_address(last))
    return arrival.address


def cookie_name(browsers: Browsers, secure: bool) -> str:
    """Return the name of a browser's cookie; empty if no browser can have one.

    With its prefix, browsers accept it by TLS only, and from no other name (RFC 6265bis, 4.1.3).
    """
    return f"__Host-{browsers.cookie}" if secure and browsers.cookie else browsers.cookie


def _proxied(headers: Mapping[str, str]) -> bool:
    return any(name in headers for name in _PROXIED)
