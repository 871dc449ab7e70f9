"""Forgers in the group of satellites: who wins wake words and has no turn is not believed."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from satellite.arbitration import arbiter, election
from satellite.arbitration import group as satellite_group
from satellite.arbitration import peers as table
from satellite.arbitration.multicast import MulticastNetwork
from satellite.arbitration.peers import EVIDENCE, FEW, MOST, PeerTable, SocketAddress
from satellite.arbitration.protocol import Claim, GroupMessage, MessageKind, Rank, Seal
from satellite.net.pairing.group_phrases import GroupPhrases
from satellite.net.pairing.key_store import KeyStore
from satellite.settings import PairingSettings, RoomsSettings, Settings
from tests.arbitration.simulated_group import SimulatedSatellite, home, settings, until, word
from tests.arbitration.test_multicast import LOOP

WAKES = 2 * FEW + 1


class Forger:
    """Answers every claim with a better one."""

    def __init__(self, network: Settings, quality: int, *, names: bool, decides: bool) -> None:
        """`names`: whether it has a new name for each claim; `decides`: whether it also announces
        the decision to answer."""
        self._seal = Seal(network.rooms.group)
        self._network = MulticastNetwork(network.rooms.port, self._receive)
        self._quality, self._names, self._decides = quality, names, decides
        self._id = secrets.token_hex(8)
        self._answered: set[tuple[str, int]] = set()
        self._sent = 0
        self.has_turns = False

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        self._network.open()
        self._network.join([LOOP])
        try:
            yield
        finally:
            self._network.close()

    async def join(self, satellite: SimulatedSatellite) -> None:
        """Announce itself until a satellite knows it."""
        async with asyncio.timeout(5):
            while not satellite.arbiter.others:
                self.send("here")
                await asyncio.sleep(0.05)

    def send(self, kind: MessageKind, claim: Claim | None = None, busy: bool = False) -> None:
        self._sent += 1
        message = GroupMessage(kind, self._id, self._sent, "cellar", busy=busy, claim=claim)
        self._network.send_to_group(self._seal.write(message))

    def _receive(self, datagram: bytes, address: SocketAddress) -> None:
        message = self._seal.read(datagram)
        if message is None or message.claim is None or message.name == "cellar":
            return
        wake = message.satellite, message.claim.event
        if wake in self._answered:
            return
        self._answered.add(wake)
        if self._names:
            self._id = secrets.token_hex(8)
            self.send("here")
        rank = Rank(True, self._quality, 1000, self._id)
        claim = msgspec.structs.replace(message.claim, rank=rank)
        self.send("claim", claim)
        if self._decides:
            self.send("answer", claim)
        if self.has_turns:
            self.send("answer", claim, busy=True)
            self.send("here")


async def answered(satellite: SimulatedSatellite) -> bool:
    """Fire the detector; return whether the satellite answers."""
    before = len(satellite.answered), len(satellite.published)
    if not satellite.wake():
        return False
    await until(lambda: len(satellite.answered) > before[0] or satellite.open is None)
    done = len(satellite.answered) > before[0]
    if satellite.open is not None:
        satellite.open.close()
    return done


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expect outcomes soon, as the wakes of a test follow each other at once."""
    monkeypatch.setattr(table, "EVIDENCE", 0.2)
    monkeypatch.setattr(election, "SAME", 0.2)
    for module in (election, arbiter):
        monkeypatch.setattr(module, "ANSWERED", 0.3)


@pytest.mark.parametrize("names", [False, True], ids=["one name", "many names"])
@pytest.mark.parametrize("decides", [False, True], ids=["claims", "decides"])
async def test_a_forger_silences_a_satellite_for_a_few_words_only(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    quick: None,
    names: bool,
    decides: bool,
) -> None:
    group = settings()
    forger = Forger(group, 80, names=names, decides=decides)
    async with home(monkeypatch, "kitchen", home_settings=group) as (kitchen,):
        kitchen.recorded = word(-30)
        async with forger.open():
            await forger.join(kitchen)
            results = []
            for _ in range(WAKES):
                results.append(await answered(kitchen))
                await asyncio.sleep(0.5)
                forger.send("here")
    assert results[0] is False
    assert results.count(False) <= FEW + 1
    assert all(results[-3:])
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert f"has won {FEW} wake words and had no turn" in warnings[0]
    assert "rooms.group" in warnings[0]


