"""What a page costs a satellite, how soon it is there, and how soon it sounds.

    python -m tests.bench.page [--seconds 10] [--rounds 3] [--loads 10] [--requests 8]

A real Chromium opens the page of a satellite that listens in a quiet room. The CPU time of the
satellite's process is measured in turn without a page, with one that waits, with one that shows the
house, and hands-free, where the browser sends sound; and the page's load, first without a cache.
Then the same typed requests go to `satellite talk`, which plays through PortAudio, and to a page:
from the Enter key to the first sound in the monitor of a PulseAudio sink, by the sentences and the
Piper voice en_US-joe-medium.

The exit code is 1 if a waiting page costs 1 % of a core, a load takes 100 ms in the median, or the
browser sounds more than 150 ms after the local speaker.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from satellite.audio.wavfile import write_wav
from satellite.values import SPEECH
from tests.bench.idle import WARM_UP, mic, quiet_room
from tests.bench.load import measure
from tests.http.page.test_chromium import IDLE, READY, START, answers, opened
from tests.support.chromium import Chromium, Tab, chromium
from tests.support.ports import free_port
from tests.support.program import satellite
from tests.support.pulse import HEARD, PulseServer
from tests.support.real_models import real_model
from tests.support.real_voice import VOICE

COST, LOAD, LATER = 0.01, 0.1, 0.15
"""The limits: cores, seconds, seconds."""

TEXT = "what time is it"
WAIT = 60.0
"""Seconds for an answer to sound; the first loads the voice."""
LOUD = 400
"""Samples above this are speech."""

_NOTE_READY = """new MutationObserver(() => {
  if (document.body?.dataset.link === "on") self.readyAt ??= performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true});"""

_TIMES = "[performance.getEntriesByType('navigation')[0].loadEventEnd / 1000, self.readyAt / 1000]"


class Ear:
    """Hears a PulseAudio source all the time, and says when something sounded first."""

    def __init__(self, pulse: PulseServer) -> None:
        command = ["parec", "--raw", f"--device={HEARD}", "--format=s16le", "--channels=1"]
        self._process = subprocess.Popen(
            [*command, "--rate=16000", "--latency-msec=10"],
            env={**os.environ, **pulse.environment},
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._loud = 0.0
        self._first: float | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        while piece := self._process.stdout.read(320):
            samples = np.frombuffer(piece[: len(piece) // 2 * 2], "<i2")
            if samples.size and np.abs(samples.astype(int)).max() > LOUD:
                self._loud = time.monotonic()
                self._first = self._first or self._loud

    def arm(self) -> None:
        """Wait for the next first sound."""
        self._first = None

    def first(self) -> float:
        """Wait for the first sound since `arm`, and for its end; return the time of the first."""
        until(lambda: self._first is not None, "no sound")
        until(lambda: time.monotonic() - self._loud > 1.0, "no end of the sound")
        assert self._first is not None
        return self._first

    def stop(self) -> None:
        """End the recording."""
        self._process.kill()
        self._process.wait()
        self._thread.join()


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something is true."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > WAIT:
            raise TimeoutError(f"{what} within {WAIT:g} s")
        time.sleep(0.005)


async def loads(tab: Tab, address: str, count: int, cached: bool) -> list[tuple[float, float]]:
    """Open the page so often; return the seconds until it was loaded, and connected."""
    await tab.call("Network.setCacheDisabled", cacheDisabled=not cached)
    await tab.call("Network.setBypassServiceWorker", bypass=not cached)  # it has a store, too
    took = []
    for _ in range(count):
        await tab.open("about:blank")
        await tab.open(address)
        await tab.until(READY)
        loaded, ready = await tab.run(_TIMES)
        took.append((loaded, ready))
    return took


async def costs(tab: Tab, address: str, pid: int, seconds: float) -> dict[str, float]:
    """Return the cores that the satellite takes, by what the browser shows."""
    found = {}

    async def note(what: str) -> None:
        await asyncio.sleep(1.0)
        found[what] = (await asyncio.to_thread(measure, [pid], seconds)).cores

    await tab.open("about:blank")
    await note("no page")
    await tab.open(address)
    await tab.until(READY)
    await note("a page that waits")
    await tab.run("document.getElementById('open-look').click()")
    await note("the view of the house")
    await tab.run("document.getElementById('open-look').click()")
    await tab.click("#free")
    await tab.until("document.getElementById('free').ariaPressed === 'true'")
    await note("hands-free, sending sound")
    await tab.click("#free")
    return found


async def idle(folder: Path, browser: Chromium, options: argparse.Namespace) -> bool:
    """Print costs and loads; return whether they are within the limits."""
    write_wav(folder / "quiet.wav", SPEECH, quiet_room())
    port = free_port()
    more = ("--wake", "openwakeword", "--no-zeroconf", "--set", f"http.port={port}")
    devices = (
        "--mic",
        f"command:{mic(folder / 'quiet.wav')}",
        "--speaker",
        f"wav:{folder / 'out.wav'}",
    )
    address = f"http://127.0.0.1:{port}/"
    with satellite(folder, *devices, *more, name="page") as program:
        program.wait_for("ready", timeout=START)
        await asyncio.sleep(WARM_UP)
        async with browser.tab() as tab:
            await tab.call("Page.enable")
            await tab.call("Page.addScriptToEvaluateOnNewDocument", source=_NOTE_READY)
            fine = True
            for what, cached in (("without a cache", False), ("again", True)):
                took = await loads(tab, address, options.loads, cached)
                loaded, ready = (statistics.median(column) for column in zip(*took, strict=True))
                fine = fine and loaded < LOAD
                print(f"load {what}: {loaded * 1000:.0f} ms, connected {ready * 1000:.0f} ms")
            rows = [
                await costs(tab, address, program.process.pid, options.seconds)
                for _ in range(options.rounds)
            ]
    for what in rows[0]:
        middle = statistics.median(row[what] for row in rows)
        more_than = statistics.median(row[what] - row["no page"] for row in rows)
        print(f"{what}: {middle:.4f} cores, {more_than:+.4f} by the page")
    waiting = statistics.median(row["a page that waits"] - row["no page"] for row in rows)
    return fine and waiting < COST


@contextmanager
def local(folder: Path) -> Iterator[Callable[[], None]]:
    """Run `satellite talk` during this block; yield what asks it."""
    voice = real_model(VOICE) / "en_US-joe-medium.onnx"
    command = [sys.executable, "-m", "satellite", "talk", "--no-zeroconf", "--llm", "intents"]
    with (folder / "talk.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--tts", f"piper:{voice}"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(folder)},
        )
    assert process.stdin is not None
    stdin = process.stdin

    def asked() -> None:
        stdin.write(f"{TEXT}\n".encode())
        stdin.flush()

    try:
        yield asked
    finally:
        process.kill()
        process.wait()


async def sounds(folder: Path, ear: Ear, count: int) -> bool:
    """Print how soon both sound; return whether the browser does so within the limit."""
    took: dict[str, list[float]] = {"local speaker": [], "browser": []}
    async with (
        opened(folder, "--autoplay-policy=no-user-gesture-required") as (house, browser),
        browser.tab() as tab,
    ):
        await tab.open(house.address)
        await tab.until(READY)
        with local(folder) as asked:
            for number in range(count + 1):  # the first of each loads the engines
                ear.arm()
                began = time.monotonic()
                asked()
                took["local speaker"].append(await asyncio.to_thread(ear.first) - began)
                await tab.run("document.getElementById('text').focus()")
                await tab.call("Input.insertText", text=TEXT)
                ear.arm()
                began = time.monotonic()
                await tab.key("Enter", "Enter", 13, "\r")
                took["browser"].append(await asyncio.to_thread(ear.first) - began)
                await tab.until(f"{answers(number + 1)} && {IDLE}")
    middle = {}
    for what, seconds in took.items():
        middle[what] = statistics.median(seconds[1:])
        each = ", ".join(f"{one:.3f}" for one in sorted(seconds[1:]))
        print(f"first sound, {what}: {middle[what]:.3f} s (median of {each})")
    later = middle["browser"] - middle["local speaker"]
    print(f"the browser sounds {later * 1000:+.0f} ms after the local speaker")
    return later <= LATER


async def run(options: argparse.Namespace) -> bool:
    """Measure everything; return whether all is within the limits."""
    for name in [name for name in os.environ if name.startswith("SATELLITE_")]:
        del os.environ[name]  # settings of this shell, which are not those of the measurement
    with tempfile.TemporaryDirectory(prefix="page-") as name:
        folder = Path(name)
        pulse = PulseServer(folder)
        os.environ.update(pulse.environment)
        pulse.start()
        pulse.offer_microphone()
        ear = Ear(pulse)
        try:
            async with chromium() as browser:
                fine = await idle(folder, browser, options)
            return await sounds(folder, ear, options.requests) and fine
        finally:
            ear.stop()
            pulse.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each CPU measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loads", type=int, default=10)
    parser.add_argument("--requests", type=int, default=8)
    sys.exit(not asyncio.run(run(parser.parse_args())))


if __name__ == "__main__":
    main()
