"""Records turns and near misses of a running satellite, if the user has switched that on."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec

from satellite import events
from satellite.audio.ring_buffer import RingBuffer
from satellite.diagnostics.recordings.folder import Kind, Recording, RecordingFolder, name_of
from satellite.errors import AudioFileError
from satellite.events import Event
from satellite.lib.bus import Bus, Subscription
from satellite.lib.containment import Containment
from satellite.lib.worker import Worker
from satellite.settings import Settings
from satellite.values import SPEECH

_LOGGER = logging.getLogger(__name__)

BEFORE = 3.0
"""Seconds to record from before the start of a turn: a wake word takes about one, and is detected
up to one after its end."""

NEAR = 5.0
"""Seconds to record of a near miss: it is detected one after the word, which takes about one."""

EVENTS = 200
"""Events to record of a turn; a turn has some twenty."""

TURNS = 4
"""Turns to follow at the same time: an interrupted one ends after the next has begun."""

WAITING = 8
"""Recordings that wait to be written at most, each of less than a megabyte."""

FAREWELL = 1.0
"""Seconds to write the last recordings at the end; a file takes milliseconds."""

_TEXTS = (events.Transcript, events.Reply)


class Recorder:
    """Remembers the newest sound, and extracts turns and near misses from it."""

    def __init__(self, settings: Settings, add: Callable[[Recording, bytes], None]) -> None:
        """Pass each recording with its sound to `add`, which must return at once."""
        self._settings = settings.recordings
        self._add = add
        seconds = max(NEAR, BEFORE + settings.listen.maximum + settings.listen.nothing_said)
        self._ring = RingBuffer(SPEECH.bytes_of(seconds))
        self._turns: dict[str, _Turn] = {}
        self._enabled = self._settings.turns or self._settings.near_misses

    def hear(self, audio: bytes) -> None:
        """Remember the newest sound, if anything is to be recorded at all."""
        if self._enabled:
            self._ring.append(audio)

    def take(self, event: Event) -> None:
        """Take the next event, and record the turn or near miss that it ends."""
        if isinstance(event, events.NearMiss) and self._settings.near_misses:
            audio = self._ring.since(self._ring.end - SPEECH.bytes_of(NEAR))
            self._record("near_miss", event, audio, word=event.word, score=event.score)
        elif event.turn is not None and self._settings.turns:
            turn = self._turn(event.turn, event)
            turn.note(event)
            if isinstance(event, events.SpeechEnd | events.TurnEnd):
                turn.end_sound(self._ring)
            if isinstance(event, events.TurnEnd):
                del self._turns[event.turn]
                self._record("turn", event, turn.audio or b"", **turn.facts())

    def _turn(self, name: str, event: Event) -> _Turn:
        if name not in self._turns:
            while len(self._turns) >= TURNS:  # their ends were lost
                del self._turns[next(iter(self._turns))]
            self._turns[name] = _Turn(self._ring.end - SPEECH.bytes_of(BEFORE))
        return self._turns[name]

    def _record(self, kind: Kind, event: Event, audio: bytes, **facts: Any) -> None:
        recording = Recording(
            id=name_of(kind, event.time, event.turn or uuid.uuid4().hex[:8]),
            kind=kind,
            time=event.time,
            seconds=round(SPEECH.seconds(audio), 2),
            **facts,
        )
        self._add(recording, audio)


class _Turn:
    """A running turn: its events, and the start of its sound."""

    def __init__(self, begins: int) -> None:
        self._begins = begins
        self._events: list[Event] = []
        self.audio: bytes | None = None

    def note(self, event: Event) -> None:
        partial = isinstance(event, _TEXTS) and not event.final
        if len(self._events) < EVENTS and not partial:
            self._events.append(event)

    def end_sound(self, ring: RingBuffer) -> None:
        """Take the sound until now. Idempotent."""
        if self.audio is None:
            self.audio = ring.since(max(0, self._begins))

    def facts(self) -> dict[str, Any]:
        """Return the facts about the turn so far."""
        facts: dict[str, Any] = {}
        for event in self._events:
            if isinstance(event, events.Wake):
                facts |= {"word": event.word, "score": event.score}
            elif isinstance(event, events.Transcript):
                facts["transcript"] = event.text
            elif isinstance(event, events.Reply):
                facts["reply"] = event.text
            elif isinstance(event, events.TurnEnd):
                facts["outcome"] = event.outcome
        return facts | {"events": tuple(msgspec.to_builtins(event) for event in self._events)}


@asynccontextmanager
async def recorded(settings: Settings, bus: Bus) -> AsyncGenerator[Recorder, None]:
    """Record turns and near misses in this block; a failure to write is logged."""
    folder, chosen = RecordingFolder(settings.recordings), settings.recordings
    if not (chosen.turns or chosen.near_misses):
        yield Recorder(settings, lambda recording, audio: None)
        return
    what = " and ".join(
        text for text, on in (("turns", chosen.turns), ("near misses", chosen.near_misses)) if on
    )
    _LOGGER.info("%s are recorded in %s; see: satellite recordings", what, folder.path)
    worker = Worker("recordings")
    writer = _Writer(folder, worker)
    recorder = Recorder(settings, writer.put)
    try:
        async with asyncio.TaskGroup() as tasks, bus.subscribe("recordings") as changes:
            follow = Containment("the recorder").run(partial(_follow, changes, recorder))
            following = tasks.create_task(follow, name="recordings")
            writing = tasks.create_task(writer.run(), name="recordings to write")
            try:
                yield recorder
            finally:
                changes.end()
                await asyncio.wait([following], timeout=FAREWELL)
                following.cancel()
                writer.end()
                await asyncio.wait([writing], timeout=FAREWELL)
                writing.cancel()
    finally:
        await worker.close()


async def _follow(changes: Subscription, recorder: Recorder) -> None:
    async for event in changes:
        recorder.take(event)


class _Writer:
    """Writes recordings on a thread; a failure is logged once."""

    def __init__(self, folder: RecordingFolder, worker: Worker) -> None:
        self._folder = folder
        self._worker = worker
        self._waiting: asyncio.Queue[tuple[Recording, bytes] | None] = asyncio.Queue(WAITING + 1)
        self._failures = 0

    def put(self, recording: Recording, audio: bytes) -> None:
        """Queue a recording; drop it if too many wait for a slow disk."""
        if self._waiting.qsize() < WAITING:
            self._waiting.put_nowait((recording, audio))
        else:
            self._log("the disk is too slow")

    def end(self) -> None:
        """End `run` after the queued recordings."""
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Write the queued recordings."""
        while (item := await self._waiting.get()) is not None:
            try:
                await self._worker.call(self._folder.add, *item)
                self._failures = 0
            except (OSError, AudioFileError) as error:
                self._log(str(error))
            except Exception:
                _LOGGER.exception("unexpected error while writing a recording")

    def _log(self, problem: str) -> None:
        self._failures += 1
        level = logging.WARNING if self._failures == 1 else logging.DEBUG
        _LOGGER.log(level, "a recording was lost: %s", problem)
