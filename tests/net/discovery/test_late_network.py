"""Programs started before the network is up, as at boot, find each other later."""

from __future__ import annotations

import subprocess
import sys

from tests.support.netns import Namespace, namespaces

__all__ = ["namespaces"]

SERVER = """
import asyncio
from satellite.net.discovery import advert, mdns
mdns.REFRESH = advert.REFRESH = 0.5
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
from satellite.net.discovery import mdns
mdns.REFRESH = 0.5
from satellite.net.discovery.browser import Discovery
from satellite.net.pairing import Pairing
async def main():
    discovery = Discovery(pairing=Pairing())
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        looking = tasks.create_task(discovery.run())
        print("looking", await discovery.wait_for(["tts"], 0.3), flush=True)
        print(await discovery.wait_for(["tts"], 15), discovery.servers("tts")[0].uri, flush=True)
        looking.cancel()
asyncio.run(main())
"""


def test_a_network_that_comes_up_later_is_used(namespaces: tuple[Namespace, ...]) -> None:
    here, there = namespaces
    for machine in namespaces:
        shell(machine, f"ip addr del {machine.address}/24 dev eth0 && ip link set eth0 down")
    with start(there, SERVER) as server, start(here, SATELLITE) as satellite:
        try:
            assert line(satellite) == "looking False"
            assert line(server) == "announced"
            for machine in namespaces:
                shell(machine, f"ip link set eth0 up && ip addr add {machine.address}/24 dev eth0")
            assert line(satellite) == f"True tcp://{there.address}:10200"
            assert satellite.wait(10) == 0
        finally:
            server.terminate()


def start(machine: Namespace, program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*machine.prefix, sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def shell(machine: Namespace, command: str) -> None:
    subprocess.run([*machine.prefix, "sh", "-c", command], check=True, timeout=10)
