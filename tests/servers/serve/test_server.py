"""Serving many clients, none of which harms another."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
import stat
from pathlib import Path

import pytest
from wyoming.event import Event

from satellite.errors import ConfigError, PeerClosed, PortInUse
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.net.remotes.dial import connect
from satellite.net.wire import Connection, Limits, encode
from satellite.values import EngineInfo
from servers.serve import ServeLimits, serving
from servers.serve.server import make_service
from tests.servers.serve.golden import chunk, lines, utterance
from tests.support.engines import ScriptedAsr, ScriptedTts
from tests.support.peers import client, until

ANY = "tcp://127.0.0.1:0"


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "0.0.0.0", "*"])
async def test_any_host_and_a_free_port_can_be_used(host: str) -> None:
    async with serving("tts", ScriptedTts(), f"tcp://{host}:0") as uri:
        assert uri.startswith(f"tcp://{host}:")
        there = uri.replace("*", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")
        assert (await describe(there, pairing=Pairing())).data["tts"][0]["name"] == "scriptedtts"


async def test_describe_and_ping_are_answered_during_a_request() -> None:
    gate = asyncio.Event()
    async with serving("asr", ScriptedAsr(["x"], gate=gate), ANY) as uri, client(uri) as peer:
        await peer.send(Event("transcribe"), *utterance(), Event("describe"))
        assert lines(await peer.until("info")) == ["info"]
        await peer.send(Event("ping"), Event("what-is-this", {"x": 1}, b"y"))
        assert (await peer.until("pong"))[0].data["text"] is None
        gate.set()
        assert lines(await peer.until("transcript")) == ["transcript x"]


async def test_others_have_their_turn_after_each_description() -> None:
    turn, turns = 0, list[int]()

    class Noting(ScriptedTts):
        def describe(self) -> EngineInfo:
            turns.append(turn)
            return super().describe()

    async def take_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async with serving("tts", Noting(), ANY) as uri, client(uri) as peer:
        others = asyncio.create_task(take_turns())
        await peer.send(*[Event("describe")] * 40)
        for _ in range(40):
            await peer.until("info")
        others.cancel()
        await asyncio.wait([others])
    assert len(turns) == len(set(turns)) == 40


def test_a_description_is_encoded_again_once_it_has_changed() -> None:
    engine = ScriptedTts()
    service = make_service("tts", engine, ServeLimits(), None)
    first = service.info()
    assert service.info() is first
    engine.streaming = True
    assert service.info() != first


async def test_a_client_may_stay_silent() -> None:
    """Home Assistant keeps connections; only an event that was begun has to be ended."""
    limits = ServeLimits(wire=Limits(frame=0.05))
    async with serving("tts", ScriptedTts(), ANY, limits=limits) as uri, client(uri) as idle:
        half = await connect(uri, 1, pairing=Pairing())
        half._writer.write(b'{"type": "desc')  # noqa: SLF001 - half an event cannot be written
        assert await half.read() is None
        await half.close()
        await idle.send(Event("describe"))
        assert lines(await idle.until("info")) == ["info"]


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b'{"type": "synthesize", "payload_length": 1073741824}\n',
        encode(Event("synthesize", {"text": 5})),
        encode(Event("synthesize", {"text": "x", "voice": "alba"})),
        encode(Event("ping", {"text": []})),
        random.Random(1).randbytes(5000),
    ],
)
async def test_garbage_is_dropped_with_one_line_and_others_are_unharmed(
    junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving("tts", ScriptedTts(), ANY) as uri, client(uri) as good:
        await good.send(Event("synthesize-start"))
        bad = await connect(uri, 1, pairing=Pairing())
        bad._writer.write(junk + b"\n")  # noqa: SLF001
        with caplog.at_level(logging.INFO):
            assert {event.type for event in await _end(bad)} <= {"error"}
        await bad.close()
        await good.send(Event("synthesize-chunk", {"text": "hello"}), Event("synthesize-stop"))
        await good.until("synthesize-stopped")
    assert len([record for record in caplog.records if record.levelno >= logging.INFO]) == 1


async def _end(peer: Connection) -> list[Event]:
    """What is still said until the connection ends, in order or with a reset."""
    events: list[Event] = []
    try:
        while event := await peer.read():
            events.append(event)
    except PeerClosed:  # for what was not read
        pass
    return events


async def test_a_client_receives_the_error_before_it_is_dropped() -> None:
    async with serving("asr", ScriptedAsr(), ANY) as uri, client(uri) as peer:
        await peer.send(chunk(bytes(100), width=5))
        (error,) = await _end(peer.connection)
    assert error.data["code"] == "bad-frame"
    assert "40 bits" in error.data["text"]


async def test_too_many_connections_are_refused_until_others_end() -> None:
    limits = ServeLimits(connections=2)
    async with serving("tts", ScriptedTts(), ANY, limits=limits) as uri:
        async with client(uri) as first, client(uri) as second:
            for peer in (first, second):
                await peer.send(Event("describe"))
                await peer.until("info")
            async with client(uri) as third:
                (error,) = await third.until("error")
                assert error.data["code"] == "busy"
                assert await third.connection.read() is None
        await asyncio.sleep(0.01)
        async with client(uri) as later:
            await later.send(Event("describe"))
            await later.until("info")


@pytest.mark.parametrize("sent", range(5))
async def test_disconnecting_after_any_event_cancels_the_request(sent: int) -> None:
    engine = ScriptedAsr(["x"], gate=asyncio.Event())
    events = [Event("transcribe"), *utterance(chunk(), chunk())]
    async with serving("asr", engine, ANY) as uri:
        async with client(uri) as peer:
            await peer.send(*events[: sent + 1])
            await until(lambda: engine.running)
        await until(lambda: not engine.running)
        assert engine.stopped == 1
        async with client(uri) as peer:
            await peer.send(Event("describe"))
            await peer.until("info")


@pytest.mark.parametrize("count", range(4))
async def test_disconnecting_within_the_answer_cancels_the_request(count: int) -> None:
    engine = ScriptedTts(words=6, hang=True)
    async with serving("tts", engine, ANY) as uri:
        async with client(uri) as peer:
            await peer.send(Event("synthesize", {"text": "a b c d e f g"}))
            for _ in range(count):
                await peer.connection.read()
            await until(lambda: engine.running)
        await until(lambda: not engine.running)


async def test_leaving_the_block_ends_clients_and_requests_at_once() -> None:
    engine = ScriptedTts(gate=asyncio.Event())
    async with serving("tts", engine, ANY) as uri:
        peer = await connect(uri, 1, pairing=Pairing())
        await peer.write(Event("synthesize", {"text": "x"}))
        await until(lambda: engine.running)
    assert not engine.running
    await _end(peer)
    await peer.close()


async def test_a_port_in_use_is_reported() -> None:
    async with serving("tts", ScriptedTts(), ANY) as uri:
        port = uri.rpartition(":")[2]
        with pytest.raises(PortInUse, match=f"port {port} is taken"):
            async with serving("tts", ScriptedTts(), uri):
                pass


async def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on tcp://192\.0\.2\.77:0"):
        async with serving("tts", ScriptedTts(), "tcp://192.0.2.77:0"):
            pass


async def test_a_unix_socket_is_created_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "tts.sock"
    uri = f"unix://{path}"
    async with serving("tts", ScriptedTts(), uri) as bound:
        assert bound == uri
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert (await describe(uri, pairing=Pairing())).type == "info"
        with pytest.raises(PortInUse, match="is taken"):
            async with serving("tts", ScriptedTts(), uri):
                pass
        assert (await describe(uri, pairing=Pairing())).type == "info", (
            "the attempt did not disturb it"
        )
    assert not path.exists()


async def test_a_socket_of_a_crashed_server_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "tts.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    async with serving("tts", ScriptedTts(), f"unix://{path}") as uri:
        assert (await describe(uri, pairing=Pairing())).type == "info"


async def test_a_file_is_not_overwritten_and_a_missing_folder_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("text")
    with pytest.raises(PortInUse, match="is not a socket"):
        async with serving("tts", ScriptedTts(), f"unix://{path}"):
            pass
    assert path.read_text() == "text"
    with pytest.raises(ConfigError, match="No such file"):
        async with serving("tts", ScriptedTts(), f"unix://{path.parent}/none/x.sock"):
            pass


async def test_the_socket_of_another_server_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "tts.sock"
    async with serving("tts", ScriptedTts(), f"unix://{path}"):
        os.unlink(path)
        path.write_text("somebody else's")
    assert path.exists()
