"""Remote engines behave like the engine itself, and hang up when a call ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from satellite.errors import ConfigError, EngineClosed, EngineFailed, PeerUnreachable
from satellite.net.pairing import Pairing
from satellite.net.remotes.by_uri import remote
from satellite.values import Message, ReplyRequest, Situation, SpeechRequest, TimerState
from servers.serve import serving
from tests.net.asking import FIRST, SILENCE, ask
from tests.support.engines import ScriptedLlm, ScriptedTts
from tests.support.peers import stranger, until

ANY = "tcp://127.0.0.1:0"


@pytest.mark.parametrize("role", FIRST)
async def test_a_cancelled_call_hangs_up(role: str) -> None:
    """A call that is cancelled at any moment leaves no connection open."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield SILENCE
            await asyncio.sleep(0.001)

    async def call() -> None:
        async with aclosing(
            ask(role, remote(service.uri, role, pairing=Pairing()), endless())
        ) as items:
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


async def test_an_error_of_the_audio_source_is_raised_unchanged() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield SILENCE
        raise ZeroDivisionError

    async with stranger() as service:
        for role in ("asr", "wake"):
            with pytest.raises(ZeroDivisionError):
                await anext(ask(role, remote(service.uri, role, pairing=Pairing()), broken()))


async def test_a_service_of_another_role_is_refused_at_load() -> None:
    async with serving("llm", ScriptedLlm(), ANY) as uri:
        engine = remote(uri, "tts", pairing=Pairing())
        with pytest.raises(EngineFailed, match=f"{uri}: the service has no tts .it has llm"):
            await engine.load()


async def test_errors_of_unreachable_and_closed_engines() -> None:
    with pytest.raises(PeerUnreachable):
        await remote("tcp://127.0.0.1:1", "tts", pairing=Pairing()).load()
    with pytest.raises(ConfigError):
        remote("10.0.0.5:10300", "tts", pairing=Pairing())
    engine = remote("tcp://127.0.0.1:1", "tts", pairing=Pairing())
    assert (engine.label, engine.describe().name) == ("tcp://127.0.0.1:1", "tcp://127.0.0.1:1")
    await engine.close()
    await engine.close()
    with pytest.raises(EngineClosed):
        await anext(ask("tts", engine))


async def test_all_fields_of_a_request_arrive() -> None:
    engine = ScriptedLlm()
    request = ReplyRequest(
        text="x",
        language="de",
        history=(Message(role="user", text="a"), Message(role="assistant", text="b")),
        situation=Situation(
            satellite="den", now="2026-01-02T03:04:05+01:00", area="den", volume=0.5, ringing=True,
            timers=(TimerState(id="1", total=9.0, remaining=1.5, name="egg"),),
            names=("lamp",), areas=("den",), home=True, speaker="Anna",
        ),
        conversation="7",
    )  # fmt: skip
    async with (
        serving("llm", engine, ANY) as uri,
        aclosing(remote(uri, "llm", pairing=Pairing()).reply(request)) as p,
    ):
        assert [part async for part in p] == ["It is ", "seven o'clock."]
    assert engine.requests == [request]


async def test_all_fields_of_a_speech_request_arrive() -> None:
    for request in (
        SpeechRequest(text="x", voice="alba", language="en", speaker="2", ahead=1.5),
        SpeechRequest(text="x", language="de"),
    ):
        engine = ScriptedTts()
        async with (
            serving("tts", engine, ANY) as uri,
            aclosing(remote(uri, "tts", pairing=Pairing()).synthesize(request)) as chunks,
        ):
            assert len([chunk async for chunk in chunks]) == 1
        assert engine.requests == [request]
