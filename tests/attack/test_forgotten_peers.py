"""A machine that is forgotten loses its open connections, too, in both directions."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from wyoming.event import Event

from satellite.errors import WireError
from satellite.net.listen import listening
from satellite.net.pairing.identity import ensure_identity
from satellite.net.pairing.tls import TlsGate
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection
from tests.net.pairing.machines import Machine, paired

BOUND = 3.0
"""Seconds within which an open connection of a forgotten machine has to end."""
ANY = "tls://127.0.0.1:0"


async def forget_by_command(machine: Machine, name: str) -> None:
    """Run `satellite pair --forget` on a machine, in another process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "satellite", "pair", "--forget", name),
        *("--set", f"pairing.folder={machine.place}"),
        env={**os.environ, "HOME": str(machine.place)},
        stdout=-1,
    )
    await process.communicate()
    assert process.returncode == 0


@asynccontextmanager
async def echoing(machine: Machine) -> AsyncGenerator[str, None]:
    """Serve a machine's paired peers: every event is answered by itself."""

    async def serve(connection: Connection) -> None:
        try:
            while event := await connection.read():
                await connection.write(event)
        finally:
            await connection.close()

    async with listening(ANY, serve, name="echo", secure=TlsGate(machine.folder, "asr")) as uri:
        yield f"{uri}/asr"


async def answered(connection: Connection) -> bool:
    """Return whether the other side still answers."""
    try:
        await connection.write(Event("ping"))
        async with asyncio.timeout(5):
            return await connection.read() is not None
    except WireError:
        return False


async def silent_end(connection: Connection) -> None:
    """Wait until a connection ends on which its peer sends nothing."""
    try:
        async with asyncio.timeout(BOUND):
            assert await connection.read() is None
    except WireError:
        pass


async def ended(connection: Connection) -> None:
    """Wait until a connection on which a peer keeps asking has ended."""
    async with asyncio.timeout(BOUND):
        while await answered(connection):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("side", ["server", "client"])
async def test_forgetting_by_a_command_ends_open_connections(
    tmp_path: Path, side: str, caplog: pytest.LogCaptureFixture
) -> None:
    den, kitchen = paired(tmp_path)
    garage = Machine(tmp_path, "garage")
    garage.knows(den)
    den.knows(garage)
    async with echoing(den) as uri:
        busy, quiet = [await connect(uri, 5, pairing=kitchen.pairing()) for _ in range(2)]
        other = await connect(uri, 5, pairing=garage.pairing())
        for connection in (busy, quiet, other):
            assert await answered(connection)
        forgetting, name = (den, "kitchen") if side == "server" else (kitchen, "den")
        await forget_by_command(forgetting, name)
        await asyncio.gather(ended(busy), silent_end(quiet))
        assert await answered(other)
        for connection in (busy, quiet, other):
            connection.abort()
    assert f"{name} is no longer paired" in caplog.text
    assert "Traceback" not in caplog.text


def _replace_peer_key(den: Machine, kitchen: Machine) -> None:
    """The satellite was reinstalled: it is forgotten, and paired again with its new key."""
    den.peers.forget("kitchen")
    kitchen.renewed()
    den.knows(kitchen)


def _replace_own_key(den: Machine, kitchen: Machine) -> None:
    den.renewed()


def _damage(den: Machine, kitchen: Machine) -> None:
    (den.folder.path / "paired.json").write_text("[{")


def _lay_open(den: Machine, kitchen: Machine) -> None:
    """Other users can now change the list of paired machines."""
    (den.folder.path / "paired.json").chmod(0o666)
    (den.folder.path / "paired.json").touch()


@pytest.mark.parametrize("change", [_replace_peer_key, _replace_own_key, _damage, _lay_open])
async def test_a_replaced_or_unusable_key_ends_open_connections(
    tmp_path: Path, change: Callable[[Machine, Machine], None]
) -> None:
    den, kitchen = paired(tmp_path)
    async with echoing(den) as uri:
        connection = await connect(uri, 5, pairing=kitchen.pairing())
        assert await answered(connection)
        change(den, kitchen)
        await ended(connection)
        connection.abort()


async def test_pairing_or_forgetting_others_ends_no_connection(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    garage = Machine(tmp_path, "garage")
    async with echoing(den) as uri:
        connection = await connect(uri, 5, pairing=kitchen.pairing())
        den.knows(garage)
        ensure_identity(den.folder, "den")
        await asyncio.sleep(1.2)
        den.peers.forget("garage")
        await asyncio.sleep(1.2)
        assert await answered(connection)
        connection.abort()
