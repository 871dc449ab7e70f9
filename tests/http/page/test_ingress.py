"""The page in a frame of Home Assistant, by its ingress, in a real Chromium."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from satellite.http.door import Door
from satellite.http.page.engines import SharedEngines
from satellite.http.page.house import House
from satellite.http.page.lazy_routes import make_page_routes
from satellite.http.server import http_server
from satellite.ports import EngineContext
from satellite.settings import HttpSettings, PairingSettings, Settings
from tests.support.chromium import chromium
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.ingress import STRANGE, SUPERVISOR, ingress
from tests.support.ports import free_port

PAGE = "document.querySelector('iframe').contentDocument"
"""Home Assistant's frame is of its own origin: its scripts see into it."""
READY = f"{PAGE}.body.dataset.link === 'on'"
ANSWERED = f"{PAGE}.querySelector('.assistant:not(.partial) p') !== null"


async def test_a_user_of_home_assistant_talks_in_its_window(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(
        name="den",
        vad="energy",
        zeroconf=False,
        http=HttpSettings(ingress_port=port, ingress_peer=SUPERVISOR),
        pairing=PairingSettings(folder=str(tmp_path)),
    )
    engines = SharedEngines(
        context=EngineContext(), llm=ScriptedLlm(), asr=ScriptedAsr(), tts=ScriptedTts()
    )
    made = partial(make_page_routes, House(settings, engines))
    async with (
        asyncio.timeout(120),
        http_server(settings, Door("satellite", 0, "http.port", 0), [made]),
        ingress(port) as home,
        chromium() as browser,
        browser.tab() as tab,
    ):
        await tab.open(home.address)
        await tab.until(READY)
        assert await tab.run(f"{PAGE}.getElementById('login').hidden")
        await tab.run(f"{PAGE}.getElementById('text').focus()")
        await tab.type("hello")
        await tab.until(ANSWERED)
        assert "seven o'clock" in await tab.run(f"{PAGE}.getElementById('chat').innerText")
        assert set(home.outside) <= {"/", "/favicon.ico"}
        assert "page/worker.js" not in home.asked, "it would work for Home Assistant's address"
        assert await tab.run("caches.keys().then((names) => names.join())") == ""

        # a second tab with the identity of the first takes the conversation, for good
        async with browser.tab() as second:
            await second.open(home.address)
            identity = await tab.run("sessionStorage.getItem('satellite.id')")
            await second.run(f"sessionStorage.setItem('satellite.id', '{identity}')")
            await second.open(home.address)
            await second.until(READY)
            await tab.until(f"{PAGE}.querySelector('#notice button') !== null")
            await second.until(READY)

            # and the page of a stranger frames nothing, in a browser that Home Assistant knows
            asked = len(home.asked)
            await second.open(home.elsewhere + STRANGE)
            refused = [line for line in second.console if "frame-ancestors 'self'" in line]
            assert refused, second.console
            assert home.asked[asked:] == [""], "it was asked for, and not shown"
        assert not [line for line in tab.console if "exception" in line], tab.console
