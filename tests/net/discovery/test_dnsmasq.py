"""Servers behind a name of a real DNS server, dnsmasq, as a home's router runs it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.program import environment
from tests.net.discovery.test_late_network import line, shell, start
from tests.support.debian import need
from tests.support.netns import Namespace, namespaces
from tests.support.speech import ROOT

__all__ = ["namespaces"]

PORT = 10200
NAMES = (f"tcp://voice.home.example:{PORT}", "_wyoming._tcp.home.example")
"""A name with several addresses, and one with SRV records."""
FIRST, ADDED, MOVED = ("10.77.0.11", "10.77.0.12", "10.77.0.13"), "10.77.0.14", "10.77.0.15"
SOON = 10.0
"""Seconds until a change of DNS is followed."""

SERVER = f"""
import asyncio
from servers.serve import serving
from tests.support.engines import ScriptedTts
async def main():
    async with serving("tts", ScriptedTts(), "tcp://0.0.0.0:{PORT}"):
        print("serving", flush=True)
        await asyncio.sleep(100)
asyncio.run(main())
"""

SATELLITE = """
import asyncio
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.preferences import Preferences
from satellite.net.pairing import Pairing
async def main():
    names = Preferences(names=("{name}",))
    discovery = Discovery(pairing=Pairing(), preferences=names, announced=False)
    async with asyncio.timeout(90), asyncio.TaskGroup() as tasks:
        tasks.create_task(discovery.run())
        before = None
        while True:
            used = " ".join(sorted(server.uri for server in discovery.servers("tts")))
            if used != before:
                print(used, flush=True)
                before = used
            await asyncio.sleep(0.02)
asyncio.run(main())
"""


class HomeDns:
    """A dnsmasq on a machine, which is begun again whenever the records change."""

    def __init__(self, machine: Namespace, folder: Path) -> None:
        self._machine = machine
        self._records = folder / "dnsmasq.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._program = need("dnsmasq", "dnsmasq-base")

    def answer(self, addresses: Sequence[str]) -> None:
        """Answer from now on with these addresses, and wait until it does."""
        self.stop()
        hosts = {f"pod{address.rpartition('.')[2]}.home.example": address for address in addresses}
        records = [
            *(f"host-record=voice.home.example,{address}" for address in addresses),
            *(f"host-record={host},{address}" for host, address in hosts.items()),
            *(f"srv-host={NAMES[1]},{host},{PORT}" for host in hosts),
        ]
        self._records.write_text("\n".join(records) + "\n")
        options = ["--no-daemon", "--no-resolv", "--no-hosts", "--user=root", "--pid-file="]
        options += ["--local-ttl=1", f"--conf-file={self._records}"]
        self._process = subprocess.Popen(
            [*self._machine.prefix, self._program, *options], stderr=subprocess.DEVNULL
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


@contextmanager
def resolving(machine: Namespace, program: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a Python program that asks the name server of its own machine."""
    file, script = folder / "resolv.conf", folder / "follow.py"
    file.write_text(f"nameserver {machine.address}\noptions timeout:1\n")
    script.write_text(program)
    # `ip netns exec` gives the program mounts of its own: the machine's file stays as it is
    mount = f"mount --bind {file} /etc/resolv.conf && exec "
    with subprocess.Popen(
        [*machine.prefix, "sh", "-c", f"{mount} {sys.executable} {script}"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(PYTHONPATH=str(ROOT)),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def followed(satellite: subprocess.Popen[str], addresses: Sequence[str]) -> float:
    """Return the seconds until a satellite uses exactly the servers at these addresses."""
    wanted = " ".join(sorted(f"tcp://{address}:{PORT}" for address in addresses))
    began = time.monotonic()
    while (used := line(satellite)) != wanted:
        assert satellite.poll() is None
        assert time.monotonic() - began < 3 * SOON, f"it uses {used}"
    return time.monotonic() - began


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", NAMES, ids=["addresses", "srv"])
def test_a_name_of_dns_is_followed(
    name: str, namespaces: tuple[Namespace, ...], tmp_path: Path
) -> None:
    here, there = namespaces
    for address in (*FIRST, ADDED):
        shell(there, f"ip addr add {address}/24 dev eth0")
    dns = HomeDns(here, tmp_path)
    with start(there, SERVER) as server:
        try:
            assert line(server) == "serving"
            dns.answer(FIRST)
            with resolving(here, SATELLITE.format(name=name), tmp_path) as satellite:
                followed(satellite, FIRST)
                dns.answer([*FIRST, ADDED])
                added = followed(satellite, [*FIRST, ADDED])
                dns.answer([*FIRST[1:], ADDED])  # the first one still runs
                removed = followed(satellite, [*FIRST[1:], ADDED])
                shell(there, f"ip addr del {ADDED}/24 dev eth0")
                shell(there, f"ip addr add {MOVED}/24 dev eth0")
                dns.answer([*FIRST[1:], MOVED])
                moved = followed(satellite, [*FIRST[1:], MOVED])
        finally:
            dns.stop()
            server.kill()
    assert max(added, removed, moved) < SOON, (added, removed, moved)
