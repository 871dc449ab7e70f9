"""Logging in by a code, and the browsers that are logged in: routes of the door itself."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from satellite.errors import UsageError
from satellite.http.api.route import JSON, ApiRoute, ErrorAnswer, Nothing, decoded, json_answer
from satellite.http.auth import ANYONE, Arrival, client_address, cookie_name, is_secure
from satellite.http.body import read_body
from satellite.http.browsers import IDLE, Browser, Browsers, browser_name
from satellite.http.live_requests import LiveRequests
from satellite.http.route import Route, caller
from satellite.net.pairing.errors import KeysUnusable
from satellite.net.refusals import Refusals
from satellite.text.printable import printable

_LOGGER = logging.getLogger(__name__)

PER_ADDRESS = 6
"""Tries of one address within `WINDOW`: a person mistypes once or twice."""

TOGETHER = 30
"""Tries of all addresses within `WINDOW`."""

WINDOW = 60.0
"""Seconds."""

T = TypeVar("T")

_LARGEST = 1024
"""Bytes of a request to log in."""

_WRONG = "the code is wrong, or no code is shown: run `satellite page` on that machine"


class LoginState(msgspec.Struct, frozen=True):
    """Whether the sender of this request is logged in, or needs no log-in."""

    allowed: bool
    how: str
    """`local`, `token`, `browser`, `ingress` (of Home Assistant), or `anyone`: not allowed."""
    secure: bool
    """Whether the browser has sent it by TLS, without which it has no microphone for pages."""


class CodeRequest(msgspec.Struct, frozen=True):
    """The code that `satellite page` shows; what is no digit does not count."""

    code: Annotated[str, msgspec.Meta(max_length=64)]


class LoginAnswer(msgspec.Struct, frozen=True):
    """The browser that has logged in; the answer sets its cookie."""

    id: str
    name: str


class ListedBrowser(msgspec.Struct, frozen=True):
    """A browser that is logged in; times are seconds since 1970."""

    id: str
    name: str
    address: str
    since: float
    seen: float
    this: bool
    """Whether it sends this request."""


class BrowserList(msgspec.Struct, frozen=True):
    """The browsers that are logged in."""

    browsers: tuple[ListedBrowser, ...]


class RevokeRequest(msgspec.Struct, frozen=True):
    """The browser to log out, or `all`."""

    id: str


class RevokeAnswer(msgspec.Struct, frozen=True):
    """The browsers that were logged out."""

    revoked: tuple[str, ...]


class Throttle:
    """Limits the tries to log in, by address and together."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def admits(self, address: str, now: float) -> bool:
        """Count a try at the monotonic time `now`; return whether it may be made."""
        for known in list(self._tries):
            times = self._tries[known]
            while times and now - times[0] > WINDOW:
                times.popleft()
            if not times:
                del self._tries[known]
        if sum(map(len, self._tries.values())) >= TOGETHER:
            return False
        mine = self._tries.setdefault(address, deque())
        if len(mine) >= PER_ADDRESS:
            return False
        mine.append(now)
        return True


