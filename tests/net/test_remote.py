"""Remote engines: as good as the engine itself, and understanding strangers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import pytest
from wyoming.event import Event

from satellite.errors import (
    BadFrame,
    ConfigError,
    EngineBusy,
    EngineClosed,
    EngineFailed,
    PeerClosed,
    PeerUnreachable,
)
from satellite.net.remote import remote
from satellite.values import (
    Action,
    Declined,
    DetectRequest,
    Message,
    ReplyRequest,
    Situation,
    SpeechRequest,
    TimerState,
    TranscribeRequest,
)
from servers.serve import serving
from tests.support.engines import ScriptedLlm
from tests.support.peers import stranger, until

ANY = "tcp://127.0.0.1:0"
AUDIO = {"rate": 22050, "width": 2, "channels": 1}
SILENCE = bytes(3200)


async def sound(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks or (SILENCE,):
        yield chunk


def ask(
    role: str, engine: Any, audio: AsyncIterator[bytes] | None = None
) -> AsyncGenerator[Any, None]:
    """An ordinary request of a role."""
    calls: dict[str, Any] = {
        "asr": lambda: engine.transcribe(audio or sound(), TranscribeRequest(language="en")),
        "llm": lambda: engine.reply(ReplyRequest(text="hello", conversation="7")),
        "tts": lambda: engine.synthesize(SpeechRequest(text="hello")),
        "wake": lambda: engine.detect(audio or sound(), DetectRequest(words=("w",))),
    }
    generator: AsyncGenerator[Any, None] = calls[role]()
    return generator


async def answers(role: str, script: dict[str, Sequence[Event | None]]) -> list[Any]:
    async with stranger(script) as service, aclosing(ask(role, remote(service.uri, role))) as items:
        return [item async for item in items]


HELLO = Event("transcript", {"text": "hello"})
ASR: list[tuple[dict[str, Sequence[Event | None]], list[tuple[str, bool]]]] = [
    ({"audio-stop": [HELLO]}, [("hello", True)]),
    ({"audio-start": [HELLO, None]}, [("hello", True)]),
    (
        {
            "audio-chunk": [
                Event("transcript-start"),
                Event("transcript-chunk", {"text": "hel"}),
                Event("transcript-chunk", {"text": "lo"}),
            ],
            "audio-stop": [Event("news"), HELLO, Event("transcript-stop")],
        },
        [("hel", False), ("hello", False), ("hello", True)],
    ),
]


@pytest.mark.parametrize(("script", "expected"), ASR)
async def test_transcripts_of_strangers(script: Any, expected: list[tuple[str, bool]]) -> None:
    """Only at the end, before the end of the audio (and hung up), in pieces."""
    assert [(item.text, item.final) for item in await answers("asr", script)] == expected


LLM: list[tuple[list[Event], list[Any]]] = [
    ([Event("handled", {"text": "Yes."})], ["Yes."]),
    ([Event("handled")], []),
    ([Event("not-handled", {"text": "Pardon?"})], [Declined(text="Pardon?")]),
    ([Event("not-recognized")], [Declined(text="")]),
    (
        [Event("handled-start"), Event("handled-chunk", {"text": "A "}),
         Event("handled-chunk", {"text": "b."}), Event("handled-stop")],
        ["A ", "b."],
    ),
    (
        [Event("handled-chunk", {"text": "A"}), Event("handled", {"text": "A"})],
        ["A"],
    ),
    (
        [Event("intent", {"name": "On", "entities": [{"name": "x", "value": 1}], "text": "Done"})],
        [Action(name="On", data={"x": 1}), "Done"],
    ),
    (
        [Event("intents-start"), Event("intent", {"name": "A"}), Event("intent", {"name": "B"}),
         Event("intents-stop")],
        [Action(name="A"), Action(name="B")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "expected"), LLM)
async def test_replies_of_strangers(reply: list[Event], expected: list[Any]) -> None:
    assert await answers("llm", {"transcript": reply}) == expected


async def test_speech_of_strangers() -> None:
    speech = [
        Event("audio-start", dict(AUDIO)),
        Event("audio-chunk", dict(AUDIO), b"abcd"),
        Event("audio-chunk", dict(AUDIO)),
        Event("audio-stop"),
    ]
    (chunk,) = await answers("tts", {"synthesize": speech})
    assert (chunk.audio, chunk.format.rate) == (b"abcd", 22050)
    assert await answers("tts", {"synthesize": [Event("synthesize-stopped")]}) == []
    narrow = Event("audio-chunk", {**AUDIO, "width": 1}, b"a")
    with pytest.raises(EngineFailed, match="8 bits"):
        await answers("tts", {"synthesize": [narrow]})


async def test_wake_words_of_strangers() -> None:
    """A timestamp becomes a sample; no timestamp means now."""
    timed = Event("detection", {"name": "w", "timestamp": 50})
    (found,) = await answers(
        "wake", {"audio-chunk": [timed], "audio-stop": [Event("not-detected")]}
    )
    assert (found.word, found.sample) == ("w", 800)
    bare = Event("detection", {"name": None})
    (found,) = await answers("wake", {"audio-stop": [bare, Event("not-detected")]})
    assert (found.word, found.sample) == ("", 1600)


async def test_a_stranger_that_says_nothing_at_the_end_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("satellite.net.remotes.wake._TAIL", 0.01)
    monkeypatch.setattr("satellite.net.remotes.wake._SILENT", 0.01)
    assert await answers("wake", {}) == []
    heard = Event("detection", {"name": "w"})
    assert len(await answers("wake", {"audio-start": [heard]})) == 1


FIRST = {"asr": "transcribe", "llm": "transcript", "tts": "synthesize", "wake": "detect"}
FAILURES = [
    ([Event("error", {"text": "full", "code": "busy"})], EngineBusy),
    ([Event("error", {"text": "own", "code": "own"})], EngineFailed),
    ([None], PeerClosed),
    ([Event("error")], EngineFailed),
]


@pytest.mark.parametrize("role", FIRST)
@pytest.mark.parametrize(("script", "error"), FAILURES)
async def test_failures_of_strangers(
    role: str, script: list[Event | None], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await answers(role, {FIRST[role]: script})


@pytest.mark.parametrize(("role", "event"), [("asr", "transcript"), ("llm", "handled-chunk")])
async def test_malformed_answers_are_refused(role: str, event: str) -> None:
    with pytest.raises(BadFrame, match="text"):
        await answers(role, {FIRST[role]: [Event(event, {"text": 5})]})


@pytest.mark.parametrize("role", FIRST)
async def test_who_stops_asking_hangs_up(role: str) -> None:
    """Cancelled at any moment, a call leaves no connection behind."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield SILENCE
            await asyncio.sleep(0.001)

    async def call() -> None:
        async with aclosing(ask(role, remote(service.uri, role), endless())) as items:
            async for _ in items:
                pass

    async with stranger() as service:
        for turn in range(6):
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(call())
                for _ in range(turn * 3):
                    await asyncio.sleep(0)
                task.cancel()
        sofar = len(service.seen)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(call())
            await until(lambda: len(service.seen) > sofar)
            before = service.hangups
            task.cancel()
        await until(lambda: service.hangups > before)


