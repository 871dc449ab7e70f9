"""The applications of the HTTP server: routes behind a guard, and pages for probes."""

from __future__ import annotations

import asyncio
import html
import logging
import time
import traceback
from collections.abc import Sequence
from functools import partial

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from satellite.errors import EngineBusy, ModelMissing, SatelliteError, UsageError
from satellite.http.api.openapi import with_description
from satellite.http.auth import Arrival, Guard, Refusal, is_secure, named_host
from satellite.http.body import LARGEST, PATIENCE
from satellite.http.browsers import RENEW, Browsers
from satellite.http.live_requests import LiveRequests
from satellite.http.log_in import cookie_header, renew
from satellite.http.pages import MakePage, Page, Pages
from satellite.http.route import CALLER, Handler, Refuse, Route, json_answer
from satellite.http.token import is_here
from satellite.net.refusals import Refusals

_LOGGER = logging.getLogger(__name__)

KEEP = 30.0
"""Seconds for which a connection without a request stays open."""

LINGER = 0.5
"""Seconds in which the rest of a request that was refused is read and dropped: a client that still
sends would miss the answer otherwise, and one that sends without end must not cost more."""

_USE_HTTPS = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Satellite: use HTTPS</title>
<p>Open <a href="{address}">{address}</a> instead: browsers give pages the microphone over HTTPS
only.
<p>The browser will warn that it does not know the certificate. Compare its SHA-256 fingerprint with
the one that <code>satellite page</code> shows, and go on if they are equal.
"""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer, unless its handler has set others: no page shows or reads ours."""

_CSP, _ALONE, _FRAMED = (
    "Content-Security-Policy",
    "frame-ancestors 'none'",
    "frame-ancestors 'self'",
)
"""The header that says who may frame the page, without and with Home Assistant, whose origin ours
is in its ingress."""


class Https(msgspec.Struct, frozen=True):
    """What an application knows of HTTPS."""

    port: int = 0
    """The port of it, for those that come without; 0 if there is none."""
    only: bool = False
    """Whether nothing is served without it."""
    ingress: bool = False
    """Whether Home Assistant's Supervisor is the only client, with or without it."""


def guarded_runner(
    guard: Guard,
    routes: Sequence[Route],
    pages: Pages,
    *,
    live: LiveRequests | None = None,
    browsers: Browsers | None = None,
    https: Https | None = None,
) -> web.AppRunner:
    """Return the application of routes, and of pages behind the same guard.

    The requests of `browsers` are counted as `live`.
    """
    entrance = _Entrance(guard, live or LiveRequests(), browsers, https or Https())
    app = web.Application(middlewares=[entrance.answer], client_max_size=LARGEST)
    app.on_response_prepare.append(_let_home_assistant_frame if entrance.ingress else _harden)
    paged = (Route("GET", path, _page_handler(make)) for path, make in pages.items())
    for route in with_description((*routes, *paged)):
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            entrance.know(app.router.add_route(method, route.path, route.handler), route)
    return _runner(app)


def _refused(status: int, text: str) -> web.Response:
    return json_answer({"error": text}, status)


