"""Engines on replicas: streams both ways, ends of requests, lost replicas, turns of addresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from satellite.errors import (
    AnswerBroken,
    EngineClosed,
    EngineDown,
    EngineFailed,
    EngineTimeout,
    ModelMissing,
)
from satellite.ports import EngineContext
from satellite.values import ReplyRequest, SpeechRequest, TranscribeRequest, Transcript
from servers.caller import CALLER, Caller
from servers.pool import LocalPool
from servers.ray_serve import deployed as module
from servers.ray_serve.engines import RayAsr, RayLlm, RayTts
from tests.support.engines import Scripted, ScriptedAsr, ScriptedLlm, ScriptedTts
from tests.support.peers import until
from tests.support.ray_cluster import Method, ScriptedCluster

PIECES = (b"\1\0" * 160, b"\2\0" * 160, b"\3\0" * 160)


async def sound(
    *pieces: bytes, gate: asyncio.Event | None = None, error: Exception | None = None
) -> AsyncIterator[bytes]:
    for piece in pieces or PIECES:
        yield piece
    if gate is not None:
        await gate.wait()
    if error is not None:
        raise error


async def asr(cluster: ScriptedCluster) -> RayAsr:
    engine = RayAsr("scripted", EngineContext(), cluster)
    await engine.load()
    return engine


async def tts(cluster: ScriptedCluster) -> RayTts:
    engine = RayTts("scripted", EngineContext(), cluster)
    await engine.load()
    return engine


async def transcribe(engine: RayAsr, audio: AsyncIterator[bytes] | None = None) -> list[str]:
    async with aclosing(engine.transcribe(audio or sound(), TranscribeRequest())) as results:
        return [transcript.text async for transcript in results]


async def say(engine: RayTts, text: str = "a b c") -> int:
    async with aclosing(engine.synthesize(SpeechRequest(text))) as chunks:
        return len([chunk async for chunk in chunks])


async def settled(cluster: ScriptedCluster, *engines: Scripted) -> None:
    """Wait until nothing of a request is left. Raises `TimeoutError` otherwise."""

    def nothing() -> bool:
        return not cluster.sounds and not any(engine.running for engine in engines)

    await until(nothing)
    assert all(response.task.done() for response in cluster.handle.responses)


async def test_sound_reaches_the_replica_whole_and_transcripts_come_back() -> None:
    cluster = ScriptedCluster(scripted := ScriptedAsr(["turn|turn on"]))
    engine = await asr(cluster)
    assert await transcribe(engine) == ["turn", "turn on"]
    assert scripted.heard == [b"".join(PIECES)]
    await settled(cluster, scripted)


async def test_results_come_while_sound_is_still_being_sent() -> None:
    gate = asyncio.Event()
    cluster = ScriptedCluster(scripted := ScriptedAsr(["turn|turn on"], early=True))
    engine = await asr(cluster)
    async with aclosing(engine.transcribe(sound(gate=gate), TranscribeRequest())) as results:
        assert await anext(results) == Transcript(text="turn", final=False)
    await settled(cluster, scripted)


async def test_speech_comes_as_it_is_made() -> None:
    cluster = ScriptedCluster(scripted := ScriptedTts(hang=True))
    engine = await tts(cluster)
    async with aclosing(engine.synthesize(SpeechRequest("a b"))) as chunks:
        assert [(await anext(chunks)).format.rate for _ in range(2)] == [16000, 16000]
        assert scripted.running == 1
    await settled(cluster, scripted)
    assert scripted.stopped == 1


async def test_a_reply_comes_in_parts() -> None:
    engine = RayLlm("scripted", EngineContext(), ScriptedCluster(ScriptedLlm([("It ", "is.")])))
    await engine.load()
    async with aclosing(engine.reply(ReplyRequest("what"))) as parts:
        assert [part async for part in parts] == ["It ", "is."]


@pytest.mark.parametrize("moment", ["sending", "working"])
async def test_a_request_that_is_given_up_ends_at_its_replica(moment: str) -> None:
    gate = asyncio.Event()
    cluster = ScriptedCluster(scripted := ScriptedAsr(gate=asyncio.Event()))
    engine = await asr(cluster)
    audio = sound(gate=gate if moment == "sending" else None)
    task = asyncio.create_task(transcribe(engine, audio))
    await until(lambda: scripted.running and (scripted.heard or moment == "sending"))
    task.cancel()
    await asyncio.wait([task])
    await settled(cluster, scripted)
    assert scripted.stopped == 1


async def test_five_hundred_that_are_given_up_leave_nothing() -> None:
    cluster = ScriptedCluster(scripted := ScriptedAsr(hang=True))
    engine = await asr(cluster)
    tasks = [asyncio.create_task(transcribe(engine)) for _ in range(500)]
    for number, task in enumerate(tasks):
        if number % 7 == 0:
            await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait(tasks)
    await settled(cluster, scripted)


async def test_a_request_begins_again_whose_replica_is_lost_before_it_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lost, other = ScriptedAsr(gate=asyncio.Event()), ScriptedAsr(["what time is it"])
    cluster = ScriptedCluster(lost, other)
    engine = await asr(cluster)
    asking = asyncio.create_task(transcribe(engine))
    await until(lambda: lost.heard)
    cluster.handle.lose()
    assert await asking == ["what time is it"]
    assert other.heard == [b"".join(PIECES)]
    assert "asr: a replica was lost, asking another: Died" in caplog.text
    await settled(cluster, lost, other)


async def test_a_partial_transcript_is_no_answer_yet() -> None:
    lost, other = ScriptedAsr(["turn|turn on"], hang=True), ScriptedAsr(["turn|turn on"])
    cluster = ScriptedCluster(lost, other)
    engine = await asr(cluster)
    async with aclosing(engine.transcribe(sound(), TranscribeRequest())) as results:
        assert (await anext(results)).text == "turn"
        cluster.handle.lose()
        assert [transcript.text async for transcript in results] == ["turn", "turn on"]


async def test_an_answer_that_has_begun_fails_when_its_replica_is_lost() -> None:
    cluster = ScriptedCluster(ScriptedTts(hang=True), other := ScriptedTts())
    engine = await tts(cluster)
    async with aclosing(engine.synthesize(SpeechRequest("a b"))) as chunks:
        await anext(chunks)
        cluster.handle.lose()
        with pytest.raises(AnswerBroken, match="a replica of scripted was lost"):
            async for _ in chunks:
                pass
    assert other.requests == []


async def test_a_request_fails_after_three_replicas_that_are_lost() -> None:
    cluster = ScriptedCluster(scripted := ScriptedTts(gate=asyncio.Event()))
    engine = await tts(cluster)
    asking = asyncio.create_task(say(engine))
    for number in range(1, 4):
        await until(lambda number=number: len(scripted.requests) == number)
        cluster.handle.lose()
    with pytest.raises(EngineDown, match="3 replicas of scripted were lost: Died"):
        await asking


async def test_an_error_of_the_engine_keeps_its_class_and_text() -> None:
    engine = await tts(ScriptedCluster(ScriptedTts(error=ModelMissing("there is no voice x"))))
    with pytest.raises(ModelMissing, match=r"^there is no voice x$"):
        await say(engine)


async def test_another_error_is_named_without_a_traceback() -> None:
    engine = await tts(ScriptedCluster(ScriptedTts(error=ValueError("strange"))))
    with pytest.raises(EngineFailed, match=r"^scripted failed: ValueError: strange$"):
        await say(engine)


async def test_an_error_of_the_sound_ends_the_request_and_is_raised() -> None:
    cluster = ScriptedCluster(scripted := ScriptedAsr())
    engine = await asr(cluster)
    with pytest.raises(EngineTimeout, match="too slow"):
        await transcribe(engine, sound(error=EngineTimeout("the client is too slow")))
    await settled(cluster, scripted)


async def test_a_request_begins_again_whose_sound_is_lost() -> None:
    gate = asyncio.Event()
    cluster = ScriptedCluster(scripted := ScriptedAsr())
    engine = await asr(cluster)
    asking = asyncio.create_task(transcribe(engine, sound(gate=gate)))
    await until(lambda: scripted.running)
    await cluster.sounds.drop(next(iter(cluster.sounds._requests)))  # noqa: SLF001 - a restart
    await until(lambda: len(scripted.requests) == 2)
    gate.set()
    assert await asking == ["what time is it"]
    assert scripted.heard == [b"".join(PIECES)]
    await settled(cluster, scripted)


async def test_an_engine_that_cannot_be_loaded_says_why_and_is_removed() -> None:
    class Missing(ScriptedAsr):
        async def load(self) -> None:
            raise ModelMissing("the model tiny is not installed")

    cluster = ScriptedCluster(Missing())
    with pytest.raises(ModelMissing, match="tiny is not installed"):
        await asr(cluster)
    assert len(cluster.removed) == 1


async def test_replicas_that_do_not_answer_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def describe() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(module, "DESCRIBED", 0.01)
    cluster = ScriptedCluster(ScriptedAsr())
    monkeypatch.setattr(cluster.handle, "describe", Method(describe))
    with pytest.raises(EngineDown, match=r"no replica of scripted answers within 0\.01 s"):
        await asr(cluster)
    assert len(cluster.removed) == 1


async def test_closing_ends_requests_and_removes_the_replicas() -> None:
    cluster = ScriptedCluster(scripted := ScriptedTts(gate=asyncio.Event()))
    engine = RayTts("scripted", EngineContext(), cluster)
    with pytest.raises(EngineClosed, match="not loaded"):
        engine.describe()
    await engine.load()
    assert engine.describe().name == "scriptedtts"
    asking = asyncio.create_task(say(engine))
    await until(lambda: scripted.running)
    await engine.close()
    with pytest.raises(EngineClosed):
        await asking
    with pytest.raises(EngineClosed):
        await say(engine)
    assert len(cluster.removed) == 1
    await settled(cluster, scripted)


async def test_every_address_gets_its_turn() -> None:
    scripted = ScriptedTts(gate=(gate := asyncio.Event()))
    pool = LocalPool(await tts(ScriptedCluster(scripted)), workers=2, waiting=16)

    async def ask(address: str, text: str) -> None:
        CALLER.set(Caller(address))
        async with aclosing(pool.submit("synthesize", SpeechRequest(text))) as chunks:
            async for _ in chunks:
                pass

    async with asyncio.TaskGroup() as tasks:
        for number in range(4):
            tasks.create_task(ask("10.0.0.1", f"first {number}"))
            await asyncio.sleep(0)
        await until(lambda: scripted.running == 2)
        tasks.create_task(ask("10.0.0.2", "second"))
        await asyncio.sleep(0)
        gate.set()
    assert scripted.texts == ["first 0", "first 1", "second", "first 2", "first 3"]
