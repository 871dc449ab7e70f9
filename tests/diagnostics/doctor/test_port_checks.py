"""Ports that are free, ours, or taken by another program."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from satellite.diagnostics.doctor.context import Context
from satellite.diagnostics.doctor.port_checks import is_taken, ports
from satellite.lib.daemon_thread import program
from satellite.lib.finding import Finding
from satellite.net.uri import Tcp, parse
from satellite.settings import HomeAssistantSettings, ServerSettings, Settings
from servers.serve import ServeLimits, serving
from tests.diagnostics.doctor.findings import findings, only
from tests.support.engines import ScriptedAsr, ScriptedTts

LISTENER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


async def found_at(port: int) -> list[Finding]:
    settings = Settings(server=ServerSettings(roles=("asr",), asr_port=port))
    return [
        finding
        for finding in await findings(ports, Context(settings=settings))
        if str(port) in finding.about + finding.found
    ]


@contextmanager
def taken() -> Iterator[tuple[int, int]]:
    """Run a program that listens and never answers; yield its port and its process number."""
    command = [sys.executable, "-c", LISTENER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid


async def test_a_port_taken_by_another_program_is_reported() -> None:
    with taken() as (port, _):
        problem = only("warning", await found_at(port))
    assert problem.found == "taken by a program that is not a Wyoming service"
    assert "server.asr_port" in problem.remedy


async def test_the_command_of_the_remedy_names_the_program_at_a_port() -> None:
    if shutil.which("ss") is None:
        pytest.skip("ss is not installed (apt install iproute2)")
    with taken() as (port, number):
        problem = only("warning", await found_at(port))
        command = f"ss -ltnp 'sport = :{port}'"
        assert command in problem.remedy
        answer = await program(["sh", "-c", command])
    assert answer is not None
    assert f"pid={number}," in answer.output


async def test_a_server_for_paired_satellites_only_is_ok() -> None:
    limits = ServeLimits(paired_only=True)
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0", limits=limits) as uri:
        address = parse(uri)
        assert isinstance(address, Tcp)
        (found,) = await found_at(address.port)
    assert found.state == "note"
    assert "pairing is required (--require-pairing)" in found.found


async def test_a_taken_port_of_the_satellite_is_broken() -> None:
    with taken() as (port, _):
        listen = HomeAssistantSettings(listen=f"tcp://0.0.0.0:{port}")
        found = await findings(ports, Context(settings=Settings(homeassistant=listen)))
    problem = only("broken", found)
    assert f"sport = :{port}" in problem.remedy
    assert "homeassistant.listen" in problem.remedy


async def test_a_free_port_is_ok() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (found,) = await found_at(port)
    assert found.state == "ok"


async def test_our_own_server_is_ok_and_that_of_another_role_is_not() -> None:
    for engine, role, state in ((ScriptedAsr(), "asr", "ok"), (ScriptedTts(), "tts", "warning")):
        async with serving(role, engine, "tcp://127.0.0.1:0") as uri:
            address = parse(uri)
            assert isinstance(address, Tcp)
            (found,) = await found_at(address.port)
        assert found.state == state, found


def test_a_port_of_ipv6_is_taken_while_a_program_listens() -> None:
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert is_taken("::1", port)
        assert is_taken("::", port)
    assert not is_taken("::1", port)


def test_a_port_with_a_connection_that_has_ended_is_free() -> None:
    """The connection stays in TIME_WAIT on the side that closed it first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        server, _ = listener.accept()
        server.close()
        assert client.recv(1) == b""
        client.close()
    assert not is_taken("0.0.0.0", port)
