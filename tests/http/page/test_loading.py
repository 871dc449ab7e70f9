"""How the page is loaded in a real Chromium: files come once, and are there without the server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.http.page.test_chromium import READY, opened

CONTROLLED = "navigator.serviceWorker.controller?.state === 'activated'"

ASKED = """performance.getEntriesByType('resource')
  .filter((entry) => entry.transferSize && !entry.name.endsWith(".svg"))
  .map((entry) => new URL(entry.name).pathname).sort().join()"""
"""What came from the server, also as the answer that nothing has changed."""

OURS = """performance.getEntriesByType('resource')
  .filter((entry) => /[.](css|js)$/.test(new URL(entry.name).pathname))"""

WITHOUT_WORKER = (
    f"{OURS}.length > 9 && {OURS}.every((entry) => entry.workerFinalSourceType === 'network')"
)
"""Whether the browser has asked for scripts and styles itself."""

STORED = f"{OURS}.length > 9 && {OURS}.every((entry) => entry.workerFinalSourceType === 'cache')"
"""Whether the scripts and styles are those that the service worker has stored."""


async def test_the_files_of_a_page_come_once_and_stay_without_its_server(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(120),
        opened(tmp_path, light=True) as (house, browser),
        browser.tab() as tab,
    ):
        await tab.open(house.address)
        await tab.until(READY)
        assert "app.js" in await tab.run(ASKED)
        await tab.until(CONTROLLED)

        await tab.open("about:blank")
        await tab.open(house.address)
        await tab.until(READY)
        assert await tab.until(ASKED) in ("/api/login,/page/words", "/page/words")
        assert await tab.run(WITHOUT_WORKER)

        await house.stop()
        await tab.until("document.body.dataset.link === 'off'")
        await tab.call("Network.clearBrowserCache")
        await tab.open("about:blank")
        await tab.open(house.address)
        await tab.until("document.getElementById('greeting').checkVisibility()")
        await tab.until("document.body.dataset.phase === 'idle'")
        assert await tab.run(STORED)
        await house.start()
        await tab.until(READY)
        await tab.run("document.getElementById('open-look').click()")
        await tab.until("document.querySelectorAll('.card h2').length")
        assert [text for text in tab.console if text.startswith("exception")] == []
