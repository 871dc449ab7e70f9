"""Machines that show a pairing code are found by name, in network namespaces."""

from __future__ import annotations

import subprocess
import sys

from tests.support.netns import Namespace, namespaces

__all__ = ["namespaces"]

ANNOUNCE = """
import asyncio, sys
from satellite.net.discovery.pairing_codes import announce
print("announcing", flush=True)
asyncio.run(announce(sys.argv[1], 4242))
"""

FIND = """
import asyncio
from satellite.net.discovery.pairing_codes import find
print(asyncio.run(find(4.0)))
"""


def test_a_machine_that_shows_a_code_is_found(namespaces: tuple[Namespace, Namespace]) -> None:
    here, there = namespaces
    announcing = subprocess.Popen(
        [*there.prefix, sys.executable, "-c", ANNOUNCE, "the den"], stdout=subprocess.PIPE
    )
    try:
        assert announcing.stdout is not None
        assert announcing.stdout.readline() == b"announcing\n"
        done = subprocess.run(
            [*here.prefix, sys.executable, "-c", FIND], capture_output=True, text=True, timeout=60
        )
    finally:
        announcing.kill()
        announcing.communicate()
    found = {"the den": (there.address, 4242)}
    assert done.stdout.strip() == str(found), done.stderr
