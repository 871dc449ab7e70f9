"""Odd requests at every route of the HTTP API: each is answered, and none by a fault of ours."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import struct
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from satellite.audio.wavfile import wav_bytes
from satellite.http.api.engines import SatelliteEngines
from satellite.http.lazy_routes import make_timer_routes
from satellite.http.route import Route
from satellite.net.memory_budget import MemoryBudget
from satellite.turns.context import Engines
from satellite.values import SPEECH, AudioFormat
from servers.api.pooled_engines import PooledEngines
from servers.api.routes import openai_routes
from servers.pool import LocalPool
from servers.serve.observer import Observer
from tests.support.described_api import DescribedApi, engine_routes, served_routes
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.scripted_satellite import QUIET, ScriptedSatellite

REQUESTS = 120
"""At each of the two APIs."""
ANSWER = 20.0
"""Seconds for an answer."""

VALUES: Sequence[Any] = (
    *(None, True, -1, 0, 1, 24, 2**31, 2**63, -(2**63), 10**400, 1e308, -1e308, 0.1),
    *(
        "",
        "x",
        "x" * 3000,
        "x" * 60_000,
        "\0",
        "\x1b]0;own\x07",
        "\ud800",
        "\u202e",
        "NaN",
        "1e999",
    ),
    *("../../etc/passwd", "1970-01-01", "9999-12-31", "2026-02-30", "en-" * 50, "tcp://[::1"),
    *([], [[]], {}, {"a": {}}, ["x"] * 500, {"a" * 1000: 1}),
)
FIELDS = (
    *("text", "level", "muted", "seconds", "name", "hour", "minute", "date", "days", "id", "model"),
    *("input", "voice", "speed", "response_format", "messages", "stream", "tools", "to", "wav"),
    *("language", "temperature", "max_tokens", "n", "stop", "history", "system", "perform"),
    *("speaker", "format", "rate", "priority", "chime", "wait", "add", "paused", "command"),
)
MESSAGES: Sequence[Any] = (
    *([], [None], [{}], "x", [{"role": "user", "content": "hi"}] * 500),
    [{"role": "tool", "content": "x"}],
    [{"role": "\ud800", "content": "\ud800"}],
    [{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url"}]}],
    [{"role": "assistant", "tool_calls": [{"function": {"name": "\x1b", "arguments": "{"}}]}],
)
RAW = (
    *(b"", b"null", b"[]", b"1", b"{", b"[" * 50_000, b'{"text":' + b"[" * 20_000, b"\xff\xfe"),
    *(b'{"seconds":NaN}', b'{"seconds":1e999}', b'{"level":' + b"9" * 5000 + b"}", b"{}" * 100),
    *(b'{"text":"a","text":"b"}', b"\xef\xbb\xbf{}", gzip.compress(b"{}")),
)
SEGMENTS = (
    "x",
    "..",
    "../../etc/passwd",
    "\0",
    "\x1b[31m",
    "a" * 2000,
    "\ud7ff",
    "*",
    "piper:../x",
)
QUERY = (
    "",
    "-1",
    "0",
    "99999999999999999999",
    "NaN",
    "1e999",
    "\0",
    "a" * 2000,
    "true",
    "\x1b[31m",
)
KINDS = (
    *("application/json", "text/plain", "audio/wav", "audio/pcm", "multipart/form-data"),
    *("multipart/form-data; boundary=b", "application/json; charset=rot13", "x" * 3000),
)


def sounds() -> list[bytes]:
    """Return WAV files of every kind of format, and what is none."""
    good = wav_bytes(SPEECH, bytes(3200))

    def shaped(tag: int, channels: int, rate: int, bits: int, data: bytes) -> bytes:
        frame = max(1, channels * bits // 8) & 0xFFFF
        shape = struct.pack("<HHIIHH", tag, channels, rate, rate * frame & 0xFFFFFFFF, frame, bits)
        body = b"WAVEfmt " + struct.pack("<I", 16) + shape + b"data"
        return b"RIFF" + struct.pack("<I", 36 + len(data)) + body + struct.pack("<I", 0) + data

    numbers = struct.pack("<4f", float("nan"), float("inf"), -3e38, 3e38) * 100
    shapes = [
        *((1, 1, rate, 16, bytes(640)) for rate in (0, 1, 8_000_000, 2**32 - 1)),
        *((1, channels, 16000, 16, bytes(65535 * 2)) for channels in (0, 33, 65535)),
        *((1, 1, 16000, bits, bytes(3201)) for bits in (0, 1, 8, 24, 32, 64)),
        *((tag, 1, 16000, 8, bytes(100)) for tag in (0, 2, 6, 7, 85, 0xFFFE)),
        (3, 1, 16000, 32, numbers),
    ]
    files = [bytes([1]), b"RIFF", b"OggS" + bytes(50), b"ID3" + bytes(50), b"fLaC" + bytes(50)]
    cut = [good[:length] for length in (12, 20, 40, 45)]
    return [good, wav_bytes(AudioFormat(384_000, 2), bytes(4000)), *files, *cut] + [
        shaped(*shape) for shape in shapes
    ]


class OddRequest:
    """A request at random."""

    def __init__(self, chance: random.Random, routes: Sequence[tuple[str, str]]) -> None:
        self.method, path = chance.choice(routes)
        while "{" in path:
            begin, end = path.index("{"), path.index("}")
            path = path[:begin] + quote(chance.choice(SEGMENTS), safe="") + path[end + 1 :]
        if chance.random() < 0.3:
            names = ("days", "count", "rate", "channels", "language", "model", "voice", "chime")
            path += f"?{chance.choice(names)}={quote(chance.choice(QUERY))}"
        self.path = path
        self.headers: dict[str, str] = {}
        self.body = self._body(chance)
        if chance.random() < 0.1:
            self.headers["Content-Encoding"] = chance.choice(("gzip", "deflate", "br", "identity"))
        if chance.random() < 0.1:
            self.headers["Accept"] = "text/event-stream"

    def __str__(self) -> str:
        return f"{self.method} {self.path[:200]} {self.headers} {self.body[:200]!r}"

    def _body(self, chance: random.Random) -> bytes:
        kind = chance.random()
        self.headers["Content-Type"] = chance.choice(KINDS)
        if kind < 0.15:
            return chance.choice(RAW)
        if kind < 0.3:
            return chance.choice(sounds())
        if kind < 0.4 or "transcriptions" in self.path:
            self.headers["Content-Type"] = "multipart/form-data; boundary=b"
            return _form(chance)
        self.headers["Content-Type"] = "application/json"
        fields = {name: chance.choice(VALUES) for name in chance.sample(FIELDS, 4)}
        if "completions" in self.path:
            fields["messages"] = chance.choice(MESSAGES)
        try:
            return json.dumps(fields).encode()
        except ValueError:  # an integer of too many digits
            return b"{}"


def _form(chance: random.Random) -> bytes:
    extra = chance.choice(("", "X: " + "y" * 20_000 + "\r\n", "Content-Length: -1\r\n", "X\r\n"))
    name = chance.choice(("file", "model", "language", "response_format", "stream", "x", ""))
    parts = [
        (f'Content-Disposition: form-data; name="file"; filename="a"\r\n{extra}', sounds()[0]),
        (f'Content-Disposition: form-data; name="{name}"\r\n', chance.choice(RAW)[:5000]),
        ("Content-Disposition: form-data; name=file; filename=b\r\n", chance.choice(sounds())),
    ]
    chance.shuffle(parts)
    body = b"".join(b"--b\r\n" + head.encode() + b"\r\n" + data + b"\r\n" for head, data in parts)
    return (body + b"--b--\r\n")[: chance.choice((len(body) + 10, chance.randrange(len(body))))]


class _Service:
    def __init__(self, role: str, engine: Any) -> None:
        self.role, self.engine, self.observer = role, engine, Observer()
        self.pool = LocalPool(engine, 2, 4)


@asynccontextmanager
async def server_api(satellite: ScriptedSatellite) -> AsyncGenerator[DescribedApi, None]:
    """Serve what a server has: OpenAI's API."""
    made: Mapping[str, Any] = {
        "asr": ScriptedAsr(["turn on"] * 999),
        "llm": ScriptedLlm(),
        "tts": ScriptedTts(rate=22_050),
    }
    engines = PooledEngines({role: _Service(role, made[role]) for role in made}, "en")
    budget = MemoryBudget()

    def make() -> Sequence[Route]:
        return openai_routes(engines, budget)

    async with served_routes(make, engine_routes(engines, budget)) as api:
        yield api


