"""Wake words as a service."""

from __future__ import annotations

from wyoming.event import Event

from servers.serve import serving
from tests.servers.serve.golden import chunk, lines, utterance
from tests.support.engines import ScriptedWake
from tests.support.peers import client

ANY = "tcp://127.0.0.1:0"


async def test_a_detection_is_sent_while_the_audio_continues() -> None:
    """As Home Assistant does it: audio with timestamps, until the word was heard."""
    engine = ScriptedWake([4800], word="okay_nabu", score=0.75)
    async with serving("wake", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("detect", {"names": ["okay_nabu"]}))
        chunks = [chunk(timestamp=5000 + 100 * number) for number in range(5)]
        await peer.send(*utterance(*chunks)[:-1])
        (event,) = await peer.until("detection")
    assert event.data["name"] == "okay_nabu"
    assert event.data["timestamp"] == 5300, "on the client's own clock"
    assert (event.data["sample"], event.data["score"]) == (4800, 0.75)
    assert engine.requests[0].words == ("okay_nabu",)


async def test_a_stream_without_detection_ends_with_not_detected() -> None:
    async with serving("wake", ScriptedWake([99999]), ANY) as uri, client(uri) as peer:
        await peer.send(Event("detect"), *utterance(chunk(), chunk()))
        assert lines(await peer.until("not-detected")) == ["not-detected"]


async def test_several_detections_are_sent_before_the_end() -> None:
    engine = ScriptedWake([100, 2000], word="w")
    async with serving("wake", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("detect"), *utterance(chunk(), chunk()))
        events = await peer.until("detect-stopped")
    assert lines(events) == ["detection w", "detection w", "detect-stopped"]


async def test_a_second_detect_restarts_detection_without_another_start() -> None:
    """An older satellite sends `audio-start` once and `detect` after each turn."""
    engine = ScriptedWake([1600], word="w")
    async with serving("wake", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("detect"), *utterance()[:-1])
        await peer.until("detection")
        await peer.send(Event("detect"), chunk())
        assert lines(await peer.until("detection")) == ["detection w"]
    assert engine.stopped >= 1
