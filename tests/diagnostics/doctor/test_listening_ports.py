"""Ports that are free, ours, or taken by another program."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from satellite.diagnostics.doctor import listening_ports
from satellite.diagnostics.doctor.examination_input import ExaminationInput
from satellite.diagnostics.doctor.finding import Finding
from satellite.net.uri import Tcp, parse
from satellite.settings import HomeAssistantSettings, ServerSettings, Settings
from servers.serve import ServeLimits, serving
from tests.diagnostics.doctor.examined import findings, only
from tests.support.engines import ScriptedAsr, ScriptedTts

LISTENER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
"""


def with_asr_at(port: int) -> Settings:
    server = ServerSettings(roles=("asr",), asr_port=port)
    return Settings(server=server)


async def found_at(port: int) -> list[Finding]:
    return [
        finding
        for finding in await findings(listening_ports.ports, ExaminationInput(with_asr_at(port)))
        if str(port) in finding.about + finding.found
    ]


@contextmanager
def taken() -> Iterator[tuple[int, int]]:
    """A program that listens and says nothing: its port and its number."""
    command = [sys.executable, "-c", LISTENER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), process.pid


async def test_a_port_taken_by_another_program_names_it() -> None:
    with taken() as (port, number):
        problem = only("warning", await found_at(port))
    assert f"(process {number}), which is no Wyoming service" in problem.found
    assert "server.asr_port" in problem.remedy


async def test_a_server_that_lets_nobody_but_paired_satellites_in_is_well() -> None:
    limits = ServeLimits(paired_only=True)
    async with serving("asr", ScriptedAsr(), "tcp://127.0.0.1:0", limits=limits) as uri:
        address = parse(uri)
        assert isinstance(address, Tcp)
        (found,) = await found_at(address.port)
    assert found.state == "note"
    assert "pairing is required (--require-pairing)" in found.found


async def test_the_port_of_the_satellite_that_is_taken_is_broken() -> None:
    with taken() as (port, number):
        listen = HomeAssistantSettings(listen=f"tcp://0.0.0.0:{port}")
        found = await findings(
            listening_ports.ports, ExaminationInput(Settings(homeassistant=listen))
        )
    problem = only("broken", found)
    assert f"(process {number})" in problem.found
    assert "homeassistant.listen" in problem.remedy


async def test_a_free_port_is_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (found,) = await found_at(port)
    assert found.state == "ok"


async def test_our_own_server_is_well_and_one_of_another_role_is_not() -> None:
    for engine, role, state in ((ScriptedAsr(), "asr", "ok"), (ScriptedTts(), "tts", "warning")):
        async with serving(role, engine, "tcp://127.0.0.1:0") as uri:
            address = parse(uri)
            assert isinstance(address, Tcp)
            (found,) = await found_at(address.port)
        assert found.state == state, found


async def test_the_ports_of_ipv6_are_seen() -> None:
    with socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        seen = [i for i in await asyncio.to_thread(_listeners) if i.port == port]
    assert [item.host for item in seen] == ["::1"]


def _listeners() -> list[listening_ports.Listener]:
    return listening_ports.listeners(ExaminationInput(Settings()))


async def test_whose_port_it_is_may_not_be_visible(tmp_path: Path) -> None:
    """As for who is not root: /proc/net can be read, other users' /proc/PID/fd cannot."""
    (tmp_path / "proc/net").mkdir(parents=True)
    with taken() as (port, _):
        (tmp_path / "proc/net/tcp").write_text(Path("/proc/net/tcp").read_text())
        found = await findings(
            listening_ports.ports, ExaminationInput(with_asr_at(port), root=tmp_path)
        )
    problem = only("warning", found)
    assert "a program of another user" in problem.found
    assert os.geteuid() == 0 or "sudo" in problem.remedy
