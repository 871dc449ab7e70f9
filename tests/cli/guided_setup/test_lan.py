"""Home Assistants are found on the LAN, whatever their adverts contain."""

from __future__ import annotations

import subprocess
import sys

from tests.support.netns import Namespace

ANNOUNCE = """
import socket, sys, time
from zeroconf import ServiceInfo, Zeroconf
if sys.argv[4:]:
    listener = socket.create_server((sys.argv[1], 8123))
kind = "_home-assistant._tcp.local."
facts = {"location_name": sys.argv[2], "version": "2026.11.0", "internal_url": sys.argv[3]}
info = ServiceInfo(kind, f"home.{kind}", port=8123, properties=facts,
                   addresses=[socket.inet_aton(sys.argv[1])], server="home.local.")
zeroconf = Zeroconf(interfaces=[sys.argv[1]])
zeroconf.register_service(info)
print("announced", flush=True)
time.sleep(120)
"""

LOOK = """
import asyncio
from satellite.cli.guided_setup.lan import find_homes
for home in asyncio.run(find_homes()):
    print(home.name, home.url, home.version)
"""


def look(here: Namespace, there: Namespace, name: str, url: str, *, listening: bool = False) -> str:
    announcing = subprocess.Popen(
        [
            *(*there.prefix, sys.executable, "-c", ANNOUNCE, there.address, name, url),
            *["listening"] * listening,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert announcing.stdout is not None
        assert announcing.stdout.readline() == "announced\n"
        done = subprocess.run(
            [*here.prefix, sys.executable, "-c", LOOK], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
    finally:
        announcing.kill()
        announcing.communicate()


def test_the_address_of_the_advert_is_used(namespaces: tuple[Namespace, Namespace]) -> None:
    found = look(*namespaces, "Our House", "http://home.local:8123")
    assert found == "Our House http://home.local:8123 2026.11.0\n"


def test_a_malformed_address_is_replaced_by_that_of_the_host(
    namespaces: tuple[Namespace, Namespace],
) -> None:
    found = look(*namespaces, "Our\x1b[31m House", "javascript:alert(1)")
    assert found == f"Our[31m House http://{namespaces[1].address}:8123 2026.11.0\n"


def test_an_address_that_leads_nowhere_from_here_is_replaced(
    namespaces: tuple[Namespace, Namespace],
) -> None:
    found = look(*namespaces, "Home", "http://127.0.0.1:8123", listening=True)
    assert found == f"Home http://{namespaces[1].address}:8123 2026.11.0\n"
