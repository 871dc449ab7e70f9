"""A real Chromium, headless, driven by the DevTools protocol through aiohttp's WebSocket."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.debian import need

START = 30.0
"""Seconds for Chromium to start on a busy machine."""

WAIT = 20.0
"""Seconds until a condition of a page is true."""

Json = dict[str, Any]


class PageError(AssertionError):
    """A script in the page failed, or a condition did not become true."""


class Tab:
    """One tab, whose script errors and console are recorded."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self.console: list[str] = []
        """What the page wrote, and what failed in it."""
        self.requests: list[str] = []
        """Addresses that the page asked for."""
        self.frames: list[Json] = []
        """What came in text frames of its WebSockets."""

    async def read(self) -> None:
        """Read answers and events until the tab is closed."""
        async for message in self._socket:
            facts = json.loads(message.data)
            if (answer := self._answers.pop(facts.get("id", 0), None)) is not None:
                if not answer.done():
                    answer.set_result(facts)
            elif facts.get("method") == "Runtime.exceptionThrown":
                details = facts["params"]["exceptionDetails"]
                said = details.get("exception", {}).get("description", details["text"])
                self.console.append(f"exception: {said}")
            elif facts.get("method") == "Runtime.consoleAPICalled":
                values = [
                    str(a.get("value", a.get("description"))) for a in facts["params"]["args"]
                ]
                self.console.append(f"{facts['params']['type']}: {' '.join(values)}")
            elif facts.get("method") == "Log.entryAdded":
                self.console.append(f"log: {facts['params']['entry']['text']}")
            elif facts.get("method") == "Network.requestWillBeSent":
                self.requests.append(facts["params"]["request"]["url"])
            elif facts.get("method") == "Network.webSocketFrameReceived":
                frame = facts["params"]["response"]
                if frame["opcode"] == 1:
                    self.frames.append(json.loads(frame["payloadData"]))

    async def call(self, method: str, **parameters: Any) -> Json:
        """Call a method of the DevTools protocol; return its result."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(START):
            facts = await answer
        if "error" in facts:
            raise PageError(f"{method}: {facts['error']}")
        result: Json = facts["result"]
        return result

    async def open(self, address: str) -> None:
        """Go to an address, and wait until its scripts run."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=address)
        await self.until("document.readyState === 'complete'")

    async def run(self, script: str) -> Any:
        """Evaluate an expression, or a promise; return its value."""
        facts = await self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in facts:
            details = facts["exceptionDetails"]
            raise PageError(details.get("exception", {}).get("description", details["text"]))
        return facts["result"].get("value")

    async def until(self, condition: str, seconds: float = WAIT) -> Any:
        """Wait until an expression is true; return its value."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    with suppress(PageError):  # while the page is being loaded
                        if value := await self.run(f"(v => v instanceof Node || v)({condition})"):
                            return value
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = await self.run("document.body.innerText")
            raise PageError(
                f"not within {seconds:g} s: {condition}\npage: {shown}\nconsole: {self.console}"
            ) from None

    async def type(self, text: str) -> None:
        """Type into what has the focus, and press Enter."""
        await self.call("Input.insertText", text=text)
        await self.key("Enter", "Enter", 13, "\r")

    async def key(self, key: str, code: str, number: int, text: str = "") -> None:
        """Press a key and release it."""
        await self.key_down(key, code, number, text)
        await self.key_up(key, code, number)

    async def key_down(self, key: str, code: str, number: int, text: str = "") -> None:
        """Press a key."""
        await self.call(
            "Input.dispatchKeyEvent",
            type="keyDown",
            key=key,
            code=code,
            windowsVirtualKeyCode=number,
            **({"text": text} if text else {}),
        )

    async def key_up(self, key: str, code: str, number: int) -> None:
        """Release a key."""
        await self.call(
            "Input.dispatchKeyEvent",
            type="keyUp",
            key=key,
            code=code,
            windowsVirtualKeyCode=number,
        )

    async def mouse(self, kind: str, selector: str) -> None:
        """Press ("mousePressed") or release ("mouseReleased") the mouse on an element."""
        x, y = await self.run(
            f"(() => {{ const r = document.querySelector({json.dumps(selector)})"
            ".getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        await self.call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
        )

    async def click(self, selector: str) -> None:
        """Click on an element."""
        await self.mouse("mousePressed", selector)
        await self.mouse("mouseReleased", selector)

    async def screenshot(
        self, file: Path, width: int, height: int, *, scale: float = 1.0, dark: bool = False
    ) -> None:
        """Write a picture of the page at a size in CSS pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        await self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        await asyncio.sleep(0.5)
        picture = await self.call("Page.captureScreenshot", format="png")
        file.write_bytes(base64.b64decode(picture["data"]))


class Chromium:
    """A running browser, with a profile of its own."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self._address = address
        self._session = session

    @asynccontextmanager
    async def tab(self) -> AsyncGenerator[Tab, None]:
        """Open a tab during this block, in a browser context of its own: nothing is shared."""
        async with self._connected("/json/version") as browser:
            context = (await browser.call("Target.createBrowserContext"))["browserContextId"]
            target = await browser.call(
                "Target.createTarget", url="about:blank", browserContextId=context
            )
            async with self._connected(f"/json/list#{target['targetId']}") as tab:
                yield tab
            await browser.call("Target.disposeBrowserContext", browserContextId=context)

    @asynccontextmanager
    async def _connected(self, path: str) -> AsyncGenerator[Tab, None]:
        path, _, target = path.partition("#")
        async with self._session.get(self._address + path) as answer:
            found = json.loads(await answer.text())
        if target:
            found = next(one for one in found if one["id"] == target)
        async with self._session.ws_connect(
            found["webSocketDebuggerUrl"], max_msg_size=0
        ) as socket:
            tab = Tab(socket)
            reading = asyncio.create_task(tab.read())
            try:
                yield tab
            finally:
                reading.cancel()


@asynccontextmanager
async def chromium(*flags: str) -> AsyncGenerator[Chromium, None]:
    """Start Chromium during this block; skip the test where it cannot be had.

    It allows every page the microphone. Sound goes to PulseAudio if the environment names one.
    """
    program = need("chromium", "chromium")
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        with (profile / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220  it starts at once
                [
                    program,
                    "--headless=new",
                    "--no-sandbox",  # of tests, whose containers allow none
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--disable-default-apps",
                    "--use-fake-ui-for-media-stream",
                    "--autoplay-policy=user-gesture-required",
                    f"--user-data-dir={profile}",
                    "--remote-debugging-port=0",
                    "--remote-allow-origins=*",
                    *flags,
                    "about:blank",
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": folder},
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(START):
                port = await _port(profile / "DevToolsActivePort", process)
            async with aiohttp.ClientSession() as session:
                yield Chromium(f"http://127.0.0.1:{port}", session)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def _port(file: Path, process: subprocess.Popen[bytes]) -> int:
    while True:
        assert process.poll() is None, "Chromium ended at its start"
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        await asyncio.sleep(0.05)
