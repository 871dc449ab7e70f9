"""The page below the path of a proxy, in a real Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.http.page.test_chromium import READY, answers, ask, last, opened
from tests.support.socket_relay import relay

PREFIX = "/below/a path"
DROPPED = {"Content-Length", "Transfer-Encoding", "Connection"}


class Proxy:
    """Passes on what is below a path, as other programs do, and answers nothing else."""

    def __init__(self, behind: str, session: aiohttp.ClientSession) -> None:
        self._behind = behind.rstrip("/")
        self._session = session
        self.outside: list[str] = []
        """Paths beside that one which were asked for."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if not request.path.startswith(f"{PREFIX}/"):
            self.outside.append(request.path)
            raise web.HTTPNotFound
        address = self._behind + request.path_qs.removeprefix(PREFIX.replace(" ", "%20"))
        headers = {k: v for k, v in request.headers.items() if k not in DROPPED}
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._connect(request, address)
        body = await request.read()
        async with self._session.request(
            request.method, address, headers=headers, data=body, allow_redirects=False
        ) as answer:
            given = {k: v for k, v in answer.headers.items() if k not in DROPPED}
            return web.Response(body=await answer.read(), status=answer.status, headers=given)

    async def _connect(self, request: web.Request, address: str) -> web.WebSocketResponse:
        ours = web.WebSocketResponse()
        await ours.prepare(request)
        headers = {name: request.headers[name] for name in ("Host", "Origin")}
        async with self._session.ws_connect(address, headers=headers) as theirs:
            await relay(ours, theirs)
        return ours


@asynccontextmanager
async def proxied(behind: str) -> AsyncGenerator[tuple[Proxy, str], None]:
    """Run a proxy during this block; yield it and the address of the page."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        proxy = Proxy(behind, session)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", proxy.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            yield proxy, f"http://127.0.0.1:{port}{PREFIX.replace(' ', '%20')}/"
        finally:
            await runner.cleanup()


async def test_a_person_talks_and_looks_after_the_house_below_a_path(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(120),
        opened(tmp_path, light=True) as (house, browser),
        proxied(house.address) as (proxy, address),
        browser.tab() as tab,
    ):
        await tab.open(address)
        await tab.until(READY)
        await ask(tab, "what is two plus two")
        await tab.until(answers(1))
        assert "4" in await last(tab, "assistant")
        await tab.run("document.getElementById('open-look').click()")
        await tab.until("document.querySelector('#look section, #look details, #look h2') !== null")
        assert not [line for line in tab.console if "exception" in line], tab.console
        assert [path for path in proxy.outside if path != "/favicon.ico"] == []
