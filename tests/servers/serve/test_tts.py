"""Text-to-speech as a service: whole texts, texts still being written, voices."""

from __future__ import annotations

import asyncio

from wyoming.event import Event

from servers.serve import serving
from tests.servers.serve.golden import lines
from tests.support.engines import ScriptedTts
from tests.support.peers import client

ANY = "tcp://127.0.0.1:0"
SPOKEN = ["audio-start", "audio-chunk", "audio-stop"]


async def test_a_whole_text_is_spoken() -> None:
    engine = ScriptedTts(rate=22050)
    async with serving("tts", engine, ANY) as uri, client(uri) as peer:
        voice = {"name": "alba", "speaker": "2", "language": "en"}
        await peer.send(Event("synthesize", {"text": "one two", "voice": voice}))
        events = await peer.until("audio-stop")
    assert lines(events) == SPOKEN
    assert events[0].data == {"rate": 22050, "width": 2, "channels": 1, "timestamp": 0}
    audio = [event for event in events if event.type == "audio-chunk"]
    stamps = [event.data["timestamp"] for event in [*audio, events[-1]]]
    seconds = sum(len(event.payload or b"") for event in audio) / 44100
    assert stamps == sorted(stamps)
    assert abs(stamps[-1] - seconds * 1000) < 2
    (request,) = engine.requests
    assert (request.voice, request.speaker, request.language) == ("alba", "2", "en")


async def test_an_empty_text_gives_a_start_and_a_stop() -> None:
    async with serving("tts", ScriptedTts(), ANY) as uri, client(uri) as peer:
        await peer.send(Event("synthesize", {"text": ""}))
        assert lines(await peer.until("audio-stop")) == ["audio-start", "audio-stop"]


async def test_a_stream_of_home_assistant_is_spoken() -> None:
    """Sentences are spoken as they are complete; the whole text in between is not said again."""
    engine = ScriptedTts()
    text = "It is seven o'clock. The sun is up. Good"
    async with serving("tts", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("synthesize-start", {"voice": {"name": "alba"}}))
        for start in range(0, len(text), 7):
            await peer.send(Event("synthesize-chunk", {"text": text[start : start + 7]}))
        await peer.send(Event("synthesize", {"text": text}), Event("synthesize-stop"))
        assert lines(await peer.until("synthesize-stopped")) == [*SPOKEN, "synthesize-stopped"]
        await peer.send(Event("synthesize", {"text": "again"}))
        assert lines(await peer.until("audio-stop")) == SPOKEN
    assert engine.texts == ["It is seven o'clock.", "The sun is up.", "Good", "again"]
    assert {request.voice for request in engine.requests} == {"alba", None}


async def test_the_first_sentence_is_spoken_while_the_second_is_written() -> None:
    async with serving("tts", ScriptedTts(), ANY) as uri, client(uri) as peer:
        await peer.send(Event("synthesize-start"))
        await peer.send(Event("synthesize-chunk", {"text": "One is said. Two"}))
        assert lines(await peer.until("audio-chunk")) == ["audio-start", "audio-chunk"]
        await peer.send(Event("synthesize-stop"))
        assert lines(await peer.until("synthesize-stopped"))[-1] == "synthesize-stopped"


async def test_an_empty_stream_ends() -> None:
    async with serving("tts", ScriptedTts(), ANY) as uri, client(uri) as peer:
        await peer.send(Event("synthesize-start"), Event("synthesize-stop"))
        events = await peer.until("synthesize-stopped")
    assert lines(events) == ["audio-start", "audio-stop", "synthesize-stopped"]


async def test_texts_sent_ahead_are_spoken_in_their_order() -> None:
    engine = ScriptedTts()
    async with serving("tts", engine, ANY) as uri, client(uri) as peer:
        for text in ("one", "two", "three"):
            await peer.send(Event("synthesize", {"text": text}))
        for _ in range(3):
            assert lines(await peer.until("audio-stop")) == SPOKEN
    assert engine.texts == ["one", "two", "three"]
    assert engine.most == 1


async def test_too_many_requests_ahead_are_refused() -> None:
    gate = asyncio.Event()
    async with serving("tts", ScriptedTts(gate=gate), ANY) as uri, client(uri) as peer:
        for _ in range(30):
            await peer.send(Event("synthesize", {"text": "x"}))
        (error,) = await peer.until("error")
        assert error.data["code"] == "busy"
        gate.set()
        assert (await peer.until("audio-stop"))[-1].type == "audio-stop"


async def test_the_first_clause_is_spoken_while_its_sentence_is_written() -> None:
    engine = ScriptedTts()
    async with serving("tts", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("synthesize-start"))
        await peer.send(Event("synthesize-chunk", {"text": "It is seven o'clock, and "}))
        assert lines(await peer.until("audio-chunk")) == ["audio-start", "audio-chunk"]
        await peer.send(Event("synthesize-chunk", {"text": "it rains. One, two, three, "}))
        await peer.send(Event("synthesize-stop"))
        await peer.until("synthesize-stopped")
    assert engine.texts == ["It is seven o'clock,", "and it rains.", "One, two, three,"]
    assert engine.requests[0].ahead == 0
    assert engine.requests[1].ahead > 0


async def test_marks_and_code_are_not_spoken() -> None:
    engine = ScriptedTts()
    text = "**Yes.** See [this](https://x.example). ```\nx = 1. y = 2.\n``` Done 😀."
    async with serving("tts", engine, ANY) as uri, client(uri) as peer:
        await peer.send(Event("synthesize", {"text": text}))
        await peer.until("audio-stop")
        await peer.send(Event("synthesize-start"))
        for word in text.split(" "):
            await peer.send(Event("synthesize-chunk", {"text": f"{word} "}))
        await peer.send(Event("synthesize-stop"))
        await peer.until("synthesize-stopped")
    assert engine.texts[0] == "Yes. See this.\nDone."
    assert " ".join(engine.texts[1:]).split() == ["Yes.", "See", "this.", "Done."]
