"""Pairing: only a machine that knows the code is paired, wherever an attacker is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from wyoming.event import Event

from satellite.errors import PeerClosed, PeerUnreachable, WireError
from satellite.net.pairing import exchange, join
from satellite.net.pairing.errors import PairingFailed
from satellite.net.pairing.exchange import Party
from satellite.net.pairing.offer import TRIES, Offer, new_code
from satellite.net.pairing.tls import client_context, server_context
from satellite.net.wire import Connection
from tests.net.pairing.machines import Machine
from tests.support.peers import until

CODE = "40210037"
HERE = "127.0.0.1"


@pytest.fixture
def den(tmp_path: Path) -> Machine:
    return Machine(tmp_path, "den")


@pytest.fixture
def kitchen(tmp_path: Path) -> Machine:
    return Machine(tmp_path, "kitchen")


@asynccontextmanager
async def offered(machine: Machine, failures: list[str]) -> AsyncGenerator[tuple[Offer, int], None]:
    offer = Offer(machine.folder, machine.name, CODE, failures.append)
    async with offer.open(HERE, 0) as port:
        yield offer, port


async def test_pairing_exchanges_both_keys(
    den: Machine, kitchen: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with offered(den, []) as (offer, port):
        await join.check_reachable(HERE, port)
        met = await join.join(kitchen.folder, HERE, port, "4021 0037", "kitchen")
        came = await offer.paired(5)
        with pytest.raises(PairingFailed, match="void"):  # one code, one machine
            await join.join(kitchen.folder, HERE, port, CODE, "kitchen")
    assert (met.name, met.fingerprint) == ("den", den.key.fingerprint)
    assert (came.name, came.fingerprint) == ("kitchen", kitchen.key.fingerprint)
    assert kitchen.peers.all() == (met,)
    assert den.peers.all() == (came,)
    assert "4021" not in caplog.text
    assert "PRIVATE" not in caplog.text


async def test_wrong_codes_pair_no_machine_and_void_the_code(
    den: Machine, kitchen: Machine
) -> None:
    failures: list[str] = []
    async with offered(den, failures) as (offer, port):
        for _ in range(TRIES):
            with pytest.raises(PairingFailed, match="the code was wrong"):
                await join.join(kitchen.folder, HERE, port, "40210038", "kitchen")
        with pytest.raises(PairingFailed, match="void"):
            await join.join(kitchen.folder, HERE, port, CODE, "kitchen")
        with pytest.raises(PairingFailed, match="3 tries have failed"):
            await offer.paired(5)
    assert [failure.rpartition("(")[2] for failure in failures] == [
        f"{left} tries left)" for left in (2, 1, 0)
    ]
    assert den.peers.all() == kitchen.peers.all() == ()


async def test_a_joining_machine_that_hangs_up_uses_a_try(den: Machine, kitchen: Machine) -> None:
    """Otherwise an attacker could guess without limit, as the answer to a hello is enough."""
    failures: list[str] = []
    async with offered(den, failures) as (offer, port):
        for count in range(1, TRIES + 1):
            connection = await _connected(port)
            hello = {"name": "x", "certificate": kitchen.key.certificate, "message": "00"}
            await connection.write(Event("pair-hello", hello))
            connection.abort()
            await until(lambda count=count: len(failures) == count)  # type: ignore[misc]
        with pytest.raises(PairingFailed, match="3 tries have failed"):
            await offer.paired(5)


async def test_an_unused_code_expires(den: Machine) -> None:
    async with offered(den, []) as (offer, _):
        with pytest.raises(PairingFailed, match="no machine has joined"):
            await offer.paired(0.01)


async def test_an_attacker_in_between_is_detected_by_both_sides(
    den: Machine, kitchen: Machine, tmp_path: Path
) -> None:
    """The attacker forwards every event, and so both proofs; but each side sees another
    certificate."""
    failures: list[str] = []
    eve = Machine(tmp_path, "eve")
    async with offered(den, failures) as (offer, port), _between(eve, port) as his:
        with pytest.raises(PairingFailed, match=r"the code was wrong, or an attacker in between"):
            await join.join(kitchen.folder, HERE, his, CODE, "kitchen")
        await until(lambda: failures)
        assert not offer._paired.done()  # noqa: SLF001
    assert "attacker in between" in failures[0]
    assert den.peers.all() == kitchen.peers.all() == ()


async def test_an_impostor_without_the_code_is_detected(kitchen: Machine, tmp_path: Path) -> None:
    """Without the code the impostor cannot prove anything to the joining side."""
    eve = Machine(tmp_path, "eve")
    offer = Offer(eve.folder, "den", "99999999", lambda text: None)

    async def accept(connection: Connection, code: str, me: Party, hello: object) -> Party:
        await connection.write(Event("pair-hello", {"name": "den", "message": "42" * 33}))
        await connection.read()
        await connection.write(Event("pair-proof", {"proof": "0" * 64}))
        raise WireError("seen enough")

    with pytest.MonkeyPatch.context() as patch:
        async with offer.open(HERE, 0) as port:
            patch.setattr(exchange, "prove", accept)
            with pytest.raises(PairingFailed, match=r"SPAKE2|does not know the code"):
                await join.join(kitchen.folder, HERE, port, CODE, "kitchen")
    assert kitchen.peers.all() == ()


@pytest.mark.parametrize(
    "hello",
    [
        {},
        {"name": "x", "message": "zz", "certificate": ""},
        {"name": "x", "message": "41" * 33, "certificate": "none"},
        {"name": 5, "message": [], "certificate": {}},
    ],
)
async def test_a_malformed_hello_is_dropped(den: Machine, hello: dict[str, object]) -> None:
    async with offered(den, []) as (_, port):
        connection = await _connected(port)
        await connection.write(Event("pair-hello", hello))
        with pytest.raises(PeerClosed):
            await connection.read()
        connection.abort()
    assert den.peers.all() == ()


async def test_a_machine_without_a_code_is_reported_before_one_is_typed() -> None:
    with pytest.raises(PeerUnreachable, match="run `satellite pair` there first"):
        await join.check_reachable(HERE, 1)


def test_codes_have_eight_digits_and_differ() -> None:
    codes = {new_code() for _ in range(200)}
    assert all(len(code) == 8 and code.isdigit() for code in codes)
    assert len(codes) > 190


def test_names_of_other_machines_are_safe_in_a_terminal() -> None:
    assert exchange.printable("den\x1b[2J\n\u202eroom" + "x" * 200)[:9] == "den[2Jroo"
    assert len(exchange.printable("x" * 500)) == 64


async def _connected(port: int) -> Connection:
    context = client_context(None, exchange.PROTOCOL)
    streams = await asyncio.open_connection(HERE, port, ssl=context, server_hostname="")
    return Connection(*streams, HERE, exchange.LIMITS)


@asynccontextmanager
async def _between(eve: Machine, port: int) -> AsyncGenerator[int, None]:
    """Run a proxy that terminates TLS on both sides and forwards every byte."""
    tasks: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(4096):
            sink.write(data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        context = client_context(None, exchange.PROTOCOL)
        far = await asyncio.open_connection(HERE, port, ssl=context, server_hostname="")
        for source, sink in ((reader, far[1]), (far[0], writer)):
            tasks.add(asyncio.create_task(pump(source, sink)))
        await asyncio.wait(tasks, timeout=5)
        writer.transport.abort()
        far[1].transport.abort()

    context = server_context(eve.key, exchange.PROTOCOL)
    server = await asyncio.start_server(serve, HERE, 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.02)