class _Entrance:
    """Decides about each request before its handler runs."""

    def __init__(
        self, guard: Guard, live: LiveRequests, browsers: Browsers | None, https: Https
    ) -> None:
        self._guard = guard
        self._live = live
        self._browsers = browsers
        self._https = https
        self.ingress = https.ingress
        self._refusals = Refusals("HTTP")
        self._known: dict[web.AbstractRoute | None, Route] = {}
        self._areas: dict[str, Refuse] = {}
        """What makes refusals, by the first part of the path, where a route says it."""

    def know(self, registered: web.AbstractRoute, route: Route) -> None:
        """Register which of ours is a route of aiohttp."""
        self._known[registered] = route
        if route.refused is not None:
            self._areas[_area(route.path)] = route.refused

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request: by its handler, or with a refusal."""
        route = self._known.get(request.match_info.route)
        public = route is not None and route.public
        arrival = Arrival(request.remote or "", public, request.secure, self.ingress)
        if not arrival.secure and self._needs_https(request, arrival):
            return _use_https(request, self._https.port)
        caller = self._guard.judge(request.headers, arrival)
        if isinstance(caller, Refusal):
            now = asyncio.get_running_loop().time()
            text = f"refused a request of {request.remote}: {caller.text}"
            self._refusals.log(now, str(caller.status), request.remote or "", text)
            return self._refuse(request)(caller.status, caller.text)
        CALLER.set(caller)
        if caller.browser is None or self._browsers is None:
            return await _answered(request, handler, self._refuse(request))
        with self._live.entered(partial(self._guard.still_valid, caller), request.transport):
            response = await _answered(request, handler, self._refuse(request))
        if time.time() - caller.browser.seen > RENEW and not response.prepared:
            await renew(self._browsers, caller.browser)
            cookie = cookie_header(
                self._browsers, caller.cookie, is_secure(request.headers, arrival)
            )
            response.headers.setdefault("Set-Cookie", cookie)
        return response

    def _refuse(self, request: web.Request) -> Refuse:
        return self._areas.get(_area(request.path), _refused)

    def _needs_https(self, request: web.Request, arrival: Arrival) -> bool:
        if self.ingress:
            return False
        if self._https.only:
            return True
        return not is_here(arrival.address) and not self._guard.shows_token(request.headers)


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "satellite"  # aiohttp's names the versions of its parts
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


async def _let_home_assistant_frame(request: web.Request, response: web.StreamResponse) -> None:
    """Harden an answer that Home Assistant shows in a frame, at an address of its own."""
    response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    if policy := response.headers.get(_CSP):
        response.headers[_CSP] = policy.replace(_ALONE, _FRAMED)
    response.headers.popall("Service-Worker-Allowed", None)  # it would be Home Assistant's
    await _harden(request, response)


def _use_https(request: web.Request, port: int) -> web.Response:
    """Return the answer to a request that came without TLS from where that is needed."""
    if not port:
        return json_answer({"error": "send the token: Authorization: Bearer TOKEN"}, 401)
    address = f"https://{named_host(request.headers) or 'ADDRESS'}:{port}/"
    if "text/html" not in request.headers.get("Accept", ""):
        return json_answer({"error": f"use {address}: this port serves no plain HTTP"}, 403)
    text = _USE_HTTPS.format(address=html.escape(address))
    return web.Response(text=text, status=403, content_type="text/html")


def _area(path: str) -> str:
    """Return the first part of a path."""
    return path.split("/", 2)[1] if path.startswith("/") else ""


async def _answered(request: web.Request, handler: Handler, refuse: Refuse) -> web.StreamResponse:
    """Return the answer of a handler, or its error in JSON."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        response = refuse(error.status, error.reason)
        if allow := error.headers.get("Allow"):
            response.headers["Allow"] = allow
        return response
    except UsageError as error:
        return json_answer({"error": str(error)}, 400)
    except HttpProcessingError as error:  # of what a handler reads, such as a body in chunks
        return refuse(400, " ".join(error.message.split())[:200])
    except ModelMissing as error:
        return json_answer({"error": str(error)}, 404)
    except EngineBusy as error:
        return json_answer({"error": str(error)}, 503)
    except TimeoutError:
        return json_answer({"error": f"the request did not arrive in {PATIENCE:g} s"}, 408)
    except ConnectionError as error:
        _LOGGER.debug("the client %s left in the middle of its request", request.remote)
        return json_answer({"error": str(error)}, 400)
    except SatelliteError as error:
        return json_answer({"error": str(error)}, 502)


def probe_runner(pages: Pages) -> web.AppRunner:
    """Return an application that answers GET and HEAD for the pages, and nothing else."""
    known = f"pages: {', '.join(path for path in pages if path != '/')}\n".encode()

    async def answer(request: web.Request) -> web.StreamResponse:
        make = pages.get(request.raw_path.partition("?")[0])
        if make is None or request.method not in ("GET", "HEAD"):
            response = _response(Page(known, status=404))
        else:
            response = _response(make(_lowered(request)))
        response.force_close()
        return response

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return _runner(app)


class _WithoutBadRequests(logging.Filter):
    """Drops the traceback that aiohttp logs for each request that is not HTTP, and for what goes
    wrong when aiohttp itself answers a header `Expect`: the client has left, or it is no text."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        frames = traceback.extract_tb(error.__traceback__) if error is not None else ()
        if any(frame.name == "_default_expect_handler" for frame in frames):
            return False
        return not isinstance(error, HttpProcessingError)


_LOGGER.addFilter(_WithoutBadRequests())


def _runner(app: web.Application) -> web.AppRunner:
    return web.AppRunner(
        app,
        access_log=None,
        logger=_LOGGER,
        keepalive_timeout=KEEP,
        shutdown_timeout=1.0,
        lingering_time=LINGER,
        auto_decompress=False,  # `read_body` does it, within a limit
    )


def _page_handler(make: MakePage) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return _response(make(_lowered(request)))

    return answer


def _lowered(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _response(page: Page) -> web.Response:
    return web.Response(body=page.body, status=page.status, headers={"Content-Type": page.kind})
