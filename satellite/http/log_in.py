"""Logging in by a code, and the browsers that are logged in: routes of the door itself."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from typing import Any

import msgspec
from aiohttp import web

from satellite.errors import UsageError
from satellite.http.auth import ANYONE, Arrival, client_address, cookie_name, is_secure
from satellite.http.body import read_body
from satellite.http.browsers import IDLE, Browser, Browsers, browser_name
from satellite.http.live_requests import LiveRequests
from satellite.http.request_body import read_facts
from satellite.http.route import Route, caller, json_answer
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

_LARGEST = 1024
"""Bytes of a request to log in."""

_WRONG = "the code is wrong, or no code is shown: run `satellite page` on that machine"


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
        return [
            Route("GET", "/api/login", self.state, public=True),
            Route("POST", "/api/login", self.log_in, public=True),
            Route("POST", "/api/logout", self.log_out),
            Route("GET", "/api/browsers", self.list),
            Route("POST", "/api/browsers/revoke", self.revoke),
        ]

    async def state(self, request: web.Request) -> web.StreamResponse:
        how = caller().how
        secure = is_secure(request.headers, _arrival(request))
        return json_answer({"allowed": how != ANYONE, "how": how, "secure": secure})

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        arrival = _arrival(request)
        address = client_address(request.headers, arrival)
        if not self._throttle.admits(address, asyncio.get_running_loop().time()):
            return json_answer({"error": "too many tries: wait a minute"}, 429)
        code = (await _small_facts(request)).get("code")
        if not isinstance(code, str):
            raise UsageError("code: the code that `satellite page` shows")
        name = browser_name(request.headers.get("User-Agent", ""))
        async with self._turn:  # one thread for all of them
            made = await asyncio.to_thread(self._browsers.log_in, code, name, address)
        if made is None:
            now = asyncio.get_running_loop().time()
            self._refusals.log(now, "code", address, f"a wrong code to log in from {address}")
            return json_answer({"error": _WRONG}, 403)
        shown = printable(f"{name} at {address}", 100)
        _LOGGER.info("HTTP: %s has logged in (%s)", shown, made.browser.id)
        answer = json_answer({"id": made.browser.id, "name": name})
        secure = is_secure(request.headers, arrival)
        answer.headers["Set-Cookie"] = cookie_header(self._browsers, made.cookie, secure)
        return answer

    async def log_out(self, request: web.Request) -> web.StreamResponse:
        if (mine := caller().browser) is None:
            raise UsageError("no browser that has logged in sends this")
        await self._revoke(mine.id)
        answer = json_answer({})
        secure = is_secure(request.headers, _arrival(request))
        answer.headers["Set-Cookie"] = cookie_header(self._browsers, "", secure)
        return answer

    async def list(self, request: web.Request) -> web.StreamResponse:
        browsers = await asyncio.to_thread(self._browsers.all)
        return json_answer({"browsers": [_shown(browser) for browser in browsers]})

    async def revoke(self, request: web.Request) -> web.StreamResponse:
        wanted = (await _small_facts(request)).get("id")
        if not isinstance(wanted, str):
            raise UsageError("id: that of a browser in /api/browsers, or all")
        gone = await self._revoke(None if wanted == "all" else wanted)
        if not gone and wanted != "all":
            raise web.HTTPNotFound(reason="no browser with this id is logged in")
        return json_answer({"revoked": [browser.id for browser in gone]})

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


def _shown(browser: Browser) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(browser)
    mine = caller().browser
    return {
        **{name: facts[name] for name in ("id", "name", "address", "since", "seen")},
        "this": mine is not None and mine.id == browser.id,
    }


async def _small_facts(request: web.Request) -> dict[str, Any]:
    size = 0

    def add(more: int) -> None:
        nonlocal size
        size += more
        if size > _LARGEST:
            raise web.HTTPRequestEntityTooLarge(_LARGEST, size)

    if (request.content_length or 0) > _LARGEST:
        add(request.content_length or 0)
    return await read_facts(await read_body(request, add))
