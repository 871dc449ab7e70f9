"""What Home Assistant sends, in its exact order, and what it must receive: `tests/golden`.

Each line of a log is an event that the client `sends` or `receives`, or something it `says` in
audio chunks of so many milliseconds; `*` stands for any value but null. What is received is held to
the log to the last field, and nothing may come that is not in it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from wyoming.event import Event
from wyoming.info import Info, TtsProgram

from satellite.components.auto import BUILT_IN
from satellite.engines import assembly
from satellite.net.pairing import Pairing
from satellite.net.remotes.describe import describe
from satellite.ports import ENGINE_ROLES, EngineContext
from servers.serve import serving
from tests.servers.serve.golden import AUDIO
from tests.support.peers import Client, client
from tests.support.speech import silence, speak

FOLDER = Path(__file__).parents[2] / "golden"
ROLES = {"stt": "asr", "tts": "tts", "wake": "wake", "conversation": "llm"}
LOGS = sorted(path.stem for path in FOLDER.glob("*.jsonl") if path.stem.partition("_")[0] in ROLES)
"""Those of services; the satellite's are replayed beside its other tests."""

Line = dict[str, Any]


@asynccontextmanager
async def served(role: str) -> AsyncGenerator[str, None]:
    """The built-in engine of a role, as a service."""
    engine = await assembly.create(role, BUILT_IN[role], context=EngineContext())
    try:
        await engine.load()
        async with serving(role, engine, "tcp://127.0.0.1:0") as uri:
            yield uri
    finally:
        await engine.close()


def log(name: str) -> list[Line]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]


def spoken(line: Line) -> Iterator[Event]:
    """The audio chunks of a line that says something."""
    audio = speak(line["says"], **({"voice": line["voice"]} if "voice" in line else {}))
    audio = silence(1) + audio + silence(line.get("silence", 1))
    step = line["milliseconds"] * 32
    for start in range(0, len(audio), step):
        at = None if line["timestamps"] is False else line["timestamps"] + start // 32
        yield Event("audio-chunk", {**AUDIO, "timestamp": at}, audio[start : start + step])


def differs(expected: Any, data: Any) -> bool:
    if expected == "*":
        return data is None
    if isinstance(expected, dict) and isinstance(data, dict):
        return expected.keys() != data.keys() or any(
            differs(value, data[key]) for key, value in expected.items()
        )
    return bool(expected != data)


class Replay:
    """A client that follows a log."""

    def __init__(self, peer: Client) -> None:
        self._peer = peer
        self._ahead: Event | None = None

    async def run(self, lines: list[Line]) -> None:
        for line, after in zip(lines, [*lines[1:], {}], strict=True):
            if "sends" in line:
                await self._peer.send(Event(line["sends"], line.get("data", {})))
            elif "says" in line:
                await self._peer.send(*spoken(line))
            else:
                await self._take(line)
                while line.get("times") == "several" and "receives" in after:
                    self._ahead = await self._next()
                    if self._ahead.type != line["receives"]:
                        break
                    await self._take(line)
        await self._peer.send(Event("ping", {"text": None}))
        assert (await self._next()).type == "pong", "more came than is in the log"

    async def _take(self, line: Line) -> None:
        event = await self._next()
        assert event.type == line["receives"], (event, line)
        assert not differs(line["data"], event.data), (event.data, line["data"])

    async def _next(self) -> Event:
        if self._ahead is not None:
            event, self._ahead = self._ahead, None
            return event
        async with asyncio.timeout(10):
            found = await self._peer.connection.read()
        assert found is not None, "hung up"
        return found


@pytest.mark.parametrize("name", LOGS)
async def test_home_assistant_receives_the_expected_events(name: str) -> None:
    async with served(ROLES[name.partition("_")[0]]) as uri, client(uri) as peer:
        await Replay(peer).run(log(name))


@pytest.mark.parametrize("role", ENGINE_ROLES)
async def test_home_assistant_accepts_the_description_of_a_service(role: str) -> None:
    """Something installed, with languages and, for speech, voices that have names."""
    async with served(role) as uri:
        info = Info.from_event(await describe(uri, pairing=Pairing()))
    programs = {"asr": info.asr, "llm": info.handle, "tts": info.tts, "wake": info.wake}
    assert [bool(found) for found in programs.values()] == [name == role for name in programs]
    (program,) = programs.pop(role)
    assert program.installed
    assert program.name
    assert program.attribution.name
    models = program.voices if isinstance(program, TtsProgram) else program.models
    assert models
    for model in models:
        assert model.installed
        assert model.name
        assert all(isinstance(language, str) for language in model.languages)
    assert {"en", "en-us"} & {lang.lower() for model in models for lang in model.languages}