@asynccontextmanager
async def satellite_api(satellite: ScriptedSatellite) -> AsyncGenerator[DescribedApi, None]:
    """Serve what a satellite has: engines and timers."""
    engines = Engines(ScriptedAsr(["turn on"] * 999), ScriptedLlm(), ScriptedTts())
    access = SatelliteEngines(QUIET, engines, satellite.context)

    def timers() -> Sequence[Route]:
        return make_timer_routes(satellite.timers, "en", MemoryBudget())

    async with served_routes(timers, engine_routes(access)) as api:
        yield api


@pytest.mark.parametrize("opened", [server_api, satellite_api])
async def test_no_request_is_a_fault_of_the_program(
    opened: Any, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(14)
    satellite = ScriptedSatellite(QUIET)
    faults: list[str] = []
    async with asyncio.timeout(240), satellite.open(), opened(satellite) as api:
        routes = [
            (method.upper(), path)
            for path, methods in api.description["paths"].items()
            for method in methods
        ]
        for _ in range(REQUESTS):
            odd = OddRequest(chance, routes)
            try:
                async with (
                    asyncio.timeout(ANSWER),
                    api.session.request(
                        odd.method, api.address + odd.path, data=odd.body, headers=odd.headers
                    ) as response,
                ):
                    await response.read()
                    if response.status == 500:
                        faults.append(f"{odd}: {response.status}")
            except (aiohttp.ClientError, TimeoutError) as error:
                faults.append(f"{odd}: {error!r}")
        state = await api.session.get(api.address + "/api/openapi.json")
        assert state.status == 200
    assert not faults
    assert "Traceback" not in caplog.text
