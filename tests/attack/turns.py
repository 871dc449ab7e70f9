"""A thousand turns under attack: python -m tests.attack.turns [--turns 1000] [--seed 1]

The satellite of `tests.soak.turns`, whose engines fail at every stage and whose devices disappear,
with its ports open: strangers send corrupted streams of Wyoming and HTTP, announce, leave in the
middle, and drive it as Home Assistant does. Every turn must have exactly one outcome, and the
satellite must listen after each. Exits 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gzip
import io
import logging
import random
import sys
import time
import wave
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Any

from wyoming.event import Event

from satellite.homeassistant.driver.current_link import CurrentLink
from satellite.homeassistant.driver.peer import HomeAssistantPeer
from satellite.homeassistant.driver.port import reachable
from satellite.homeassistant.driver.remote_wake import WakeStream
from satellite.homeassistant.driver.satellite_info import info_event
from satellite.http.auth import Guard
from satellite.http.connections import listening_socket
from satellite.http.server import api_server
from satellite.listening.utterance import Utterance
from satellite.net.allowed import AllowedNetworks
from satellite.net.wire import encode
from satellite.settings import HomeAssistantSettings, Settings
from satellite.turns.driver import Driver
from tests.soak.mutate import mutated, streams
from tests.support.flaky_satellite import DEAF, ENDLESS, FlakySatellite
from tests.support.scripted_satellite import MarkVad, MarkWake
from tests.support.virtual_time import VirtualLoop

TROUBLE = 0.04
"""Probability that a call of an engine fails; a turn has about six calls."""
STRANGERS = 3
"""Strangers at each port at once."""
PAUSE = 3.0
"""Most seconds of one of them between two connections."""
PORTS = Settings(
    name="hallway",
    zeroconf=False,
    homeassistant=HomeAssistantSettings(listen="tcp://127.0.0.1:0"),
)
PATIENT = 0.005
"""Real seconds of waiting at a time while a thread works."""
BOMB = gzip.compress(bytes(20 << 20))
AUDIO = {"rate": 16000, "width": 2, "channels": 1}


class PatientLoop(VirtualLoop):
    """A loop in virtual time that waits for threads, as HTTP and WAV files need some."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = 0
        select = self._waits.select

        def waiting(timeout: float | None = None) -> Any:
            while self._threads and timeout != 0:
                if found := super(type(self._waits), self._waits).select(PATIENT):
                    return found
            return select(timeout)

        self._waits.select = waiting  # type: ignore[method-assign]

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        self._threads += 1
        working = super().run_in_executor(executor, func, *args)
        working.add_done_callback(self._ended)
        return working

    def _ended(self, _: asyncio.Future[Any]) -> None:
        self._threads -= 1