async def test_a_satellite_that_has_turns_is_believed(
    monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    group = settings()
    other = Forger(group, 80, names=False, decides=True)
    other.has_turns = True
    async with home(monkeypatch, "kitchen", home_settings=group) as (kitchen,):
        kitchen.recorded = word(-30)
        async with other.open():
            await other.join(kitchen)
            for _ in range(FEW + 2):
                assert not await answered(kitchen)
                await asyncio.sleep(0.5)


def _paired(place: Path, group: Settings) -> Settings:
    """Return settings of the default group on a machine that has paired, on the port of `group`."""
    keys = KeyStore(place / "keys")
    GroupPhrases(keys).ensure()
    rooms = RoomsSettings(port=group.rooms.port)
    return msgspec.structs.replace(group, rooms=rooms, pairing=PairingSettings(folder=str(place)))


async def test_paired_satellites_ignore_forgers_of_the_default_group(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    group = _paired(tmp_path, settings())
    forger = Forger(group, 80, names=False, decides=True)
    async with home(monkeypatch, "kitchen", "hall", home_settings=group) as (kitchen, hall):
        kitchen.recorded, hall.recorded = word(-30), word(-36)
        async with forger.open():
            forger.send("here")
            assert hall.wake()
            assert await answered(kitchen)
            await until(lambda: hall.open is None)
            assert not hall.answered
    assert "cellar is a satellite in the default group" in caplog.text


async def test_pairing_moves_a_running_satellite_to_the_group_of_its_phrase(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(satellite_group, "PRESENCE", (0.05, 0.1))
    before = settings()
    place = tmp_path / "later"
    unpaired = msgspec.structs.replace(
        before,
        rooms=RoomsSettings(port=before.rooms.port),
        pairing=PairingSettings(folder=str(place)),
    )
    async with home(monkeypatch, "kitchen", "hall", home_settings=unpaired) as (kitchen, hall):
        phrase = GroupPhrases(KeyStore(place / "keys")).ensure()
        stranger = Forger(unpaired, 80, names=False, decides=True)
        await asyncio.sleep(0.5)
        async with stranger.open():
            stranger.send("here")
            await asyncio.sleep(0.3)
            assert (kitchen.arbiter.others, hall.arbiter.others) == (1, 1)
        assert len(phrase) == 1


HOST = ("10.0.0.7", 40000)


class Clock:
    """A table of satellites, and messages to it."""

    def __init__(self) -> None:
        self.table = PeerTable()
        self.now = 0.0
        self.number = 0

    def hear(self, sender: int, *, busy: bool) -> None:
        self.number += 1
        message = GroupMessage("here", f"{sender:016x}", self.number, "hall", busy=busy)
        self.table.note(self.now, message, HOST)

    def leave(self, sender: int, *, turn: bool) -> list[str]:
        """Leave a wake to a satellite; return those that are doubted once its outcome is due."""
        self.table.note_left(self.now, f"{sender:016x}")
        if turn:
            self.hear(sender, busy=True)
        self.now += EVIDENCE
        doubted = self.table.note_outcomes(self.now)
        self.hear(sender, busy=False)
        return doubted

    def believes(self, sender: int) -> bool:
        return self.table.believed(self.now, f"{sender:016x}")


def test_trust_follows_outcomes() -> None:
    clock = Clock()
    clock.hear(1, busy=False)
    for _ in range(50):
        assert clock.leave(1, turn=True) == []
    assert [clock.leave(1, turn=False) for _ in range(FEW)][-1] == [f"{1:016x}"]
    assert not clock.believes(1)
    assert clock.believes(2)  # another one has not failed yet
    clock.hear(1, busy=True)  # a turn in its own room: it is believed again
    assert clock.believes(1)


def test_new_names_have_one_credit_together() -> None:
    clock = Clock()
    clock.hear(1, busy=False)
    assert clock.leave(1, turn=True) == []
    for sender in range(2, 2 + FEW):
        clock.hear(sender, busy=False)
        clock.leave(sender, turn=False)
    clock.hear(99, busy=False)
    assert not clock.believes(99)
    assert clock.believes(1)  # it had turns
    clock.hear(99, busy=True)
    assert clock.believes(99)


def test_one_that_is_always_busy_has_no_turns() -> None:
    clock = Clock()
    for _ in range(FEW):
        clock.hear(1, busy=True)
        clock.table.note_left(clock.now, f"{1:016x}")
        clock.now += EVIDENCE
        clock.hear(1, busy=True)
        clock.table.note_outcomes(clock.now)
    assert not clock.believes(1)


def test_a_turn_that_began_before_the_wake_was_given_up_counts() -> None:
    """Its decision, sent from within the turn, may be the first message that arrives."""
    clock = Clock()
    for _ in range(2 * FEW):
        clock.hear(1, busy=False)
        clock.hear(1, busy=True)
        clock.table.note_left(clock.now, f"{1:016x}")
        clock.now += EVIDENCE
        assert clock.table.note_outcomes(clock.now) == []
    assert clock.believes(1)


def test_what_is_remembered_of_outcomes_is_bounded() -> None:
    clock = Clock()
    for sender in range(1000):
        clock.table.note_left(clock.now, f"{sender:016x}")
    assert len(clock.table._left) == MOST  # noqa: SLF001
