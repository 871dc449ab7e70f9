"""TLS between paired machines: no other machine is admitted or connected to."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from wyoming.event import Event

from satellite.errors import PeerClosed, PeerUnreachable
from satellite.net.listen import listening
from satellite.net.pairing import Pairing
from satellite.net.pairing.errors import KeyChanged, NotPaired
from satellite.net.pairing.identity import grouped
from satellite.net.pairing.tls import TlsGate, client_context, protocol
from satellite.net.remotes.by_uri import remote
from satellite.net.remotes.describe import describe
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection
from satellite.values import SpeechRequest
from servers.serve import ServeLimits
from servers.serve.server import make_service, serving_paired
from servers.serve.service import Service
from tests.net.pairing.machines import Machine, paired
from tests.support.engines import ScriptedAsr, ScriptedTts

ANY = "tls://127.0.0.1:0"


@asynccontextmanager
async def served(machine: Machine) -> AsyncGenerator[str, None]:
    """Serve two roles of a machine at its port for paired satellites."""
    services: dict[str, Service] = {
        role: make_service(role, engine, ServeLimits(), None)
        for role, engine in (("tts", ScriptedTts()), ("asr", ScriptedAsr(["x"])))
    }
    async with serving_paired(services, ANY, machine.folder) as uri:
        yield uri


async def refused(uri: str, pairing: Pairing) -> str:
    """Return the error of a client whose key is not accepted."""
    with pytest.raises(PeerClosed) as raised:
        await describe(f"{uri}/tts", pairing=pairing)
    return str(raised.value)


async def test_one_port_serves_every_role_to_a_paired_satellite(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    async with served(den) as uri:
        assert (await describe(f"{uri}/asr", pairing=kitchen.pairing())).data["asr"]
        engine = remote(uri, "tts", pairing=kitchen.pairing())
        await engine.load()
        chunks = [c async for c in engine.synthesize(SpeechRequest(text="one two three"))]
        assert chunks
        await engine.close()
        with pytest.raises(PeerUnreachable, match="only tts, asr are served here"):
            await describe(f"{uri}/wake", pairing=kitchen.pairing())


async def test_connections_use_tls_1_3_and_name_the_client(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    seen: list[tuple[str, str | None]] = []

    async def serve(connection: Connection) -> None:
        seen.append((connection.peer, connection.protocol))
        await connection.write(Event("x"))
        await connection.close()

    gate = TlsGate(den.folder, "asr")
    async with listening(ANY, serve, name="tls", secure=gate) as uri:
        connection = await connect(f"{uri}/asr", 5, pairing=kitchen.pairing())
        version = connection._writer.get_extra_info("ssl_object").version()  # noqa: SLF001
        assert (await connection.read(), await connection.read())[1] is None
        await connection.close()
    assert version == "TLSv1.3"
    assert seen[0][0].startswith("kitchen at tls://127.0.0.1:")
    assert seen[0][1] == "satellite-asr"


async def test_a_server_with_a_changed_key_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    den, kitchen = paired(tmp_path)
    before = den.key.fingerprint
    den.renewed()
    async with served(den) as uri:
        with pytest.raises(KeyChanged) as raised:
            await describe(f"{uri}/tts", pairing=kitchen.pairing())
        for text in (
            grouped(before),
            grouped(den.key.fingerprint),
            "satellite pair --forget den",
        ):
            assert text in str(raised.value)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == f"pairing: {raised.value}"


async def test_a_client_with_a_changed_key_is_refused_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    den, kitchen = paired(tmp_path)
    before = kitchen.key.fingerprint
    kitchen.renewed()
    after = kitchen.key.fingerprint
    async with served(den) as uri:
        assert "may not be paired with this machine" in await refused(uri, kitchen.pairing())
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    for text in (
        "kitchen",
        grouped(before),
        grouped(after),
        "--forget kitchen",
    ):
        assert text in record.getMessage()


async def test_unpaired_clients_are_refused_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    den, kitchen = Machine(tmp_path, "den"), Machine(tmp_path, "kitchen")
    den.knows(kitchen, host="192.0.2.1")
    stranger = Machine(tmp_path, "stranger")
    stranger.knows(den)
    async with served(den) as uri:
        for _ in range(3):
            assert "not be paired" in await refused(uri, stranger.pairing())
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert grouped(stranger.key.fingerprint) in lines[0]


async def test_a_forgotten_machine_is_refused_at_the_next_connection(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    async with served(den) as uri:
        await describe(f"{uri}/tts", pairing=kitchen.pairing())
        den.peers.forget("kitchen")
        assert "no longer" in await refused(uri, kitchen.pairing())


async def test_clients_without_a_key_or_tls_are_not_served(tmp_path: Path) -> None:
    den, _ = paired(tmp_path)
    async with served(den) as uri:
        host, port = "127.0.0.1", int(uri.rpartition(":")[2])
        context = client_context(None, protocol("tts"))
        assert await _ask(host, port, context) == b""
        assert await _ask(host, port, None) == b""
        old = client_context(None, protocol("tts"))
        old.minimum_version = ssl.TLSVersion.TLSv1_2
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert await _ask(host, port, old) == b""


async def test_an_unpaired_machine_reports_the_remedy(tmp_path: Path) -> None:
    alone = Machine(tmp_path, "alone")
    alone.key.file.unlink()
    with pytest.raises(NotPaired, match="satellite pair"):
        await connect("tls://127.0.0.1:1/asr", 1, pairing=alone.pairing())


async def test_required_pairing_forbids_plain_connections_to_other_machines(
    tmp_path: Path,
) -> None:
    strict = Machine(tmp_path, "den").pairing(required=True)
    with pytest.raises(NotPaired, match="--require-pairing"):
        await connect("tcp://192.0.2.7:10300", 1, pairing=strict)
    with pytest.raises(PeerUnreachable, match="nothing listens"):
        await connect("tcp://127.0.0.1:1", 1, pairing=strict)


async def _ask(host: str, port: int, context: ssl.SSLContext | None) -> bytes:
    name = "" if context else None
    """Return the answer to a request; empty without a connection."""
    try:
        streams = asyncio.open_connection(host, port, ssl=context, server_hostname=name)
        reader, writer = await streams
    except OSError:
        return b""
    try:
        writer.write(b'{"type": "describe"}\n')
        async with asyncio.timeout(5):
            return await reader.read()
    except OSError:
        return b""
    finally:
        writer.transport.abort()


async def test_large_events_pass_by_tls_to_slow_readers(tmp_path: Path) -> None:
    den, kitchen = paired(tmp_path)
    sound = bytes(range(256)) * 4096

    async def echo(connection: Connection) -> None:
        while event := await connection.read():
            await connection.write(event)
        await connection.close()

    async with listening(ANY, echo, name="tls", secure=TlsGate(den.folder, "asr")) as uri:
        connection = await connect(f"{uri}/asr", 5, pairing=kitchen.pairing())
        for _ in range(3):
            await connection.write(Event("x", {"a": 1}, sound))
        for _ in range(3):
            event = await connection.read()
            assert event is not None
            assert event.payload == sound
            await asyncio.sleep(0.01)
        await connection.close()