class AttackedSatellite(FlakySatellite):
    """The satellite with open ports, and the strangers that use them."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, TROUBLE, self._driver)
        self.did_strangers: Counter[str] = Counter()
        self.driven = 0
        """Turns that a stranger drove."""
        link = CurrentLink()
        self._peer = HomeAssistantPeer(
            PORTS,
            link,
            WakeStream(PORTS, MarkVad(), link, self.activity),
            self.output,
            self.speech.announcer,
            self.timers,
            self.mute,
            listen_now=self.listener.listen_now,
            info=lambda: info_event(PORTS, MarkWake().describe()),
        )
        self._strange = random.Random(seed + 1)
        self._streams = [s for s in streams("satellite") if b"pause-satellite" not in s]

    async def _ask(self, what: str) -> None:
        """Ask, and expect the wake word to be heard.

        A stranger that drives the satellite as Home Assistant does can have it listen already: the
        words are then those of the turn that listens, which must end.
        """
        wakes, turns, phase = self.wakes, self.counted.total(), self.activity.phase
        self.ask()

        def heard() -> bool:
            listened = phase == "listening" and self.counted.total() > turns
            return self.wakes > wakes or listened

        if not await self._happens(heard, ENDLESS if phase == "listening" else DEAF):
            self.faults.append(f"a {what} was not heard in {phase}; {list(self.happened)[-12:]}")

    def _driver(self, utterance: Utterance) -> Driver | None:
        driver = self._peer.driver_for(utterance)
        self.driven += driver is not None
        return driver

    @asynccontextmanager
    async def attacked(self) -> AsyncGenerator[None, None]:
        """Run the satellite, its ports and the strangers during this block."""
        listener = listening_socket("127.0.0.1", 0)
        place = listener.getsockname()[1]
        async with (
            self.open(),
            reachable(PORTS) as port,
            port.open(self._peer),
            api_server(listener, self.controls, Guard(None), AllowedNetworks(("loopback",))),
            asyncio.TaskGroup() as tasks,
        ):
            wyoming = int((port.bound or "").rpartition(":")[2])
            running = [tasks.create_task(self._peer.run())]
            running += [tasks.create_task(self.speech.announcer.run())]
            for _ in range(STRANGERS):
                running.append(tasks.create_task(self._bother(wyoming, self._wyoming)))
                running.append(tasks.create_task(self._bother(place, self._http)))
            try:
                yield
            finally:
                for task in running:
                    task.cancel()

    async def _bother(self, port: int, make: Callable[[], tuple[str, bytes]]) -> None:
        """Send one stream after another, each cut off, reset or read at random."""
        chance = self._strange
        while True:
            kind, stream = make()
            self.did_strangers[kind] += 1
            if chance.random() < 0.3:
                stream = stream[: chance.randrange(len(stream))]
            try:
                async with asyncio.timeout(20):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    try:
                        writer.write(stream)
                        await writer.drain()
                        async with asyncio.timeout(chance.choice((0.0, 0.1, 1.0, 10.0))):
                            while await reader.read(65536):
                                pass
                    finally:
                        writer.transport.abort()
            except (OSError, TimeoutError):
                pass  # it hung up, or this one leaves
            await asyncio.sleep(chance.uniform(0.1, PAUSE))

    def _wyoming(self) -> tuple[str, bytes]:
        chance = self._strange
        kind = chance.choice(("corrupted", "corrupted", "announcement", "text", "driver", "flood"))
        if kind == "announcement":
            priority = chance.choice(("low", "normal", "high"))
            start = {**AUDIO, "context": {"satellite": {"priority": priority, "chime": False}}}
            sound = Event("audio-chunk", dict(AUDIO), bytes(chance.randrange(1, 16000) * 2))
            stop = [Event("audio-stop")] * chance.choice((0, 1))
            return kind, b"".join(map(encode, (Event("audio-start", start), sound, *stop)))
        if kind == "text":
            return kind, encode(Event("synthesize", {"text": "Somebody is at the door."}))
        if kind == "driver":
            return kind, encode(Event("run-satellite"))
        if kind == "flood":
            return kind, encode(Event("describe")) * 200
        while b"pause-satellite" in (stream := mutated(chance, self._streams)) or not stream:
            pass  # it would mute the satellite, as Home Assistant may
        return kind, stream

    def _http(self) -> tuple[str, bytes]:
        chance = self._strange
        wav = io.BytesIO()
        with wave.open(wav, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(chance.choice((8000, 16000, 48000)))
            file.writeframes(bytes(2 * chance.randrange(1, 8000)))
        bodies = {
            "wav": wav.getvalue(),
            "json": b'{"wav": "%s", "wait": false}' % base64.b64encode(wav.getvalue()),
            "deep": b'{"text": ' + b"[" * 100_000,
            "bomb": BOMB,
            "noise": chance.randbytes(300),
        }
        kind = chance.choice((*bodies, "state", "garbage"))
        if kind == "garbage":
            return kind, chance.randbytes(2000)
        if kind == "state":
            return kind, b"GET /api/state HTTP/1.1\r\nHost: localhost\r\n\r\n"
        body = bodies[kind]
        head = b"POST /api/announce HTTP/1.1\r\nHost: localhost\r\n"
        head += b"Content-Length: %d\r\n" % len(body)
        head += b"Content-Type: %s\r\n" % (b"audio/wav" if kind == "wav" else b"application/json")
        head += b"Content-Encoding: gzip\r\n" if kind == "bomb" else b""
        return f"http {kind}", head + b"\r\n" + body


async def soak(turns: int, seed: int) -> AttackedSatellite:
    """Run turns under attack."""
    satellite = AttackedSatellite(seed)
    async with satellite.attacked():
        while satellite.counted.total() < turns and len(satellite.faults) < 20:
            await satellite.turn()
    return satellite


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)  # troubles by the thousand, as ordered
    began = time.monotonic()
    with asyncio.Runner(loop_factory=PatientLoop) as runner:
        satellite = runner.run(soak(given.turns, given.seed))
    outcomes = ", ".join(f"{kind} {count}" for kind, count in satellite.counted.most_common())
    print(f"{satellite.counted.total()} turns: {outcomes}; {satellite.driven} driven by strangers")
    strangers = satellite.did_strangers
    print(f"{strangers.total()} strangers: {dict(strangers)}; {time.monotonic() - began:.0f} s")
    for fault in satellite.faults:
        print("FAULT", fault)
    print(f"{len(satellite.faults)} faults")
    sys.exit(bool(satellite.faults))


if __name__ == "__main__":
    main()
