"""Three odd or wrong tries end a pairing code, and each is reported to the person who shows it."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wyoming.event import Event

from satellite.errors import WireError
from satellite.net.pairing import exchange, join
from satellite.net.pairing.errors import PairingFailed
from satellite.net.pairing.exchange import Party
from satellite.net.pairing.offer import TRIES, Offer
from satellite.net.pairing.tls import client_context, server_context
from satellite.net.wire import Connection
from tests.net.pairing.machines import Machine
from tests.support.peers import until

CODE = "40210037"
HERE = "127.0.0.1"
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=80),
    st.lists(st.text(max_size=3), max_size=3), st.dictionaries(st.text(max_size=3), st.none()),
)  # fmt: skip
"""Values of a field that is expected to hold hexadecimal text."""
FIELDS = st.dictionaries(
    st.sampled_from(["proof", "name", "message", "certificate", "text"]), VALUES
)
EVENTS = st.builds(
    Event, st.sampled_from(["pair-proof", "pair-hello", "error", "describe", "é"]), FIELDS
)

Odd = Event | bytes | None
"""An event, raw bytes, or a hang-up, where a proof is expected."""

ODD: dict[str, Odd] = {
    "not ASCII": Event("pair-proof", {"proof": "\u00e9"}),
    "a lone surrogate": b'{"type":"pair-proof","data":{"proof":"\\ud800"}}\n',
    "a number": Event("pair-proof", {"proof": 5}),
    "a list": Event("pair-proof", {"proof": ["0"]}),
    "null": Event("pair-proof", {"proof": None}),
    "missing": Event("pair-proof", {}),
    "empty": Event("pair-proof", {"proof": ""}),
    "another event": Event("describe"),
    "an error": Event("error", {"text": 5}),
    "not Wyoming": b"GET / HTTP/1.1\r\n\r\n",
    "too long": b"x" * 8192 + b"\n",
    "a hang-up": None,
}


async def attempt(port: int, eve: Machine, odd: Odd, *, hello: bool = True) -> None:
    """Connect as a joining machine, and send something odd instead of a proof (or of a hello)."""
    context = client_context(None, exchange.PROTOCOL)
    reader, writer = await asyncio.open_connection(HERE, port, ssl=context, server_hostname="")
    connection = Connection(reader, writer, HERE, exchange.LIMITS)
    try:
        async with asyncio.timeout(5):
            if hello:
                facts = {"name": "eve", "certificate": eve.key.certificate, "message": "41" * 33}
                facts["message"] = _message(eve)
                await connection.write(Event("pair-hello", facts))
                await connection.read()
            if isinstance(odd, Event):
                await connection.write(odd)
            elif odd is not None:
                writer.write(odd)
                await writer.drain()
            if odd is not None:
                await connection.read()
    except WireError:
        pass
    finally:
        connection.abort()


def _message(eve: Machine) -> str:
    from spake2 import SPAKE2_A

    return str(SPAKE2_A(b"00000000", eve.key.fingerprint.encode(), b"").start().hex())


async def assert_voided(place: Path, odd: list[Odd], *, hello: bool) -> None:
    """Assert that `TRIES` odd tries void the code, and that each is reported."""
    den, eve, kitchen = (Machine(place, name) for name in ("den", "eve", "kitchen"))
    failures: list[str] = []
    offer = Offer(den.folder, "den", CODE, failures.append)
    async with offer.open(HERE, 0) as port:
        for count in range(1, TRIES + 1):
            await attempt(port, eve, odd[(count - 1) % len(odd)], hello=hello)
            await until(lambda count=count: len(failures) >= count)  # type: ignore[misc]
        with pytest.raises(PairingFailed, match="3 tries have failed"):
            await offer.paired(5)
        with pytest.raises(PairingFailed, match="void"):
            await join.join(kitchen.folder, HERE, port, CODE, "kitchen")
    assert [failure.rpartition("(")[2] for failure in failures] == [
        f"{left} tries left)" for left in (2, 1, 0)
    ]
    assert all(text.isprintable() for text in failures)
    assert den.peers.all() == kitchen.peers.all() == ()


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
async def test_odd_proofs_void_the_code(
    tmp_path: Path, odd: Odd, caplog: pytest.LogCaptureFixture
) -> None:
    await assert_voided(tmp_path, [odd], hello=True)
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "odd",
    [
        Event("pair-hello", {}),
        Event("pair-hello", {"name": "\u202e", "message": "zz", "certificate": "é"}),
        Event("describe"),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["empty", "nonsense", "another event", "not Wyoming"],
)
async def test_odd_hellos_void_the_code(tmp_path: Path, odd: Odd) -> None:
    await assert_voided(tmp_path, [odd], hello=False)


async def test_a_connection_without_a_word_uses_no_try(tmp_path: Path) -> None:
    """The joining side looks whether the port is open before the person types the code."""
    den, eve, kitchen = (Machine(tmp_path, name) for name in ("den", "eve", "kitchen"))
    failures: list[str] = []
    offer = Offer(den.folder, "den", CODE, failures.append)
    async with offer.open(HERE, 0) as port:
        for _ in range(2 * TRIES):
            await join.check_reachable(HERE, port)
            await attempt(port, eve, None, hello=False)
        await join.join(kitchen.folder, HERE, port, CODE, "kitchen")
        assert (await offer.paired(5)).name == "kitchen"
    assert failures == []


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd=st.lists(st.one_of(EVENTS, st.binary(min_size=1, max_size=60)), min_size=3, max_size=3))
def test_any_three_tries_void_the_code(odd: list[Odd]) -> None:
    with tempfile.TemporaryDirectory() as place:
        lines = [item + b"\n" if isinstance(item, bytes) else item for item in odd]
        asyncio.run(assert_voided(Path(place), lines, hello=True))


async def joined_with(odd: list[Odd], place: Path) -> WireError:
    """Return the error of a joining machine whose showing side answers as `odd` says."""
    kitchen, eve = Machine(place, "kitchen"), Machine(place, "eve")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, HERE, exchange.LIMITS)
        try:
            for answer in odd:
                await connection.read()
                if answer is None:
                    break
                if isinstance(answer, Event):
                    await connection.write(answer)
                else:
                    writer.write(answer)
                    await writer.drain()
            await connection.read()
        except WireError:
            pass
        finally:
            connection.abort()
            ended.set()

    ended = asyncio.Event()
    context = server_context(eve.key, exchange.PROTOCOL)
    server = await asyncio.start_server(serve, HERE, 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    try:
        with pytest.raises(WireError) as caught:
            await join.join(kitchen.folder, HERE, port, CODE, "kitchen")
        async with asyncio.timeout(5):
            await ended.wait()
    finally:
        server.close()
    assert kitchen.peers.all() == ()
    return caught.value


HELLO = Event("pair-hello", {"name": "den", "message": "42" * 33})


def valid_hello() -> Event:
    """A hello that follows SPAKE2, of a machine that does not know the code."""
    from spake2 import SPAKE2_B

    message = SPAKE2_B(b"00000000", b"", b"").start().hex()
    return Event("pair-hello", {"name": "den", "message": message})


@pytest.mark.parametrize("odd", [odd for odd in ODD.values() if odd is not None])
async def test_an_odd_answer_is_an_attacker_in_between(tmp_path: Path, odd: Odd) -> None:
    for answers in ([odd], [HELLO, odd], [valid_hello(), odd]):
        error = await joined_with(answers, tmp_path)
        assert isinstance(error, PairingFailed)
        if not (isinstance(odd, Event) and odd.type == "error"):
            assert "attacker in between" in str(error)
        assert str(error).isprintable()


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=EVENTS, second=EVENTS)
def test_any_answer_is_a_failed_pairing(first: Event, second: Event) -> None:
    for answers in ([first, second], [valid_hello(), second]):
        with tempfile.TemporaryDirectory() as place:
            asyncio.run(joined_with(answers, Path(place)))


async def test_an_unexpected_error_uses_up_a_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a library raises: the count does not depend on the type of the error."""
    caplog.set_level(logging.ERROR)

    async def broken(*_: Any) -> Party:
        raise OverflowError("a library gave up")

    monkeypatch.setattr(exchange, "prove", broken)
    await assert_voided(tmp_path, [Event("pair-proof", {"proof": "0"})], hello=True)
