"""Metrics and the log line of requests: each is counted once, by its outcome."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from wyoming.event import Event

from satellite.errors import ConfigError, EngineFailed
from satellite.settings import ServerSettings, Settings
from servers import app
from servers.metrics import Metrics, metrics_server
from servers.pool import LocalPool
from servers.serve import ServeLimits, serving
from tests.servers.serve.golden import utterance
from tests.support.engines import ScriptedAsr, ScriptedTts
from tests.support.peers import client, until

ANY = "tcp://127.0.0.1:0"


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"satellite_{name}", labels)


async def get(port: int, question: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{question} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


async def test_a_request_is_counted_timed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "servers.serve.session")
    metrics, engine = Metrics(), ScriptedAsr(["x|x y"])
    pool = LocalPool(engine, 1, 1)
    observer = metrics.role("asr", pool, 1)
    async with serving("asr", engine, ANY, pool=pool, observer=observer) as uri:
        async with client(uri) as peer:
            await peer.send(Event("transcribe"), *utterance())
            await peer.until("transcript-stop")
            assert value(metrics, "connections", role="asr") == 1
            await until(lambda: value(metrics, "requests_running", role="asr") == 0)
            await until(lambda: caplog.messages)
        await until(lambda: value(metrics, "connections", role="asr") == 0)
    labels = {"role": "asr", "engine": "scriptedasr"}
    assert value(metrics, "requests_total", **labels, outcome="done") == 1
    assert value(metrics, "audio_seconds_total", **labels) == pytest.approx(0.1)
    for name in ("first_result_seconds", "answer_seconds", "request_seconds"):
        assert value(metrics, f"{name}_count", **labels) == 1
    (line,) = caplog.messages
    assert line.startswith("asr request: engine=scriptedasr audio=0.10s first=0.")
    assert line.endswith("s outcome=done")
    assert [word.partition("=")[0] for word in line.split()[2:]] == [
        *("engine", "audio", "first", "after", "whole", "outcome"),
    ]


async def test_failures_and_disconnections_are_counted_separately(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "servers.serve.session")
    metrics = Metrics()
    failing, hanging = ScriptedTts(error=EngineFailed("out of breath")), ScriptedTts(hang=True)
    for engine in (failing, hanging):
        pool = LocalPool(engine, 1, 1)
        observer = metrics.role("tts", pool, 1)
        async with serving("tts", engine, ANY, pool=pool, observer=observer) as uri:
            async with client(uri) as peer:
                await peer.send(Event("synthesize", {"text": "one two"}))
                await peer.until("error" if engine is failing else "audio-chunk")
                if engine is hanging:
                    assert value(metrics, "requests_running", role="tts") == 1
            await until(lambda: value(metrics, "connections", role="tts") == 0)
    labels = {"role": "tts", "engine": "scriptedtts"}
    assert value(metrics, "requests_total", **labels, outcome="failed") == 1
    assert value(metrics, "requests_total", **labels, outcome="cancelled") == 1
    assert value(metrics, "errors_total", role="tts", code="failed") == 1
    assert value(metrics, "errors_total", role="tts", code="cancelled") is None
    assert value(metrics, "characters_total", **labels) == 14
    reported = [line for line in caplog.messages if line.startswith("tts request: ")]
    assert [line.rpartition("=")[2] for line in reported] == ["failed", "cancelled"]


async def test_refused_clients_are_counted_by_reason() -> None:
    metrics, engine = Metrics(), ScriptedTts()
    observer = metrics.role("tts", LocalPool(engine, 1, 1), 1)
    limits = ServeLimits(connections=1)
    async with serving("tts", engine, ANY, limits=limits, observer=observer) as uri:
        async with client(uri) as peer:
            await peer.send(Event("describe"))
            await peer.until("info")
            async with client(uri) as other:
                await other.until("error")
            assert value(metrics, "errors_total", role="tts", code="busy") == 1
            await peer.send(Event("synthesize", {"text": 5}))
            await peer.until("error")
        await until(lambda: value(metrics, "errors_total", role="tts", code="bad-frame") == 1)


async def test_the_share_of_the_workers_counts_waiting_requests_too() -> None:
    """What a cluster adds and removes servers by: 1 where every worker has one request."""
    metrics, engine = Metrics(), ScriptedTts(hang=True)
    pool = LocalPool(engine, 2, 8)
    observer = metrics.role("tts", pool, 2)
    assert value(metrics, "requests_per_worker", role="tts") == 0
    async with serving("tts", engine, ANY, pool=pool, observer=observer) as uri:
        async with AsyncExitStack() as peers:
            for number in range(1, 6):  # the third one and those after it wait
                peer = await peers.enter_async_context(client(uri))
                await peer.send(Event("synthesize", {"text": "one two"}))
                if number <= 2:
                    await peer.until("audio-chunk")
            await until(lambda: value(metrics, "requests_per_worker", role="tts") == 2.5)
            assert value(metrics, "requests_running", role="tts") == 2
        await until(lambda: value(metrics, "requests_per_worker", role="tts") == 0)


async def test_prometheus_can_read_it() -> None:
    metrics = Metrics()
    metrics.loaded("tts", "piper", 1.5)
    async with metrics_server(metrics, "127.0.0.1", 0) as port:
        answer = await get(port, "GET /metrics")
        head, _, body = answer.partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 200 OK\r\nContent-Type: text/plain")
        assert 'satellite_model_load_seconds_count{engine="piper",role="tts"} 1.0' in body
        assert (await get(port, "HEAD /")).endswith("\r\n\r\n")
        assert (await get(port, "GET /secret")).startswith("HTTP/1.1 404")
        assert (await get(port, "POST /metrics")).startswith("HTTP/1.1 404")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 40_000)
        assert await reader.read() == b""
        writer.close()


async def test_metrics_are_served_to_this_machine_only(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    uri = f"unix://{tmp_path}/tts.sock"
    server = ServerSettings(roles=("tts",), uri=uri, metrics=port)
    settings = Settings(zeroconf=False, tts="espeak", server=server)
    task = asyncio.create_task(app.run(settings, lambda event: None))
    try:
        await until(lambda: Path(uri.removeprefix("unix://")).exists() or task.done())
        answer = await get(port, "GET /metrics")
        assert 'satellite_model_load_seconds_count{engine="espeak",role="tts"} 1.0' in answer
        with pytest.raises(ConfigError, match=r"cannot serve metrics.*--metrics"):
            await app.run(settings, lambda event: None)
    finally:
        task.cancel()
        await asyncio.wait([task])
