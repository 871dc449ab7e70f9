"""The applications of the HTTP server: routes behind a guard, and pages for probes."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Sequence

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from satellite.errors import EngineBusy, SatelliteError, UsageError
from satellite.http.api.openapi import with_description
from satellite.http.auth import Arrival, Guard, Refusal
from satellite.http.body import LARGEST, PATIENCE
from satellite.http.pages import MakePage, Page, Pages
from satellite.http.route import CALLER, Handler, Route, json_answer
from satellite.net.refusals import Refusals

_LOGGER = logging.getLogger(__name__)

KEEP = 30.0
"""Seconds for which a connection without a request stays open."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer, unless its handler has set others: no page shows or reads ours."""


def guarded_runner(guard: Guard, routes: Sequence[Route], pages: Pages) -> web.AppRunner:
    """Return the application of routes, and of pages behind the same guard."""
    paged = (Route("GET", path, _page_handler(make)) for path, make in pages.items())
    every = with_description((*routes, *paged))
    known: dict[web.AbstractRoute | None, Route] = {}
    refusals = Refusals("HTTP")

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = known.get(request.match_info.route)
        arrival = Arrival(request.remote or "", public=route is not None and route.public)
        caller = guard.judge(request.headers, arrival)
        if isinstance(caller, Refusal):
            now = asyncio.get_running_loop().time()
            text = f"refused a request of {request.remote}: {caller.text}"
            refusals.log(now, str(caller.status), request.remote or "", text)
            refused = _refused if route is None else route.refused or _refused
            return refused(caller.status, caller.text)
        CALLER.set(caller)
        return await _answered(request, handler)

    async def harden(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)

    app = web.Application(middlewares=[guarded], client_max_size=LARGEST)
    app.on_response_prepare.append(harden)
    for route in every:
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            known[app.router.add_route(method, route.path, route.handler)] = route
    return _runner(app)


def _refused(status: int, text: str) -> web.Response:
    return json_answer({"error": text}, status)


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Return the answer of a handler, or its error in JSON."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        allow = error.headers.get("Allow")
        headers = {"Allow": allow} if allow else None
        return json_answer({"error": error.reason}, error.status, headers)
    except UsageError as error:
        return json_answer({"error": str(error)}, 400)
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
