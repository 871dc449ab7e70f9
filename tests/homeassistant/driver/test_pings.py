"""When Home Assistant's pings are answered, and when the satellite disconnects."""

from __future__ import annotations

import asyncio

import pytest
from wyoming.event import Event

from satellite.homeassistant.driver import pings
from satellite.homeassistant.driver.pings import Pings
from satellite.homeassistant.driver.port import reachable
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from tests.support.scripted_home_assistant import connected_home_assistant
from tests.support.scripted_satellite import QUIET, SOON, ScriptedSatellite


class Wire:
    """The pings of a connection, and the events that they send."""

    def __init__(self) -> None:
        self.sent: list[Event] = []
        self.pings = Pings(self.sent.append)

    @property
    def pongs(self) -> int:
        return sum(event.type == "pong" for event in self.sent)


def _known() -> Wire:
    """Return pings of which Home Assistant's first one and one of ours are answered."""
    wire = Wire()
    wire.pings.send_ping()
    wire.pings.pong_received()
    wire.pings.ping_received(None)
    assert wire.pongs == 1
    return wire


async def _rested(wire: Wire) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await wire.pings.wait_until_quiet()
    return loop.time() - began


async def test_a_ping_waits_for_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pings, "HOLD", 0.05)
    wire = _known()
    wire.pings.ping_received(None)
    assert wire.pongs == 1
    await asyncio.sleep(0.2)
    assert wire.pongs == 2
    wire.pings.stop()


async def test_a_program_that_waits_for_pongs_gets_them_at_once() -> None:
    wire = Wire()
    for _ in range(3):  # it does not answer ours, and so may not know that we are here
        wire.pings.ping_received(None)
    assert wire.pongs == 3
    wire = _known()
    wire.pings.ping_received("a text")
    assert wire.pongs == 2
    wire.pings.ping_received(None)
    wire.pings.ping_received(None)  # it did not wait
    assert wire.pongs == 4
    wire.pings.ping_received(None)
    assert wire.pongs == 5


async def test_it_disconnects_at_once_while_a_ping_waits() -> None:
    wire = _known()
    wire.pings.ping_received(None)
    assert await _rested(wire) < 0.1
    wire.pings.stop()


async def test_without_a_waiting_ping_it_disconnects_after_the_next_one() -> None:
    wire = _known()
    loop = asyncio.get_running_loop()
    loop.call_later(0.1, wire.pings.ping_received, None)
    assert 0.09 < await _rested(wire) < pings.LEAVE
    assert wire.pongs == 1
    wire.pings.stop()


async def test_it_disconnects_after_the_answer_to_its_own_ping() -> None:
    wire = _known()
    wire.pings.ping_received(None)
    wire.pings.send_ping()
    asyncio.get_running_loop().call_later(0.1, wire.pings.pong_received)
    assert 0.09 < await _rested(wire) < pings.LEAVE
    wire.pings.stop()


async def test_it_disconnects_without_a_ping_after_the_longest_wait() -> None:
    wire = _known()
    assert await _rested(wire) == pytest.approx(pings.LEAVE, abs=0.3)


async def test_home_assistant_is_disconnected_while_its_ping_waits() -> None:
    async with (
        ScriptedSatellite().open() as satellite,
        connected_home_assistant(satellite.uri) as home,
    ):
        await home.send("ping")
        await satellite.until(lambda: home.pongs == 1)
        await home.send("ping")
        await asyncio.sleep(0.05)
        await satellite.peer.disconnect()
        await satellite.until(lambda: home.gone)
        assert home.pongs == 1


async def test_a_peer_that_connects_while_models_load_is_served_afterwards() -> None:
    satellite = ScriptedSatellite()
    async with reachable(QUIET) as port:
        assert port.bound
        early = await connect(port.bound, SOON, pairing=Pairing())
        await early.write(Event("run-satellite"))
        await early.write(Event("describe"))
        async with port.open(satellite.peer), asyncio.timeout(SOON):
            kinds = set()
            while "info" not in kinds and (event := await early.read()) is not None:
                kinds.add(event.type)
        assert "info" in kinds
        while await early.read() is not None:  # its ping
            pass
        late = await connect(port.bound, SOON, pairing=Pairing())
        assert await late.read() is None
        for connection in (early, late):
            await connection.close()
