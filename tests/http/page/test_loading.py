"""How the page is loaded in a real Chromium: at once, and without the server, too."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.http.page.test_chromium import READY, opened

CONTROLLED = "navigator.serviceWorker.controller?.state === 'activated'"

ASKED = """performance.getEntriesByType('resource')
  .filter((entry) => entry.startTime < performance.getEntriesByType('navigation')[0].loadEventEnd)
  .map((entry) => new URL(entry.name).pathname).join()"""
"""What the page asked the server for before it was there."""

FILES = "document.documentElement.dataset.files"


async def test_a_page_is_one_request_and_stays_without_its_server(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(120),
        opened(tmp_path, light=True) as (house, browser),
        browser.tab() as tab,
    ):
        await tab.call("Network.enable")
        await tab.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": "de"})
        await tab.open(house.address)
        await tab.until(READY)
        assert await tab.run(ASKED) == ""
        assert await tab.run("document.getElementById('send').title") == "Senden"
        # the page is German, the server understands English
        await tab.until("document.getElementById('suggestions').textContent.includes('timer for')")
        await tab.until(CONTROLLED)

        await tab.open("about:blank")
        await tab.open(house.address)
        await tab.until(READY)
        assert await tab.run(ASKED) == ""
        assert await tab.run(FILES) != "page/stored/"

        await house.stop()
        await tab.until("document.body.dataset.link === 'off'")
        await tab.call("Network.clearBrowserCache")
        await tab.open("about:blank")
        await tab.open(house.address)
        await tab.until("document.getElementById('greeting').checkVisibility()")
        await tab.until("document.body.dataset.phase === 'idle'")
        assert await tab.run(FILES) == "page/stored/"
        assert await tab.run("document.getElementById('greeting').textContent") != "greeting"
        worklet = f"fetch({FILES} + 'player.js').then((answer) => answer.text())"
        assert "registerProcessor" in await tab.run(worklet)
        await house.start()
        await tab.until(READY)
        await tab.run("document.getElementById('open-look').click()")
        await tab.until("document.querySelectorAll('.card h2').length")
        assert [text for text in tab.console if text.startswith("exception")] == []
