"""Home Assistant's ingress: what its Core and its Supervisor do between a browser and an add-on.

Both hops in one, by what `homeassistant/components/hassio/ingress.py` (2026.11) and
`supervisor/api/ingress.py` (2026.08) do: the session's cookie, the headers that are left out, added
and changed, bodies that lose their compression, and WebSockets whose closing codes are lost.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from tests.support.socket_relay import relay

SUPERVISOR = "127.0.0.2"
"""The address from which it asks; a stranger's is 127.0.0.1."""

TOKEN = "aB3_-x9"
PATH = f"/api/hassio_ingress/{TOKEN}"
SESSION = "f00d"

_WEBSOCKET = {f"sec-websocket-{name}" for name in ("extensions", "protocol", "version", "key")}
_NOT_ASKED = {
    *("content-length", "content-encoding", "transfer-encoding", "accept-encoding"),
    *("x-remote-user-id", "x-remote-user-name", "x-remote-user-display-name"),
    *_WEBSOCKET,
}
_NOT_ANSWERED = {"transfer-encoding", "content-length", "content-type", "content-encoding"}

_WINDOW = """<!doctype html><html lang="en"><title>Home Assistant</title>
<iframe title="Satellite" src="{address}{path}/" width="900" height="700"></iframe>"""

STRANGE = "/strange"
"""The path of a page that frames the add-on's, too."""


class Ingress:
    """Home Assistant with one add-on."""

    def __init__(self, addon: str, session: aiohttp.ClientSession) -> None:
        self._addon = addon
        self._session = session
        self.address = ""
        """Of Home Assistant."""
        self.elsewhere = ""
        """Of another page of the same machine, to which browsers send the same cookies."""
        self.asked: list[str] = []
        """Paths of the add-on that were asked for."""
        self.outside: list[str] = []
        """Paths of Home Assistant that were asked for."""

    async def window(self, request: web.Request) -> web.StreamResponse:
        """Answer with Home Assistant's own page, or a stranger's, which frames the add-on's."""
        self.outside.append(request.path)
        if request.path not in ("/", STRANGE):
            raise web.HTTPNotFound
        text = _WINDOW.format(address=self.address, path=PATH)
        response = web.Response(text=text, content_type="text/html")
        if request.path == "/":
            at = "/api/hassio_ingress/"
            response.set_cookie("ingress_session", SESSION, samesite="Strict", path=at)
        return response

    async def passed(self, request: web.Request) -> web.StreamResponse:
        """Pass a request on."""
        if request.cookies.get("ingress_session") != SESSION:
            raise web.HTTPUnauthorized
        path = request.match_info["path"]
        self.asked.append(path)
        address = f"{self._addon}/{path}"
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._connected(request, address)
        async with self._session.request(
            request.method,
            address,
            headers=given(request),
            params=request.query,
            allow_redirects=False,
            data=await request.read(),
            skip_auto_headers={"Content-Type"},
        ) as answer:
            kept = [(k, v) for k, v in answer.headers.items() if k.lower() not in _NOT_ANSWERED]
            kind = answer.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
            empty = request.method == "HEAD" or answer.status in (204, 304)
            if empty or "Content-Length" in answer.headers:
                body = None if empty else await answer.read()
                return web.Response(
                    body=body, status=answer.status, headers=CIMultiDict(kept), content_type=kind
                )
            response = web.StreamResponse(status=answer.status, headers=CIMultiDict(kept))
            response.content_type = kind
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            return response

    async def _connected(self, request: web.Request, address: str) -> web.WebSocketResponse:
        ours = web.WebSocketResponse(autoclose=False, autoping=False)
        await ours.prepare(request)
        async with self._session.ws_connect(
            address, headers=given(request), autoclose=False, autoping=False
        ) as theirs:
            await relay(ours, theirs)
        return ours


def given(request: web.Request) -> CIMultiDict[str]:
    """Return the headers that the add-on gets with a request of a browser."""
    headers = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() not in _NOT_ASKED
    )
    headers["X-Hass-Source"] = "core.ingress"
    headers["X-Ingress-Path"] = PATH
    headers["X-Forwarded-For"] = f"{request.remote}, 172.30.32.1"
    headers.setdefault("X-Forwarded-Host", request.host)
    headers.setdefault("X-Forwarded-Proto", request.scheme)
    headers["X-Remote-User-Id"] = "5ba7a3d2"
    headers["X-Remote-User-Display-Name"] = "Anna"
    return headers


@asynccontextmanager
async def ingress(port: int) -> AsyncGenerator[Ingress, None]:
    """Run Home Assistant during this block, with an add-on that listens at `port` of 127.0.0.1."""
    connector = aiohttp.TCPConnector(local_addr=(SUPERVISOR, 0))
    async with aiohttp.ClientSession(connector=connector) as session:
        house = Ingress(f"http://127.0.0.1:{port}", session)
        app = web.Application()
        app.router.add_route("*", f"{PATH}/{{path:.*}}", house.passed)
        app.router.add_route("*", "/{path:.*}", house.window)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            for _ in range(2):
                await web.TCPSite(runner, "127.0.0.1", 0).start()
            ports = (address[1] for address in runner.addresses)
            house.address, house.elsewhere = (f"http://127.0.0.1:{port}" for port in ports)
            yield house
        finally:
            await runner.cleanup()
