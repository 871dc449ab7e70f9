"""Servers behind names of DNS: found, left and followed as the names change."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satellite.errors import ConfigError
from satellite.net.discovery import dns_message, names
from satellite.net.discovery.browser import Discovery
from satellite.net.discovery.preferences import Preferences
from satellite.net.pairing import Pairing
from servers.serve import serving
from tests.support.engines import ScriptedAsr
from tests.support.name_server import NameServer, name_server

NAME = "_wyoming._tcp.home.example"
PATIENCE = 10.0
"""Seconds in which a change has to be followed; with the real interval, it takes 5 at most."""


@pytest.fixture
async def dns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[NameServer, None]:
    """A name server that this machine is set to."""
    async with name_server() as server:
        (tmp_path / "resolv.conf").write_text("search home\nnameserver 127.0.0.1\n")
        monkeypatch.setattr(names, "_RESOLV", tmp_path / "resolv.conf")
        monkeypatch.setattr(names, "_PORT", server.port)
        monkeypatch.setattr(names, "EVERY", 0.5)
        yield server


async def until(discovery: Discovery, wanted: set[str]) -> None:
    async with asyncio.timeout(PATIENCE):
        while {server.uri for server in discovery.servers("asr")} != wanted:
            await asyncio.sleep(0.05)


async def test_servers_behind_a_name_are_used_left_and_followed(dns: NameServer) -> None:
    async with AsyncExitStack() as stack:
        uris = [
            await stack.enter_async_context(serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0"))
            for _ in range(5)
        ]
        records = {uri: (0, int(uri.rpartition(":")[2]), "127.0.0.1") for uri in uris}
        dns.records[NAME] = [records[uri] for uri in uris[:3]]
        discovery = Discovery(
            pairing=Pairing(), preferences=Preferences(names=(NAME,)), announced=False
        )
        task = asyncio.create_task(discovery.run())
        try:
            await until(discovery, set(uris[:3]))
            dns.records[NAME].append(records[uris[3]])  # added
            await until(discovery, set(uris[:4]))
            del dns.records[NAME][0]  # removed
            await until(discovery, set(uris[1:4]))
            dns.records[NAME][0] = records[uris[4]]  # moved
            await until(discovery, set(uris[2:5]))
            dns.refuses = True  # what is known stays
            asked = dns.asked
            async with asyncio.timeout(PATIENCE):
                while dns.asked < asked + 1:
                    await asyncio.sleep(0.05)
            await asyncio.sleep(0.2)
            assert {server.uri for server in discovery.servers("asr")} == set(uris[2:5])
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_the_lowest_priority_is_used(dns: NameServer) -> None:
    dns.records[NAME] = [(10, 1, "localhost"), (0, 2, "localhost"), (0, 3, "localhost")]
    ports = {uri.rpartition(":")[2] for uri in await names.lookup(NAME)}
    assert ports == {"2", "3"}
    assert await names.lookup("_other._tcp.home.example") == ()
    dns.refuses = True
    with pytest.raises(names.Unresolved, match="refuses the question"):
        await names.lookup(NAME)


async def test_all_servers_are_found_where_they_do_not_fit_into_a_datagram(
    dns: NameServer,
) -> None:
    ports = range(1, 31)
    dns.records[NAME] = [(0, port, "localhost") for port in ports]
    found = {int(uri.rpartition(":")[2]) for uri in await names.lookup(NAME)}
    assert found == set(ports)
    assert (dns.asked, dns.asked_by_tcp) == (1, 1)
    dns.tcp = False  # as behind a firewall: those in the datagram, then
    found = {int(uri.rpartition(":")[2]) for uri in await names.lookup(NAME)}
    assert 5 < len(found) < 30
    dns.records[NAME] = dns.records[NAME][:3]
    await names.lookup(NAME)
    assert dns.asked_by_tcp == 2, "a datagram is enough for three"


async def test_a_name_server_that_is_gone_is_named(
    dns: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_PORT", 9)
    monkeypatch.setattr(names, "ANSWER", 0.2)
    with pytest.raises(names.Unresolved, match="no name server answers"):
        await names.lookup(NAME)


async def test_every_address_of_a_name_is_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    async def addresses(host: str, port: None, **more: object) -> list[tuple[object, ...]]:
        assert host == "asr.home"
        family = socket.AF_INET
        return [(family, 1, 6, "", (f"10.0.0.{n}", 0)) for n in (2, 1, 2)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", addresses)
    assert await names.lookup("tcp://asr.home:10300") == (
        *("tcp://10.0.0.2:10300", "tcp://10.0.0.1:10300"),
    )
    assert "tls://10.0.0.1:10800/asr" in await names.lookup("tls://asr.home:10800/asr")


async def test_a_name_that_fails_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    looked = 0

    async def look(name: str) -> tuple[str, ...]:
        nonlocal looked
        looked += 1
        raise names.Unresolved("no name server answers")

    caplog.set_level(logging.WARNING)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(names, "EVERY", 0.01)
        task = asyncio.create_task(names.follow(NAME, lambda uris: None, look))
        while looked < 3:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
    assert [r.getMessage() for r in caplog.records] == [
        f"servers of {NAME}: no name server answers"
    ]


@pytest.mark.parametrize("wrong", ["home.example", "unix:///x", "_wyoming._udp.home", "tcp://x"])
def test_a_wrong_name_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError):
        names.check(wrong)
    for right in (NAME, "tcp://asr.home:10300", "tls://asr.home:10800"):
        names.check(right)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        bytes(12),
        b"\0\1\x81\x80" + bytes((0, 0, 0, 9)) + bytes(4) + b"\xc0\x0c",  # points at itself
        b"\0\1\x81\x80" + bytes((0, 0, 0, 1)) + bytes(4) + b"\0\0\x21\0\1" + bytes(4) + b"\0\x09",
    ],
)
def test_an_answer_that_breaks_the_format_is_no_crash(wrong: bytes) -> None:
    if wrong == bytes(12):
        assert dns_message.targets(wrong) == ()
    else:
        with pytest.raises(dns_message.BadMessage):
            dns_message.targets(wrong)


@given(st.binary(max_size=80))
def test_any_answer_is_bad_or_has_targets(message: bytes) -> None:
    with suppress(dns_message.BadMessage):
        assert isinstance(dns_message.targets(message), tuple)
