"""The long form of the attacks on trust: python -m tests.attack.trust_fuzz [--seconds 600]

Random proofs and hellos against a pairing code, random answers to a joining machine, random names
of adverts against those of paired machines, and random datagrams against the table of satellites.
Prints what was tried, and exits with 1 at the first thing that gives way.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path

import msgspec
from wyoming.event import Event

from satellite.arbitration.peers import EVIDENCE, FEW, PeerTable
from satellite.arbitration.protocol import GroupMessage, Seal
from satellite.net.pairing.machine_names import imitated
from tests.attack.test_pairing_tries import Odd, assert_voided, joined_with, valid_hello

_LOGGER = logging.getLogger(__name__)

KINDS = ("pair-proof", "pair-hello", "pair-group", "error", "describe", "\u00e9", "")
FIELDS = ("proof", "phrases", "name", "message", "certificate", "text")
LETTERS = "aeiou0123456789 .-_:den\u0435\u043e\u200b\u202e\u0301\uff44\u00e9\U0001d41d\x00\x1b\n"


def text(source: random.Random, most: int = 80) -> str:
    """Return a random text of letters that have fooled programs before."""
    return "".join(source.choice(LETTERS) for _ in range(source.randrange(most)))


def value(source: random.Random, depth: int = 0) -> object:
    """Return a random value of JSON."""
    kind = source.randrange(7 if depth < 3 else 5)
    if kind == 5:
        return [value(source, depth + 1) for _ in range(source.randrange(4))]
    if kind == 6:
        return {text(source, 8): value(source, depth + 1) for _ in range(source.randrange(4))}
    simple = (None, True, source.randrange(-(2**63), 2**63), text(source), secrets.token_hex(32))
    return simple[kind]


def odd(source: random.Random) -> Odd:
    """Return something odd to send in place of a proof."""
    if source.random() < 0.2:
        return source.randbytes(source.randrange(1, 5000)) + b"\n"
    fields = {name: value(source) for name in source.sample(FIELDS, source.randrange(4))}
    return Event(source.choice(KINDS), fields)


async def pairing(source: random.Random, place: Path) -> None:
    """Three odd tries void a code, whatever they are."""
    hello = source.random() < 0.7
    await assert_voided(place, [odd(source) for _ in range(3)], hello=hello)


async def joining(source: random.Random, place: Path) -> None:
    """A joining machine reports whatever answers in place of the other one."""
    first = valid_hello() if source.random() < 0.7 else odd(source)
    await joined_with([first, odd(source)], place)


async def names(source: random.Random, place: Path) -> None:
    """A name in another spelling is that name."""
    name = "den" + text(source, 8).replace("\n", "")
    for other in (name, name.upper(), name.swapcase(), f"\u202e{name}", f"{name} llm"):
        assert imitated(other, ["den", name]) is not None, (name, other)


async def group(source: random.Random, place: Path) -> None:
    """Random datagrams are refused or harmless, and trust without turns ends."""
    seal, peers, now = Seal("home"), PeerTable(), 0.0
    for number in range(300):
        sender = f"{source.randrange(20):016x}"
        message = GroupMessage("here", sender, number, text(source, 60) or "x", busy=False)
        datagram = bytearray(seal.write(message))
        if source.random() < 0.5:
            datagram[source.randrange(len(datagram))] ^= 1 << source.randrange(8)
            assert seal.read(bytes(datagram)) is None
            continue
        read = seal.read(bytes(datagram))
        assert read is not None
        peers.note(now, read, ("10.0.0.7", 1))
        peers.note_left(now, sender)
        now += EVIDENCE
        peers.note_outcomes(now)
        assert number < 20 * FEW or not peers.believed(now, sender)


async def run(seconds: float, seed: int) -> int:
    """Run all attacks by turns; return the exit code."""
    source, until = random.Random(seed), time.monotonic() + seconds
    attacks = (pairing, joining, names, group)
    counts = dict.fromkeys((attack.__name__ for attack in attacks), 0)
    while time.monotonic() < until:
        for attack in attacks:
            with tempfile.TemporaryDirectory() as place:
                try:
                    await attack(source, Path(place))
                except Exception:
                    _LOGGER.exception("%s gave way (seed %d)", attack.__name__, seed)
                    return 1
            counts[attack.__name__] += 1
    print(f"held for {seconds:g} s: {msgspec.json.encode(counts).decode()}")
    return 0


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    return asyncio.run(run(given.seconds, given.seed))


if __name__ == "__main__":
    sys.exit(main())
