"""Whatever way a text comes in, it reaches the voice as replies do: without its markup."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.info import Attribution, Info, TtsProgram

from satellite.announcements import remote
from satellite.announcements.announcement import AnnouncementStyle
from satellite.cli.say import _announce, _say
from satellite.lib.bus import Bus
from satellite.net.pairing import Pairing
from satellite.settings import Settings
from satellite.text.speakable import speakable
from satellite.values import Action
from servers.serve import serving
from tests.announcements.test_wyoming_peer import kitchen
from tests.http.test_server import served_satellite
from tests.support.engines import ScriptedTts
from tests.support.peers import client, stranger
from tests.support.scripted_satellite import ScriptedSatellite

MARKED = "**Dinner** is `ready` 😀, see [the menu](https://a.example/b): $x = 5$."
CLEAN = "Dinner is ready, see the menu: x = 5."

Door = Callable[[str, Path], Awaitable[Iterable[str]]]
"""Has a text spoken; returns the texts that reached the engine."""

MUSIC = [
    AudioStart(16000, 2, 1).event(),
    AudioChunk(16000, 2, 1, b"\0\1" * 1600).event(),
    AudioStop().event(),
]
PROGRAM = TtsProgram(
    name="plain",
    attribution=Attribution("", ""),
    installed=True,
    description=None,
    version=None,
    voices=[],
)


async def say(text: str, folder: Path) -> Iterable[str]:
    """The command `say`, with a stranger's voice, which reads what it gets."""
    script = {"describe": [Info(tts=[PROGRAM]).event()], "synthesize": MUSIC}
    async with stranger(script) as peer:
        settings = Settings(tts=peer.uri, speaker=f"wav:{folder / 'out.wav'}")
        await _say(settings, Bus(), text, False)
        return [event.data["text"] for event in peer.seen if event.type == "synthesize"]


async def say_elsewhere(text: str, folder: Path) -> Iterable[str]:
    """The command `say --to`."""
    async with kitchen() as room:
        await _announce(Settings(), [room.uri], text, "normal", False)
        return room.tts.texts


async def announce(text: str, folder: Path) -> Iterable[str]:
    """`synthesize` of a Wyoming client to a satellite, as broadcasts are sent."""
    async with kitchen() as room:
        await remote.announce_to(room.uri, text, AnnouncementStyle(), pairing=Pairing())
        return room.tts.texts


async def http(text: str, folder: Path) -> Iterable[str]:
    """`POST /api/announce`."""
    async with served_satellite() as api:
        status, _ = await api.post("/api/announce", json={"text": text, "chime": False})
        assert status == 200
        return api.satellite.tts.texts


async def service(text: str, folder: Path) -> Iterable[str]:
    """`synthesize` of a Wyoming client, such as Home Assistant, to our text-to-speech."""
    engine = ScriptedTts()
    async with serving("tts", engine, "tcp://127.0.0.1:0") as uri, client(uri) as peer:
        await peer.send(Event("synthesize", {"text": text}))
        await peer.until("audio-stop")
    return engine.texts


async def streamed_service(text: str, folder: Path) -> Iterable[str]:
    """A text that comes in pieces to our text-to-speech, cut within its markup."""
    engine = ScriptedTts()
    async with serving("tts", engine, "tcp://127.0.0.1:0") as uri, client(uri) as peer:
        await peer.send(Event("synthesize-start", {}))
        for start in range(0, len(text), 5):
            await peer.send(Event("synthesize-chunk", {"text": text[start : start + 5]}))
        await peer.send(Event("synthesize-stop"))
        await peer.until("synthesize-stopped")
    return [" ".join(engine.texts)]


async def reminder(text: str, folder: Path) -> Iterable[str]:
    """A reminder, whose text a language model wrote."""
    room = ScriptedSatellite()
    room.llm.replies = [(Action(name="timer.start", data={"seconds": 0.0, "text": text}),)]
    async with room.open():
        room.room.ask()
        await room.until(lambda: bool(room.tts.requests))
    return room.tts.texts[:1]


async def reply(text: str, folder: Path) -> Iterable[str]:
    """An answer."""
    room = ScriptedSatellite()
    room.llm.replies = [(text,)]
    async with room.open():
        room.room.ask()
        await room.ended()
    return [" ".join(room.tts.texts)]


@pytest.mark.parametrize(
    "door",
    [say, say_elsewhere, announce, http, service, streamed_service, reminder, reply],
    ids=lambda door: door.__name__,
)
async def test_a_text_is_cleaned_as_replies_are(door: Door, tmp_path: Path) -> None:
    assert speakable(MARKED) == CLEAN
    async with asyncio.timeout(20):
        assert list(await door(MARKED, tmp_path)) == [CLEAN]


async def test_the_name_of_a_timer_is_cleaned() -> None:
    room = ScriptedSatellite()
    async with room.open():
        room.timers.start(-120, "**egg** 🥚")
        await room.until(lambda: bool(room.tts.requests))
        assert room.tts.texts[0] == "The egg timer ended 2 minutes ago."
