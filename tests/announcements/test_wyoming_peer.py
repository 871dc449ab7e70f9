"""Announcements of Wyoming clients; FIELD complaint 48."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from wyoming.event import Event
from wyoming.tts import Synthesize

from satellite import events
from satellite.announcements import remote
from satellite.announcements.announcement import AnnouncementStyle, Outcome
from satellite.announcements.wyoming_peer import outcome_text
from satellite.errors import EngineError, PeerClosed, PeerUnreachable, UsageError
from satellite.net.pairing import Pairing
from satellite.net.remotes.dial import connect
from satellite.settings import AnnounceSettings, Settings
from satellite.values import Action, AudioChunk, AudioFormat
from tests.support.recorded_turn import utterance
from tests.support.scripted_satellite import QUIET, ScriptedSatellite

BELL = AudioChunk(audio=b"\x10\x00" * 1600, format=AudioFormat(16000))


@asynccontextmanager
async def kitchen(settings: Settings = QUIET) -> AsyncIterator[ScriptedSatellite]:
    """Run a satellite that announces."""
    it = ScriptedSatellite(settings)
    announcer, broadcasts = it.speech.announcer, it.speech.broadcasts
    async with it.open(), asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(announcer.run()), tasks.create_task(broadcasts.run())]
        yield it
        for task in running:
            task.cancel()


async def test_a_text_is_announced_with_a_chime_complaint_48_announce_to_a_satellite() -> None:
    async with kitchen() as room:
        await remote.announce_to(
            room.uri, "dinner is ready", AnnouncementStyle(), pairing=Pairing()
        )
        assert [event.text for event in room.of(events.Announce)] == ["dinner is ready"]
        assert [request.text for request in room.tts.requests] == ["dinner is ready"]
        with_chime = len(room.speaker.heard)
        await remote.announce_to(
            room.uri,
            "dinner is ready",
            AnnouncementStyle(chime=False, voice="anna"),
            pairing=Pairing(),
        )
        assert len(room.speaker.heard) - with_chime < with_chime
        assert room.tts.requests[-1].voice == "anna"


async def test_sound_is_announced_unchanged() -> None:
    async with kitchen() as room:
        await remote.announce_to(room.uri, BELL, AnnouncementStyle(chime=False), pairing=Pairing())
        assert room.speaker.heard


async def test_a_plain_wyoming_event_suffices() -> None:
    async with kitchen() as room:
        connection = await connect(room.uri, 5.0, pairing=Pairing())
        await connection.write(Synthesize(text="hello").event())
        answer = await connection.read()
        assert answer is not None
        assert answer.type == "played"
        connection.abort()


async def test_an_announcement_of_a_peer_that_hangs_up_is_still_heard() -> None:
    async with kitchen() as room:
        connection = await connect(room.uri, 5.0, pairing=Pairing())
        await connection.write(Synthesize(text="bye").event())
        await connection.close()
        await room.until(lambda: bool(room.of(events.Announce)))


@pytest.mark.parametrize(
    "event",
    [
        Event("synthesize", {"text": ""}),
        Event("synthesize", {"text": "x" * 5000}),
        Event("synthesize", {"text": 5}),
        Event("synthesize", {"text": "x", "context": {"satellite": {"priority": "now"}}}),
        Event("audio-start", {"rate": 16000, "context": {"satellite": {"chime": 3}}}),
    ],
)
async def test_an_invalid_event_ends_the_connection_silently(
    event: Event, caplog: pytest.LogCaptureFixture
) -> None:
    async with kitchen() as room:
        connection = await connect(room.uri, 5.0, pairing=Pairing())
        await connection.write(event)
        try:
            assert await connection.read() is None
        except PeerClosed:
            pass  # it was dropped
        finally:
            connection.abort()
        assert room.of(events.Announce) == []
    assert "dropped a peer" in caplog.text


async def test_a_peer_that_stops_sending_blocks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satellite.announcements.wyoming_peer.STALL", 0.05)
    async with kitchen() as room:
        connection = await connect(room.uri, 5.0, pairing=Pairing())
        start = {"rate": 16000, "width": 2, "channels": 1}
        await connection.write(Event("audio-start", start))
        await connection.write(Event("audio-chunk", start, bytes(3200)))
        answer = await connection.read()
        assert answer is not None
        assert answer.type in ("played", "error")
        await remote.announce_to(room.uri, "next", AnnouncementStyle(), pairing=Pairing())
        connection.abort()


async def test_an_interrupted_announcement_is_not_reported_as_heard() -> None:
    async with kitchen() as room:
        room.speaker.stuck = True
        async with asyncio.TaskGroup() as tasks:
            telling = tasks.create_task(
                remote.announce_to_all(
                    {"it": room.uri}, "text", AnnouncementStyle(), pairing=Pairing()
                )
            )
            await room.until(lambda: "write" in room.speaker.calls)
            room.output.hush()
            failed = await telling
        assert isinstance(failed["it"], EngineError)
        assert "interrupted" in str(failed["it"])


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("interrupted", "the announcement was interrupted"),
        ("failed", "the announcement failed"),
        ("expired", "the announcement expired"),
    ],
)
def test_the_outcome_is_a_sentence(outcome: Outcome, text: str) -> None:
    assert outcome_text(outcome) == text


async def test_a_broadcast_is_heard_on_the_others() -> None:
    async with kitchen() as den:
        settings = msgspec.structs.replace(QUIET, announce=AnnounceSettings(others=(den.uri,)))
        wish = Action(name="announce.broadcast", data={"text": "dinner is ready"})
        async with kitchen(settings) as room:
            room.llm.replies = [("I'll tell the others.", wish)]
            room.turns.start(utterance())
            await den.until(lambda: bool(den.of(events.Announce)))
            assert den.of(events.Announce)[0].text == "dinner is ready"
            await room.until(lambda: room.activity.idle)
            assert room.of(events.Announce) == []


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        ((), "I found no other satellite to tell."),
        (("tcp://127.0.0.1:9",), "Nobody else could be told."),
    ],
)
async def test_a_broadcast_that_reached_no_satellite_is_reported_aloud(
    whom: tuple[str, ...], said: str
) -> None:
    settings = msgspec.structs.replace(QUIET, announce=AnnounceSettings(others=whom))
    async with kitchen(settings) as room:
        room.context.execute(Action(name="announce.broadcast", data={"text": "dinner"}))
        await room.until(lambda: bool(room.of(events.Announce)))
        assert room.of(events.Announce)[0].text == said


async def test_an_unreachable_or_wrong_target_raises_an_error() -> None:
    with pytest.raises(PeerUnreachable):
        await remote.announce_to(
            "tcp://127.0.0.1:9", "text", AnnouncementStyle(), pairing=Pairing()
        )
    with pytest.raises(UsageError, match="not the address of a satellite"):
        await remote.resolve(["stdio://"], pairing=Pairing())
