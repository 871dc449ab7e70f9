"""A machine that gets another address, as by DHCP, is followed."""

from __future__ import annotations

import time

from tests.net.discovery.test_late_network import line, shell, start
from tests.support.netns import Namespace, namespaces

__all__ = ["namespaces"]

MOVED = "10.77.0.99"
SOON = 8.0
"""Seconds: the server checks its address every three, announces it within one, and all satellites
spread their checks."""

SERVER = """
import asyncio
from satellite.net.discovery import advert
from satellite.net.uri import Tcp
from servers.serve import serving
from tests.support.engines import ScriptedTts
async def main():
    async with serving("tts", ScriptedTts(), "tcp://0.0.0.0:10200"):
        told = lambda names: print("announced", flush=True)
        speech = advert.Advert(role="tts", bound=Tcp("0.0.0.0", 10200))
        await advert.announce([speech], on_announced=told)
asyncio.run(main())
"""

SATELLITE = """
import asyncio
from satellite.net.discovery.browser import Discovery
from satellite.net.pairing import Pairing
async def main():
    discovery = Discovery(pairing=Pairing())
    async with asyncio.timeout(40), asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(discovery.run())
        seen = set()
        while len(seen) < 2:
            for server in discovery.servers("tts"):
                if server.uri not in seen:
                    seen.add(server.uri)
                    print(server.uri, flush=True)
            await asyncio.sleep(0.01)
        looking.cancel()
asyncio.run(main())
"""


def test_a_changed_address_is_followed(namespaces: tuple[Namespace, ...]) -> None:
    here, there = namespaces
    with start(there, SERVER) as server, start(here, SATELLITE) as satellite:
        try:
            assert line(server) == "announced"
            assert line(satellite) == f"tcp://{there.address}:10200"
            shell(there, f"ip addr flush dev eth0 && ip addr add {MOVED}/24 dev eth0")
            moved = time.monotonic()
            assert line(satellite) == f"tcp://{MOVED}:10200"
            assert time.monotonic() - moved < SOON
            assert satellite.wait(10) == 0
        finally:
            server.terminate()
            satellite.kill()