class LogIn:
    """The routes by which browsers log in and out."""

    def __init__(self, browsers: Browsers, live: LiveRequests) -> None:
        self._browsers = browsers
        self._live = live
        self._throttle = Throttle()
        self._refusals = Refusals("HTTP")
        self._turn = asyncio.Lock()

    def routes(self) -> list[Route]:
        """Return the routes of this."""
        return [
            ApiRoute(
                "GET",
                "/api/login",
                self.state,
                public=True,
                summary="Return whether this browser is logged in",
                gives={JSON: LoginState},
            ),
            ApiRoute(
                "POST",
                "/api/login",
                self.log_in,
                public=True,
                summary="Log this browser in by a code",
                takes={JSON: CodeRequest},
                gives={JSON: LoginAnswer},
            ),
            ApiRoute(
                "POST",
                "/api/logout",
                self.log_out,
                summary="Log this browser out",
                gives={JSON: Nothing},
            ),
            ApiRoute(
                "GET",
                "/api/browsers",
                self.list,
                summary="List the browsers that are logged in",
                gives={JSON: BrowserList},
            ),
            ApiRoute(
                "POST",
                "/api/browsers/revoke",
                self.revoke,
                summary="Log a browser out",
                takes={JSON: RevokeRequest},
                gives={JSON: RevokeAnswer},
            ),
        ]

    async def state(self, request: web.Request) -> web.StreamResponse:
        how = caller().how
        secure = is_secure(request.headers, _arrival(request))
        return json_answer(LoginState(how != ANYONE, how, secure))

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        arrival = _arrival(request)
        address = client_address(request.headers, arrival)
        if not self._throttle.admits(address, asyncio.get_running_loop().time()):
            return json_answer(ErrorAnswer("too many tries: wait a minute"), 429)
        code = (await _small(request, CodeRequest)).code
        name = browser_name(request.headers.get("User-Agent", ""))
        async with self._turn:  # one thread for all of them
            made = await asyncio.to_thread(self._browsers.log_in, code, name, address)
        if made is None:
            now = asyncio.get_running_loop().time()
            self._refusals.log(now, "code", address, f"a wrong code to log in from {address}")
            return json_answer(ErrorAnswer(_WRONG), 403)
        shown = printable(f"{name} at {address}", 100)
        _LOGGER.info("HTTP: %s has logged in (%s)", shown, made.browser.id)
        answer = json_answer(LoginAnswer(made.browser.id, name))
        secure = is_secure(request.headers, arrival)
        answer.headers["Set-Cookie"] = cookie_header(self._browsers, made.cookie, secure)
        return answer

    async def log_out(self, request: web.Request) -> web.StreamResponse:
        if (mine := caller().browser) is None:
            raise UsageError("no browser that has logged in sends this")
        await self._revoke(mine.id)
        answer = json_answer(Nothing())
        secure = is_secure(request.headers, _arrival(request))
        answer.headers["Set-Cookie"] = cookie_header(self._browsers, "", secure)
        return answer

    async def list(self, request: web.Request) -> web.StreamResponse:
        known = await asyncio.to_thread(self._browsers.all)
        mine = caller().browser
        return json_answer(
            BrowserList(
                tuple(
                    ListedBrowser(
                        id=browser.id,
                        name=browser.name,
                        address=browser.address,
                        since=browser.since,
                        seen=browser.seen,
                        this=mine is not None and mine.id == browser.id,
                    )
                    for browser in known
                )
            )
        )

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        wanted = (await _small(request, RevokeRequest)).id
        gone = await self._revoke(None if wanted == "all" else wanted)
        if not gone and wanted != "all":
            raise web.HTTPNotFound(reason="no browser with this id is logged in")
        return json_answer(RevokeAnswer(tuple(browser.id for browser in gone)))

    async def _revoke(self, name: str | None) -> tuple[Browser, ...]:
        async with self._turn:
            gone = await asyncio.to_thread(self._browsers.revoke, name)
        for browser in gone:
            _LOGGER.info("HTTP: %s (%s) is logged out", printable(browser.name), browser.id)
        self._live.check()
        return gone


async def renew(browsers: Browsers, browser: Browser) -> None:
    """Note that a browser is used; a note that cannot be stored is left out."""
    try:
        await asyncio.to_thread(browsers.renew, browser)
    except KeysUnusable as error:
        _LOGGER.debug("the use of a browser was not noted: %s", error)


def cookie_header(browsers: Browsers, secret: str, secure: bool) -> str:
    """Return the header that sets the cookie of a browser, or ends it without a secret."""
    age = round(IDLE) if secret else 0
    name = cookie_name(browsers, secure)
    safe = "; Secure" if secure else ""
    return f"{name}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{safe}"


def _arrival(request: web.Request) -> Arrival:
    return Arrival(request.remote or "", secure=request.secure)


async def _small(request: web.Request, kind: type[T]) -> T:
    """Return the JSON of a request of anyone's, of which little is read."""
    size = 0

    def add(more: int) -> None:
        nonlocal size
        size += more
        if size > _LARGEST:
            raise web.HTTPRequestEntityTooLarge(_LARGEST, size)

    add(min(request.content_length or 0, _LARGEST + 1))
    size = 0
    return decoded(await read_body(request, add), kind)
