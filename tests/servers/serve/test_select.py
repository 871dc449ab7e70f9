"""select-program: a client's choice applies to the requests of its connection that name none."""

from __future__ import annotations

from typing import Any

import pytest
from wyoming.event import Event

from satellite.values import EngineInfo, ModelInfo
from servers.serve import serving
from tests.servers.serve.golden import lines, utterance
from tests.support.engines import ScriptedAsr, ScriptedLlm, ScriptedTts, ScriptedWake
from tests.support.peers import client

ANY = "tcp://127.0.0.1:0"


def select(name: str) -> Event:
    return Event("select-program", {"name": name})


def choosable(kind: Any) -> Any:
    class Choosable(kind):  # type: ignore[misc]
        def describe(self) -> EngineInfo:
            return EngineInfo(name="both", models=(ModelInfo(name="one"), ModelInfo(name="two")))

    return Choosable()


REQUESTS: dict[str, tuple[Any, list[Event], str, str]] = {
    "asr": (ScriptedAsr, [Event("transcribe"), *utterance()], "transcript", "model"),
    "llm": (ScriptedLlm, [Event("transcript", {"text": "x"})], "handled-stop", "model"),
    "tts": (ScriptedTts, [Event("synthesize", {"text": "x"})], "audio-stop", "voice"),
    "wake": (ScriptedWake, utterance(), "not-detected", "words"),
}


@pytest.mark.parametrize("role", REQUESTS)
async def test_the_choice_applies_to_its_connection_only(role: str) -> None:
    kind, request, last, field = REQUESTS[role]
    engine = choosable(kind)
    async with serving(role, engine, ANY) as uri:
        for chosen in ("two", "both", None):
            async with client(uri) as peer:
                if chosen:
                    await peer.send(select(chosen))
                await peer.send(*request)
                await peer.until(last)
    asked = [getattr(request, field) for request in engine.requests]
    assert asked == ([("two",), (), ()] if role == "wake" else ["two", None, None])


async def test_a_name_in_the_request_overrides_the_choice() -> None:
    asr, tts = choosable(ScriptedAsr), choosable(ScriptedTts)
    async with serving("asr", asr, ANY) as uri, client(uri) as peer:
        await peer.send(select("two"), Event("transcribe", {"name": "one"}), *utterance())
        await peer.until("transcript")
    async with serving("tts", tts, ANY) as uri, client(uri) as peer:
        await peer.send(select("two"))
        for voice in ({"name": "one"}, {"language": "de"}):
            await peer.send(Event("synthesize", {"text": "x", "voice": voice}))
            await peer.until("audio-stop")
    assert asr.requests[0].model == "one"
    assert [request.voice for request in tts.requests] == ["one", None]


async def test_an_unknown_choice_is_reported_and_changes_nothing() -> None:
    engine = choosable(ScriptedTts)
    async with serving("tts", engine, ANY) as uri, client(uri) as peer:
        await peer.send(select("two"), select("twoo"))
        assert lines(await peer.until("error")) == [
            "error select-program: twoo is unknown (did you mean two?)"
        ]
        await peer.send(Event("synthesize", {"text": "x"}))
        await peer.until("audio-stop")
    assert engine.requests[0].voice == "two"
