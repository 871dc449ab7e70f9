"""`satellite --server`: serving, refusing, stopping."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from wyoming.event import Event, read_event
from zeroconf.asyncio import AsyncZeroconf

from satellite.errors import ConfigError, PluginUnknown, PortInUse
from satellite.lib import containment
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.net.remotes.describe import describe
from satellite.net.wire import encode
from satellite.settings import ServerSettings, Settings
from satellite.values import SpeechRequest
from servers import app
from servers.engines import ServedEngines
from servers.health import Health
from servers.paired import PairedPort
from tests.support.netns import Namespace, namespaces
from tests.support.peers import until

__all__ = ["namespaces"]


def settings(*roles: str, **server: Any) -> Settings:
    given = {"host": "127.0.0.1", "tts_port": 0, "llm_port": 0, "wake_port": 0, **server}
    return Settings(zeroconf=False, server=ServerSettings(roles=roles, **given))


@asynccontextmanager
async def running(
    chosen: Settings, caplog: pytest.LogCaptureFixture
) -> AsyncGenerator[dict[str, str], None]:
    """The server during this block, and its URIs by role."""
    caplog.set_level("INFO", "servers.app")
    task = asyncio.create_task(app.run(chosen, lambda event: None))
    try:
        await until(lambda: task.done() or len(_uris(caplog)) == len(chosen.server.roles))
        if task.done():
            task.result()
        yield _uris(caplog)
    finally:
        began = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert time.monotonic() - began < 2.0


def _uris(caplog: pytest.LogCaptureFixture) -> dict[str, str]:
    """What the log says is served where: one line for each role."""
    lines = [record.getMessage() for record in caplog.records if record.name == "servers.app"]
    return {line.partition(":")[0]: line.split()[-1] for line in lines if "://" in line}


async def test_each_role_is_served_at_its_logged_address(caplog: pytest.LogCaptureFixture) -> None:
    async with running(settings("llm", "tts", "wake"), caplog) as uris:
        for role, uri in uris.items():
            engine = remote(uri, role, pairing=Pairing())
            await engine.load()
            assert engine.describe().models
            await engine.close()
        async with aclosing(
            remote(uris["tts"], "tts", pairing=Pairing()).synthesize(
                SpeechRequest(text="Good morning.")
            )
        ) as chunks:
            assert sum([len(chunk.audio) async for chunk in chunks]) > 20_000
    for uri in uris.values():
        with socket.socket() as probe:
            host, _, port = uri.removeprefix("tcp://").rpartition(":")
            assert probe.connect_ex((host, int(port))) != 0, "nothing listens any more"


async def test_one_role_is_served_on_a_unix_socket(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    uri = f"unix://{tmp_path / 'tts.sock'}"
    async with running(settings("tts", uri=uri), caplog):
        assert (await describe(uri, pairing=Pairing())).type == "info"
    assert not (tmp_path / "tts.sock").exists()


def test_every_problem_of_the_configuration_is_reported_at_once() -> None:
    chosen = settings("asr", "mic", "tts", "tts", uri="unix:///x")
    chosen = msgspec.structs.replace(chosen, asr="tcp://10.0.0.5:10300")
    with pytest.raises(ConfigError) as caught:
        app.check(chosen)
    reported = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 4
    for part in ("mic cannot be served", "is a server already", "only once", "serves one role"):
        assert part in reported
    with pytest.raises(ConfigError, match="name at least one"):
        app.check(settings())


async def test_a_port_in_use_is_reported_with_its_flag(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(settings("tts"), caplog) as uris:
        port = int(uris["tts"].rpartition(":")[2])
        with pytest.raises(PortInUse, match=rf"tts: port {port} is taken.*--tts-port"):
            await app.run(settings("tts", tts_port=port), lambda event: None)


async def test_an_unknown_engine_ends_the_server_at_once() -> None:
    chosen = msgspec.structs.replace(settings("tts"), tts="espaek")
    with pytest.raises(PluginUnknown, match="did you mean espeak"):
        await app.run(chosen, lambda event: None)


FAILURES = [ValueError("strange"), SystemExit(3), BaseExceptionGroup("several", [OSError(5, "x")])]


@pytest.mark.contained_failures
@pytest.mark.parametrize("error", FAILURES, ids=repr)
async def test_a_failure_of_what_runs_beside_the_services_ends_no_server(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(containment, "PAUSE", 0.01)
    started: Counter[str] = Counter()

    def failing(name: str) -> Any:
        async def fail(*_: Any, **__: Any) -> None:
            started[name] += 1
            raise error

        return fail

    monkeypatch.setattr(app, "announce", failing("advert"))
    monkeypatch.setattr(Health, "watch", failing("health"))
    monkeypatch.setattr(PairedPort, "watch", failing("paired"))
    monkeypatch.setattr(ServedEngines, "watch", failing("engines"))
    chosen = msgspec.structs.replace(settings("tts"), zeroconf=True)
    async with running(chosen, caplog) as uris:
        await until(lambda: len(started) == 4)
        assert (await describe(uris["tts"], pairing=Pairing())).type == "info"


@pytest.mark.contained_failures
async def test_a_library_that_cannot_leave_multicast_dns_ends_no_server_at_its_stop(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[bool] = []

    async def fail(member: AsyncZeroconf) -> None:
        tried.append(True)
        await close(member)
        raise RuntimeError("strange")

    close = AsyncZeroconf.async_close
    monkeypatch.setattr(AsyncZeroconf, "async_close", fail)
    chosen = msgspec.structs.replace(settings("tts"), zeroconf=True)
    async with running(chosen, caplog):
        await until(lambda: "advertised on the LAN" in caplog.text)
    assert tried
    assert "leaving multicast DNS failed unexpectedly" in caplog.text


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "satellite", "--server", *arguments]


def test_a_process_serves_standard_input_and_output() -> None:
    sent = encode(Event("describe")) + encode(Event("synthesize", {"text": "one"}))
    done = subprocess.run(
        command("tts", "--uri", "stdio://"), input=sent, capture_output=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    stream, types = io.BytesIO(done.stdout), []
    while event := read_event(stream):  # type: ignore[arg-type]
        types.append(event.type)
    assert types[:2] == ["info", "audio-start"]
    assert types[-1] == "audio-stop"


SCAN = """
import asyncio, json
from satellite.net.discovery.browser import scan
from satellite.net.pairing import Pairing
found = asyncio.run(scan(2.0, pairing=Pairing()))
print(json.dumps([[s.name, s.uri] for s in found if "tts" in s.roles]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_another_machine_finds_the_server_until_it_stops(
    number: signal.Signals, namespaces: tuple[Namespace, ...]
) -> None:
    """No address is configured on either machine."""
    here, there = namespaces
    scan = [*here.prefix, sys.executable, "-c", SCAN]
    server = subprocess.Popen([*there.prefix, *command("tts")], stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    with server:
        while "advertised" not in (line := server.stderr.readline()):
            assert line, "the server ended"
        (found,) = json.loads(subprocess.check_output(scan, timeout=30))
        assert found[1] == f"tcp://{there.address}:10200"
        assert found[0].endswith(" tts")
        began = time.monotonic()
        server.send_signal(number)
        assert server.wait(5) == 0
        assert time.monotonic() - began < 2.0
    assert json.loads(subprocess.check_output(scan, timeout=30)) == []