async def test_an_error_of_the_audio_itself_is_raised_as_it_is() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield SILENCE
        raise ZeroDivisionError

    async with stranger() as service:
        for role in ("asr", "wake"):
            with pytest.raises(ZeroDivisionError):
                await anext(ask(role, remote(service.uri, role), broken()))


async def test_a_service_of_another_role_is_refused_at_load() -> None:
    async with serving("llm", ScriptedLlm(), ANY) as uri:
        engine = remote(uri, "tts")
        with pytest.raises(EngineFailed, match=f"{uri}: it serves no tts .it serves llm"):
            await engine.load()


async def test_what_cannot_be_reached_or_is_closed() -> None:
    with pytest.raises(PeerUnreachable):
        await remote("tcp://127.0.0.1:1", "tts").load()
    with pytest.raises(ConfigError):
        remote("10.0.0.5:10300", "tts")
    engine = remote("tcp://127.0.0.1:1", "tts")
    assert (engine.label, engine.describe().name) == ("tcp://127.0.0.1:1", "tcp://127.0.0.1:1")
    await engine.close()
    await engine.close()
    with pytest.raises(EngineClosed):
        await anext(ask("tts", engine))


async def test_everything_of_a_request_arrives() -> None:
    engine = ScriptedLlm()
    request = ReplyRequest(
        text="x",
        language="de",
        history=(Message(role="user", text="a"), Message(role="assistant", text="b")),
        situation=Situation(
            satellite="den", now="2026-01-02T03:04:05+01:00", area="den", volume=0.5, ringing=True,
            timers=(TimerState(id="1", total=9.0, remaining=1.5, name="egg"),),
            names=("lamp",), areas=("den",), home=True,
        ),
        conversation="7",
    )  # fmt: skip
    async with serving("llm", engine, ANY) as uri, aclosing(remote(uri, "llm").reply(request)) as p:
        assert [part async for part in p] == ["It is ", "seven o'clock."]
    assert engine.requests == [request]
