"""The applications of the HTTP server: the API of a satellite, and pages for probes."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from satellite.announcements import announcement as announcements
from satellite.audio.wavfile import parse_wav
from satellite.errors import EngineBusy, SatelliteError, UsageError
from satellite.http.auth import Guard
from satellite.http.body import LARGEST, PATIENCE, read_body
from satellite.http.controls import Controls
from satellite.http.event_stream import stream
from satellite.http.pages import MakePage, Page, Pages
from satellite.http.request_body import read_facts
from satellite.net.memory_budget import reserved
from satellite.net.refusals import Refusals
from satellite.text.printable import printable_json
from satellite.values import AudioChunk

_LOGGER = logging.getLogger(__name__)

LONGEST = 600.0
"""Seconds of the longest sound: as much as Home Assistant may announce."""

KEEP = 30.0
"""Seconds for which a connection without a request stays open."""

_WAV = ("audio/wav", "audio/x-wav", "audio/wave")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def api_runner(controls: Controls, guard: Guard, pages: Pages) -> web.AppRunner:
    """Return the application that controls a satellite, with pages behind the same guard."""
    refusals = Refusals("HTTP")

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if (refusal := guard.refuses(request.headers)) is not None:
            now = asyncio.get_running_loop().time()
            text = f"refused a request of {request.remote}: {refusal.text}"
            refusals.log(now, str(refusal.status), request.remote or "", text)
            return _json({"error": refusal.text}, refusal.status)
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _json({"error": error.reason}, error.status, allow=error.headers.get("Allow"))
        except UsageError as error:
            return _json({"error": str(error)}, 400)
        except EngineBusy as error:
            return _json({"error": str(error)}, 503)
        except TimeoutError:
            return _json({"error": f"the request did not arrive in {PATIENCE:g} s"}, 408)
        except ConnectionError as error:
            _LOGGER.debug("the client %s left in the middle of its request", request.remote)
            return _json({"error": str(error)}, 400)
        except SatelliteError as error:
            return _json({"error": str(error)}, 502)

    app = web.Application(middlewares=[guarded], client_max_size=LARGEST)
    api = _Api(controls)
    app.add_routes(
        [
            web.get("/api/state", api.state),
            web.post("/api/announce", api.announce),
            web.post("/api/mute", api.mute),
            web.post("/api/reload", api.reload),
            web.post("/api/wake", api.wake),
            web.post("/api/stop", api.stop),
            web.post("/api/volume", api.volume),
            web.get("/events", api.events),
            *[web.get(path, _page_handler(make)) for path, make in pages.items()],
        ]
    )
    return _runner(app)


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


class _Api:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    async def state(self, request: web.Request) -> web.StreamResponse:
        return _json(self._controls.state())

    async def events(self, request: web.Request) -> web.StreamResponse:
        return await stream(request, self._controls.bus)

    async def mute(self, request: web.Request) -> web.StreamResponse:
        muted = (await self._facts(request)).get("muted")
        if muted is not None and not isinstance(muted, bool):
            raise UsageError("muted: true or false, or nothing to change it")
        return _json({"muted": self._controls.mute(muted)})

    async def reload(self, request: web.Request) -> web.StreamResponse:
        return _json(await self._controls.reload())

    async def wake(self, request: web.Request) -> web.StreamResponse:
        if not self._controls.wake():
            raise web.HTTPConflict(reason="the satellite listens already, or is muted")
        return _json({})

    async def stop(self, request: web.Request) -> web.StreamResponse:
        self._controls.stop()
        return _json({})

    async def volume(self, request: web.Request) -> web.StreamResponse:
        self._controls.volume((await self._facts(request)).get("level"))
        return _json({"volume": self._controls.state()["volume"]})

    async def announce(self, request: web.Request) -> web.StreamResponse:
        with reserved(self._controls.memory) as add:
            what, facts = await _announced(request, add)
        to, wait = facts.pop("to", ()), facts.pop("wait", True)
        names = (
            (to,) if isinstance(to, str) else tuple(to) if isinstance(to, list | tuple) else None
        )
        if names is None or not all(isinstance(name, str) for name in names):
            raise UsageError("to: the name or address of a satellite, a list of them, or all")
        style = announcements.parse_style(facts)
        became = await self._controls.announce(what, style, names, wait is True)
        return _json({"outcomes": became}, 200 if wait is True else 202)

    async def _facts(self, request: web.Request) -> dict[str, Any]:
        with reserved(self._controls.memory) as add:
            return await _facts(request, add)


async def _announced(
    request: web.Request, add: Callable[[int], None]
) -> tuple[str | AudioChunk, dict[str, Any]]:
    """Return the text or sound to announce, and the other facts of the request."""
    if request.content_type in _WAV:
        content = await read_body(request, add)
        facts: dict[str, Any] = dict(request.query)
        if "to" in facts:
            facts["to"] = facts["to"].split(",")
        for name in ("chime", "wait"):
            if name in facts:
                facts[name] = facts[name].lower() in ("true", "yes", "on", "1")
        return await _sound(content), facts
    facts = await _facts(request, add)
    if (content := facts.pop("wav", None)) is None:
        return announcements.check_text(facts.pop("text", None)), facts
    if not isinstance(content, bytes):
        raise UsageError("wav: a WAV file in base64")
    return await _sound(content), facts


async def _sound(content: bytes) -> AudioChunk:
    form, audio = await asyncio.to_thread(parse_wav, content, "the WAV file that was sent", LONGEST)
    return AudioChunk(audio=audio, format=form)


async def _facts(request: web.Request, add: Callable[[int], None]) -> dict[str, Any]:
    return await read_facts(await read_body(request, add))


def _json(facts: dict[str, Any], status: int = 200, allow: str | None = None) -> web.Response:
    headers = {"Allow": allow} if allow else None
    try:
        body = printable_json(msgspec.json.encode(facts)) + b"\n"
    except UnicodeEncodeError:  # bytes of a request that are no text, in a message about it
        body = json.dumps(facts).encode() + b"\n"
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)
